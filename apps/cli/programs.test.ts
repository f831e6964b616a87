import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { built } from '#apps/dev/project';
import { findCaller } from '#libs/accounts/find-caller';
import { parseKey } from '#libs/accounts/key-format';
import { SCOPES } from '#libs/accounts/scopes';
import { machineEnvironment } from '#libs/config/given';
import { chained, earnV1, given, type Loose } from '#test/support/chains';
import { useDatabase } from '#test/support/database';

const database = useDatabase();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebb-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(program: 'main' | 'verify', args: string[], over: { env?: Record<string, string>; input?: string } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [built(`apps/cli/${program}.js`), ...args], {
    env: { ...machineEnvironment(), ...over.env },
    input: over.input ?? '',
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}
const withDatabase = () => ({ env: { DATABASE_URL: database.url } });

test('ebb keys mint --json prints one line of JSON; the key works and its account is made once', async () => {
  const mint = (network: string, ...more: string[]) => {
    const answer = run('main', ['keys', 'mint', '--account', 'shop', '--network', network, '--json', ...more], withDatabase());
    expect(answer).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/^\{[^\n]*\}\n$/) });
    return JSON.parse(answer.stdout) as { key: string; key_id: string; account_id: string };
  };
  const one = mint('devnet');
  const two = mint('mainnet', '--scopes', 'refunds:read', '--label', 'reader');
  expect(Object.keys(one)).toEqual(['key', 'key_id', 'account_id']);
  expect(two.account_id).toBe(one.account_id);
  const callerOf = (key: string) => findCaller(database.db.read, parseKey(key)?.hash ?? Buffer.alloc(0));
  expect(await callerOf(one.key)).toMatchObject({ keyId: one.key_id, network: 'solana-devnet', scopes: new Set(SCOPES) });
  expect(await callerOf(two.key)).toMatchObject({ network: 'solana-mainnet', scopes: new Set(['refunds:read']) });
});

test('ebb migrate says that nothing is left to do', () => {
  expect(run('main', ['migrate'], withDatabase())).toEqual({ status: 0, stdout: 'up to date\n', stderr: '' });
});

test('ebb shows its usage on wrong arguments, and names what is missing or out of reach', () => {
  expect(run('main', ['keys'])).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('usage:') });
  expect(run('main', ['migrate'])).toEqual({ status: 1, stdout: '', stderr: 'ebb: setting DATABASE_URL is missing\n' });
  const nobody = run('main', ['migrate'], { env: { DATABASE_URL: 'postgres://ebb@127.0.0.1:1/ebb' } });
  expect(nobody).toMatchObject({ status: 1, stderr: expect.stringContaining('ECONNREFUSED') });
});

test('ebb-verify tells a right chain from a wrong one, by its exit code too', () => {
  const [earn] = chained([earnV1(0, 100n)]) as [Loose];
  const chain = chained([earnV1(0, 100n), given(1, { amount: 40n, original: earn, sequence: 1, remaining: 60n })]);
  const file = join(folder, 'receipts.jsonl');
  const lines = chain.map(receipt => `${JSON.stringify(receipt)}\n`).join('');
  writeFileSync(file, lines);
  expect(run('verify', [file])).toEqual({ status: 0, stdout: '{"ok":true,"count":2}\n', stderr: '' });
  expect(run('verify', ['-'], { input: lines })).toMatchObject({ status: 0 });
  expect(run('verify', ['-'], { input: JSON.stringify(chain) })).toMatchObject({ status: 0 });
  writeFileSync(file, lines.replace('"amount":"40"', '"amount":"4"'));
  expect(run('verify', [file])).toMatchObject({
    status: 1,
    stdout: '{"ok":false,"nonce":1,"reason":"receipt_hash_mismatch"}\n',
  });
});

test('ebb-verify that cannot read says so, and does not say that a chain is wrong', () => {
  expect(run('verify', [join(folder, 'none')])).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('ENOENT'),
  });
  expect(run('verify', [])).toMatchObject({ status: 2, stderr: expect.stringContaining('usage') });
});
