import { z } from 'zod';

const url = z.url({ protocol: /^https?$/ });
const port = z.coerce.number().int().min(0).max(65535);
const milliseconds = z.coerce.number().int().min(1);
const atomic = z.coerce
  .bigint()
  .min(1n)
  .max(2n ** 64n - 1n);
const lamports = z.coerce.bigint().min(0n);
const urls = z
  .string()
  .transform(text => text.split(',').map(one => one.trim()))
  .pipe(z.array(url).min(1));
/** 32 secret bytes, as base64. */
const secret32 = z.base64().refine(text => Buffer.from(text, 'base64').length === 32, 'must be 32 bytes in base64');

/** Every setting of every process. Names are the environment's; nothing else in Ebb reads the environment. */
export const Settings = z.object({
  EBB_ENV: z.enum(['development', 'production']).default('development'),
  EBB_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),

  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  EBB_DATABASE_POOL: z.coerce.number().int().min(1).max(200).default(16),

  TEMPORAL_ADDRESS: z.string().optional(),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_API_KEY: z.string().optional(),
  TEMPORAL_TLS: z.stringbool().default(false),
  /** Where people look at workflows; the API's `workflow.url` is made from it. */
  TEMPORAL_UI_URL: url.optional(),
  EBB_TEMPORAL_CLI: z.string().optional(),

  SOLANA_DEVNET_RPC_URL: urls.optional(),
  SOLANA_MAINNET_RPC_URL: urls.optional(),
  /** Overrides the expected genesis hash; devnet only, for a private validator. */
  SOLANA_DEVNET_GENESIS_HASH: z.string().optional(),

  EBB_FACILITATOR_DEVNET_URL: url.optional(),
  EBB_FACILITATOR_MAINNET_URL: url.optional(),
  /** Shared by API, worker and facilitator: /settle is not open to strangers. */
  EBB_FACILITATOR_TOKEN: z.string().min(16).optional(),
  EBB_FACILITATOR_HOST: z.string().default('127.0.0.1'),
  EBB_FACILITATOR_PORT: port.default(8402),

  EBB_API_HOST: z.string().default('127.0.0.1'),
  EBB_API_PORT: port.default(8400),
  /** The origin buyers see; share URLs and problem types begin with it. */
  EBB_PUBLIC_URL: url.optional(),

  /** What one key may ask of one API process in a window; API processes do not know of each other's counts. */
  EBB_RATE_WINDOW_S: z.coerce.number().int().min(1).max(3_600).default(10),
  EBB_RATE_READS: z.coerce.number().int().min(1).default(40_000),
  EBB_RATE_WRITES: z.coerce.number().int().min(1).default(20_000),

  /** Encrypts treasury keys and, through HKDF, yields every other server key. */
  EBB_MASTER_KEY: secret32.optional(),
  /** Co-signs buyers' payments and pays their network fee (facilitator only). 64 bytes, base64. */
  EBB_SPONSOR_KEY: z.base64().optional(),
  /** What the sponsor spends at most in network fees, in lamports: for one payer, and on behalf of one account. A payment costs about 10,000. */
  EBB_SPONSOR_PAYER_HOUR_LAMPORTS: lamports.default(20_000_000n),
  EBB_SPONSOR_PAYER_DAY_LAMPORTS: lamports.default(100_000_000n),
  EBB_SPONSOR_ACCOUNT_HOUR_LAMPORTS: lamports.default(200_000_000n),
  EBB_SPONSOR_ACCOUNT_DAY_LAMPORTS: lamports.default(1_000_000_000n),
  /** Pays the network fee of refunds and opens treasuries' token accounts. Never the sponsor's key. 64 bytes, base64. */
  EBB_FEE_PAYER_KEY: z.base64().optional(),
  /** What the fee payer signs for at most on behalf of one account, in lamports; a refund costs about 10,000, a treasury 6 million. */
  EBB_FEE_PAYER_ACCOUNT_HOUR_LAMPORTS: lamports.default(500_000_000n),
  EBB_FEE_PAYER_ACCOUNT_DAY_LAMPORTS: lamports.default(2_000_000_000n),
  /** The most our signers move in one transfer, in atoms: a refund above it is split into legs. Left out: no limit. */
  EBB_MAX_LEG_DEVNET_ATOMIC: atomic.optional(),
  EBB_MAX_LEG_MAINNET_ATOMIC: atomic.optional(),

  /** Pace: how long one activity works before it hands back to its workflow, how often it asks the chain, sends again. */
  EBB_PACE_ACTIVITY_MS: milliseconds.default(20_000),
  EBB_PACE_POLL_MS: milliseconds.default(400),
  EBB_PACE_RESEND_MS: milliseconds.default(2_000),
  /** First and longest wait of a workflow between two tries. */
  EBB_PACE_BACKOFF_MS: milliseconds.default(1_000),
  EBB_PACE_BACKOFF_MAX_MS: milliseconds.default(60_000),
  /** How often Schedules look; a Schedule knows nothing shorter than a second. */
  EBB_PACE_FINALITY_MS: milliseconds.min(1_000).default(10_000),
  EBB_PACE_OVERDUE_MS: milliseconds.min(1_000).default(60_000),
  EBB_PACE_SCAN_MS: milliseconds.min(1_000).default(15_000),
  EBB_PACE_STICKY_MS: milliseconds.default(1_000),
  EBB_PACE_HEARTBEAT_MS: milliseconds.default(5_000),
  EBB_PACE_RELAY_MS: milliseconds.default(2_000),
  EBB_PACE_SETTLE_START_MS: milliseconds.default(3_000),
  /** How long a buyer's request waits for its settlement before it is told 202. */
  EBB_PACE_BUYER_WAIT_MS: milliseconds.default(25_000),

  /** Tests only: `STEP:before`, `STEP:after` or `STEP:stall`, see libs/steps; the file collects the steps reached. */
  EBB_STEP_FAULT: z.string().optional(),
  EBB_STEP_FILE: z.string().optional(),
});

export type Config = z.infer<typeof Settings>;

/** Reads and checks the environment once, at a process's start. Throws one error that names every setting at fault. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const read = Settings.safeParse(env);
  if (read.success) return read.data;
  const faults = read.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`settings are not usable: ${faults.join('; ')}`);
}

/** A setting that this process cannot do without. */
export function need<K extends keyof Config>(config: Config, name: K): NonNullable<Config[K]> {
  const value = config[name];
  if (value === undefined || value === null) throw new Error(`setting ${name} is missing`);
  return value;
}
