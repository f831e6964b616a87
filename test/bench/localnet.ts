import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { getTransferCheckedInstruction } from '@solana-program/token';
import { Agent, request } from 'undici';
import { base58 } from '#apps/localnet/chain/base58';
import { chainKey } from '#apps/localnet/chain/keys';
import { USDC } from '#apps/localnet/testing/lab';
import { signed, tokenAccount, wallet } from '#apps/localnet/testing/wallets';

// How many signed transfers a second the local chain takes over HTTP, and whether its memory grows with its history:
//   node dist/test/bench/localnet.js --transfers 100000 --callers 16 [--preflight]
// Prints one line of JSON. Signing is part of it: the client runs on the same two cores.
const { values } = parseArgs({
  options: {
    transfers: { type: 'string', default: '20000' },
    callers: { type: 'string', default: '16' },
    preflight: { type: 'boolean', default: false },
  },
});
const [transfers, callers] = [Number(values.transfers), Number(values.callers)];
const SAMPLES = 10;
const BUYER_SEED = new Uint8Array(32).fill(32);
const agent = new Agent({ connections: callers, pipelining: 1 });

const child: ChildProcess = spawn(
  process.execPath,
  [join(import.meta.dirname, '../../apps/localnet/main.js'), '--slot-ms', 'instant', '--exit-with-stdin'],
  {
    stdio: ['pipe', 'pipe', 'inherit'],
  },
);
if (!child.stdout) throw new Error('unreachable');
const urls = JSON.parse(String((await once(child.stdout, 'data'))[0])) as { rpc: string; admin: string };

async function call(method: string, ...params: unknown[]) {
  const { body } = await request(urls.rpc, {
    dispatcher: agent,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const answer = (await body.json()) as { result?: unknown; error?: unknown };
  if (answer.error) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
  return answer.result as ReturnType<typeof JSON.parse>;
}

/** Memory of the chain's process, in megabytes. */
const rss_mb = (): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1_024);

const buyer = await wallet(32);
const treasury = await wallet(33);
await call('requestAirdrop', buyer.address, 1_000_000_000_000);
for (const owner of [buyer.address, treasury.address])
  await fetch(`${urls.admin}/mint-to`, {
    method: 'POST',
    body: JSON.stringify({ owner, mint: USDC, amount_atomic: '1000000000000000' }),
  });

/** Messages are made from one template: the amount and the blockhash are written into it, then it is signed. */
const AMOUNT = 0x1122334455667788n;
const template = await signed(buyer, (await call('getLatestBlockhash')).value, [
  getTransferCheckedInstruction({
    source: await tokenAccount(buyer, USDC),
    mint: USDC,
    destination: await tokenAccount(treasury, USDC),
    authority: buyer,
    amount: AMOUNT,
    decimals: 6,
  }),
]);
const amountAt = Buffer.from(template.message).indexOf(Buffer.from('8877665544332211', 'hex'));
const key = chainKey(BUYER_SEED);

let made = 0;
function next(): { wire: string; signature: string } {
  const message = Buffer.from(template.message);
  message.writeBigUInt64LE(BigInt(++made), amountAt);
  const signature = key.sign(message);
  return { wire: Buffer.concat([Buffer.from([1]), signature, message]).toString('base64'), signature: base58(signature) };
}

/** One blockhash serves for all, since an amount makes each message its own; it is renewed before it expires. */
async function refresh(): Promise<void> {
  const { value } = await call('getLatestBlockhash', { commitment: 'confirmed' });
  const fresh = await signed(buyer, value, [
    getTransferCheckedInstruction({
      source: await tokenAccount(buyer, USDC),
      mint: USDC,
      destination: await tokenAccount(treasury, USDC),
      authority: buyer,
      amount: AMOUNT,
      decimals: 6,
    }),
  ]);
  template.message.set(fresh.message);
}

const options = { encoding: 'base64', skipPreflight: !values.preflight, preflightCommitment: 'confirmed', maxRetries: 0 };
const memory_mb: number[] = [rss_mb()];
const began = performance.now();
let last = '';
for (let sample = 0; sample < SAMPLES; sample++) {
  await refresh();
  let left = Math.floor(transfers / SAMPLES);
  const caller = async () => {
    while (left-- > 0) {
      const { wire, signature } = next();
      await call('sendTransaction', wire, options);
      last = signature;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  memory_mb.push(rss_mb());
}
const seconds = (performance.now() - began) / 1_000;
const status = (await call('getSignatureStatuses', [last])).value[0];
const { transactions } = (await (await fetch(`${urls.admin}/status`)).json()) as { transactions: number };
process.stdout.write(
  `${JSON.stringify({ transfers: made, landed: transactions, seconds: Math.round(seconds), per_second: Math.round(made / seconds), preflight: values.preflight, last: status?.confirmationStatus ?? null, memory_mb })}\n`,
);
child.stdin?.end();
await once(child, 'exit');
await agent.close();
process.exitCode = status && made / seconds >= 400 ? 0 : 1;
