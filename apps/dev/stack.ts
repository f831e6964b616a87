import { rmSync } from 'node:fs';
import { givenSettings } from '#libs/config/given';
import { appChild, appPlan } from './app.ts';
import { fundFeePayers } from './funds.ts';
import { Keeper } from './kept.ts';
import { type Layout, layOut, type Ports, portsFor } from './layout.ts';
import { lastLines, Part, type PartPlan } from './part.ts';
import { type Ground, localnetPlan, postgresPlan, temporalPlan } from './plans.ts';
import { freePort } from './ports.ts';
import { keptSecrets, type Secrets } from './secrets.ts';
import { settingsFor, stackSettings } from './settings.ts';
import { kindOf, PART_KINDS, type PartKind, type PartName, type StackOptions } from './stack-options.ts';

/** What must be usable before a part of each kind is started. */
const NEEDS: Record<PartKind | 'migrate' | 'funds', readonly (PartKind | 'migrate' | 'funds')[]> = {
  postgres: [],
  temporal: [],
  localnet: [],
  migrate: ['postgres'],
  funds: ['localnet'],
  facilitator: ['migrate', 'funds'],
  api: ['migrate', 'temporal', 'localnet'],
  relay: ['migrate', 'temporal'],
  worker: ['migrate', 'temporal', 'localnet'],
};

/** What somebody gave instead of a part: then nothing is started for it. */
const GIVEN_INSTEAD: Partial<Record<PartKind, string>> = {
  postgres: 'DATABASE_URL',
  temporal: 'TEMPORAL_ADDRESS',
  localnet: 'SOLANA_DEVNET_RPC_URL',
  facilitator: 'EBB_FACILITATOR_DEVNET_URL',
};

const OWN_PROGRAMS: readonly PartKind[] = ['facilitator', 'api', 'relay', 'worker'];

/**
 * Starts the parts of Ebb as child processes, each as soon as what it needs is usable. They end with this process, however
 * it ends. Throws, with the end of the log of the part at fault, after everything that was started has ended again.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const layout = layOut(options.dataDirectory);
  const keeper = new Keeper();
  if (layout.temporary) keeper.removeAtEnd(layout.directory);
  const giveUp = () => void keeper.end();
  options.signal?.addEventListener('abort', giveUp, { once: true });
  try {
    options.signal?.throwIfAborted();
    // The wait covers a stack that was killed a moment ago, whose keeper is still ending its parts.
    if (!(await keeper.hold(layout.lockFile, 15_000))) throw new Error(`another stack runs on ${layout.directory}`);
    const given = { ...(options.given ?? givenSettings()) };
    const ports = await portsFor(layout, wantedPorts(given));
    const stack = new Stack(keeper, layout, ports, keptSecrets(layout.secretsFile), given, options);
    await stack.up();
    return stack;
  } catch (error) {
    await keeper.end();
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', giveUp);
  }
}

function wantedPorts(given: Record<string, string>): Partial<Ports> {
  return {
    ...(given.EBB_API_PORT && { api: Number(given.EBB_API_PORT) }),
    ...(given.EBB_FACILITATOR_PORT && { facilitator: Number(given.EBB_FACILITATOR_PORT) }),
  };
}

/** A running Ebb. Ports, data and keys of a part stay the same when it is killed and started again. */
export class Stack {
  /** Every setting of every part; `partEnv` and what a single start adds come on top. */
  readonly env: Record<string, string>;
  readonly directory: string;
  readonly secrets: Secrets;
  /** How long each step of the start took, in milliseconds; `total` among them. */
  readonly timings: Record<string, number> = {};
  readonly #keeper: Keeper;
  readonly #layout: Layout;
  readonly #ports: Ports;
  readonly #given: Record<string, string>;
  readonly #options: StackOptions;
  readonly #parts = new Map<string, Part>();

  constructor(
    keeper: Keeper,
    layout: Layout,
    ports: Ports,
    secrets: Secrets,
    given: Record<string, string>,
    options: StackOptions,
  ) {
    this.#keeper = keeper;
    this.#layout = layout;
    this.#ports = ports;
    this.#given = given;
    this.#options = options;
    this.directory = layout.directory;
    this.secrets = secrets;
    this.env = stackSettings({ ports, secrets, ui: options.ui ?? false, given, env: options.env ?? {} });
  }

  /** Where to reach what. `temporalUi` is null without a UI; `localnetAdmin` and `laggingRpc` are the local chain's own. */
  get urls() {
    const { env } = this;
    return {
      api: env.EBB_PUBLIC_URL ?? '',
      facilitator: env.EBB_FACILITATOR_DEVNET_URL ?? '',
      rpc: env.SOLANA_DEVNET_RPC_URL?.split(',')[0] ?? '',
      localnetAdmin: `http://127.0.0.1:${this.#ports.localnetAdmin}`,
      laggingRpc: `http://127.0.0.1:${this.#ports.localnetLagging}`,
      temporal: env.TEMPORAL_ADDRESS ?? '',
      temporalUi: env.TEMPORAL_UI_URL ?? null,
      database: env.DATABASE_URL ?? '',
    };
  }

