import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask, type Json, USDC } from './testing/lab.ts';
import { type Built, memo, signed, tokenAccount, wallet } from './testing/wallets.ts';

const MAIN = join(import.meta.dirname, '../../dist/apps/localnet/main.js');

let folder: string;
let child: ChildProcess | null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebb-localnet-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** Starts the built localnet on the state file of this test. */
async function up(...flags: string[]): Promise<{ rpc: string; admin: string }> {
  child = spawn(process.execPath, [MAIN, '--state', join(folder, 'chain.sqlite'), ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (!child.stdout) throw new Error('unreachable');
  const [line] = await once(child.stdout, 'data');
  return JSON.parse(String(line));
}

async function ended(how: () => void): Promise<unknown[]> {
  if (!child) throw new Error('nothing runs');
  const exit = once(child, 'exit');
  how();
  return exit;
}

const result = async (url: string, method: string, ...params: unknown[]): Promise<Json> =>
  (await ask(url, method, ...params)).body.result;

async function memoTransaction(url: string, text: string): Promise<Built> {
  const { value } = await result(url, 'getLatestBlockhash', { commitment: 'confirmed' });
  return signed(await wallet(31), value, [memo(text)]);
}

const send = (url: string, built: Built) =>
  result(url, 'sendTransaction', built.wire, { encoding: 'base64', skipPreflight: true, maxRetries: 0 });

test('kill -9 loses nothing: balances, history, slots, and what must not land twice', async () => {
  let { rpc, admin } = await up('--slot-ms', 'instant:50');
  const sponsor = await wallet(31);
  await result(rpc, 'requestAirdrop', sponsor.address, 1_000_000_000);
  const mint = { owner: sponsor.address, mint: USDC, amount_atomic: '777' };
  await fetch(`${admin}/mint-to`, { method: 'POST', body: JSON.stringify(mint) });
  const landed = await memoTransaction(rpc, 'before');
  await send(rpc, landed);
  const waiting = await memoTransaction(rpc, 'after');
  const slot = await result(rpc, 'getSlot', { commitment: 'processed' });
  const [, signal] = await ended(() => child?.kill('SIGKILL'));
  expect(signal).toBe('SIGKILL');

  ({ rpc, admin } = await up('--slot-ms', 'instant:50'));
  expect(await result(rpc, 'getSlot', { commitment: 'processed' })).toBeGreaterThanOrEqual(slot);
  expect((await result(rpc, 'getSignatureStatuses', [landed.signature])).value[0].err).toBeNull();
  const account = await tokenAccount(sponsor, USDC);
  expect((await result(rpc, 'getTokenAccountBalance', account, { commitment: 'processed' })).value.amount).toBe('777');
  await send(rpc, landed);
  await send(rpc, waiting);
  const history = await result(rpc, 'getSignaturesForAddress', sponsor.address, { commitment: 'confirmed' });
  const memos = history.map((h: { memo: string | null }) => h.memo).filter(Boolean);
  expect(memos).toEqual(['[5] after', '[6] before']);
  expect(
    (await result(rpc, 'getTransaction', landed.signature, { commitment: 'confirmed', maxSupportedTransactionVersion: 0 })).meta
      .fee,
  ).toBe(5_000);
});

test('SIGTERM ends it cleanly, and so does the end of its stdin when asked to watch it', async () => {
  await up();
  expect(await ended(() => child?.kill('SIGTERM'))).toEqual([0, null]);
  await up('--exit-with-stdin');
  expect(await ended(() => child?.stdin?.end())).toEqual([0, null]);
});

test('a state file keeps its network, and its mints go to the authority that is named', async () => {
  const other = (await wallet(90)).address;
  const authorityOf = async (url: string): Promise<string> =>
    (await result(url, 'getAccountInfo', USDC, { encoding: 'jsonParsed', commitment: 'processed' })).value.data.parsed.info
      .mintAuthority;
  const first = await authorityOf((await up('--slot-ms', 'instant')).rpc);
  await ended(() => child?.kill('SIGTERM'));
  expect(await authorityOf((await up('--slot-ms', 'instant', '--mint-authority', other)).rpc)).toBe(other);
  expect(first).not.toBe(other);
  await ended(() => child?.kill('SIGTERM'));
  expect(await authorityOf((await up('--slot-ms', 'instant')).rpc)).toBe(other);
  await ended(() => child?.kill('SIGTERM'));
  child = spawn(process.execPath, [MAIN, '--network', 'mainnet', '--state', join(folder, 'chain.sqlite')], { stdio: 'ignore' });
  expect((await once(child, 'exit'))[0]).not.toBe(0);
});

test('a flag that makes no sense is refused', async () => {
  child = spawn(process.execPath, [MAIN, '--slot-ms', 'soon'], { stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  expect(code).not.toBe(0);
});