  get parts(): Part[] {
    return [...this.#parts.values()];
  }

  part(name: PartName): Part {
    const part = this.#parts.get(name);
    if (!part) throw new Error(`this stack has no ${name}: it has ${[...this.#parts.keys()].join(', ')}`);
    return part;
  }

  /** Starts one more of a kind, such as `worker-2`; `env` is its own, at every start of it. */
  async add(name: PartName, env: Record<string, string> = {}): Promise<Part> {
    const part = await this.#make(name, env);
    await part.start();
    return part;
  }

  /** Runs one of Ebb's programs to its end; resolves to the lines it wrote, rejects when it did not end well. */
  async run(program: string, args: string[], env: Record<string, string> = {}): Promise<string[]> {
    const log = this.#layout.log('commands');
    const child = await this.#keeper.run(appChild({ program, args, env: { ...this.env, ...env }, log }));
    const lines: string[] = [];
    child.onLine(line => lines.push(line));
    const exit = await child.exited;
    if (exit.code === 0) return lines;
    const said = [...lines, lastLines(log, 20)].join('\n');
    throw new Error(`${program} ${args.join(' ')} ended with ${exit.signal ?? `code ${exit.code}`}:\n${said}`);
  }

  /** For startStack only. */
  async up(): Promise<void> {
    const began = performance.now();
    const wanted = this.#wanted();
    const begun = new Map<string, Promise<void>>();
    const bring = (name: string): Promise<void> => {
      const running = begun.get(name) ?? this.#bring(name, wanted, bring);
      begun.set(name, running);
      return running;
    };
    await Promise.all(wanted.map(bring));
    this.timings.total = Math.round(performance.now() - began);
  }

  /**
   * Ends everything. A temporary stack is cut off, since nothing of it is kept; a lasting one is ended in good order: what
   * uses a part before the part.
   */
  async stop(): Promise<void> {
    const running = this.parts.filter(part => part.running);
    const stoppable = (part: Part) => OWN_PROGRAMS.includes(kindOf(part.name as PartName));
    if (this.#layout.temporary) {
      await Promise.all(running.filter(part => part.name !== 'postgres').map(part => part.kill('SIGKILL')));
    } else {
      await Promise.all(running.filter(stoppable).map(part => part.stop()));
      await Promise.all(running.filter(part => !stoppable(part)).map(part => part.stop()));
    }
    await this.#keeper.end();
    if (this.#layout.temporary) rmSync(this.directory, { recursive: true, force: true });
  }

  #wanted(): string[] {
    const asked = this.#options.parts ?? PART_KINDS;
    const parts = asked.filter(name => {
      const instead = GIVEN_INSTEAD[kindOf(name)];
      return instead === undefined || !this.#given[instead];
    });
    const migrate = this.#options.migrate ?? parts.some(name => OWN_PROGRAMS.includes(kindOf(name)));
    return [...parts, ...(migrate ? ['migrate'] : []), ...(parts.includes('localnet') ? ['funds'] : [])];
  }

  async #bring(name: string, wanted: string[], bring: (name: string) => Promise<void>): Promise<void> {
    const kind = name === 'migrate' || name === 'funds' ? name : kindOf(name as PartName);
    await Promise.all(NEEDS[kind].filter(need => wanted.includes(need)).map(bring));
    const began = performance.now();
    this.#progress(name, 'starting');
    if (kind === 'migrate') await this.run('apps/cli/main.js', ['migrate']);
    else if (kind === 'funds') await fundFeePayers(this.urls.rpc, this.secrets);
    else await (await this.#make(name as PartName, {})).start();
    const ms = Math.round(performance.now() - began);
    this.timings[name] = ms;
    this.#progress(name, 'ready', ms);
  }

  async #make(name: PartName, env: Record<string, string>): Promise<Part> {
    if (this.#parts.has(name)) throw new Error(`this stack has a ${name} already`);
    const part = new Part(name, this.#layout.log(name), this.#keeper, await this.#plan(name, env));
    this.#parts.set(name, part);
    return part;
  }

  async #plan(name: PartName, env: Record<string, string>): Promise<PartPlan> {
    const kind = kindOf(name);
    const ground: Ground = {
      keeper: this.#keeper,
      layout: this.#layout,
      ports: this.#ports,
      progress: (part, text) => this.#options.progress?.({ part, state: 'note', text }),
    };
    const settings = () => ({ ...settingsFor(kind, this.env), ...this.#options.partEnv?.[name], ...env });
    if (kind === 'postgres') return postgresPlan(ground, url => (this.env.DATABASE_URL = url));
    if (kind === 'temporal') return temporalPlan(ground, this.#temporalOptions());
    if (kind === 'localnet') return localnetPlan(ground, this.#slotMs(), { ...this.#options.partEnv?.[name], ...env });
    // A second API or facilitator cannot have the first one's port.
    const port = name === kind ? {} : { EBB_API_PORT: String(await freePort()), EBB_FACILITATOR_PORT: String(await freePort()) };
    return appPlan({ program: `apps/${kind}/main.js`, env: { ...settings(), ...port }, log: this.#layout.log(name) });
  }

  #temporalOptions() {
    const { ui = false, temporalOnFile = !this.#layout.temporary } = this.#options;
    return { cli: this.env.EBB_TEMPORAL_CLI, ui, onFile: temporalOnFile };
  }

  #slotMs(): number {
    return this.#options.slotMs ?? (this.#layout.temporary ? 50 : 400);
  }

  #progress(part: string, state: 'starting' | 'ready', ms?: number): void {
    this.#options.progress?.({ part, state, ...(ms !== undefined && { ms }) });
  }
}
