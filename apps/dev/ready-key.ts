import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from './app.ts';
import type { Stack } from './stack.ts';

/** Where a stack with a data directory keeps the key that it shows; git ignores the folder. */
export function keyFile(stack: Stack): string {
  return join(stack.directory, 'api-key');
}

/**
 * An API key that works: the one of the last run, or a new one, minted as a person would mint it. A key is shown once, so
 * it is kept in a file that only its owner can read.
 */
export async function readyKey(stack: Stack, account = 'dev'): Promise<string> {
  const file = keyFile(stack);
  const last = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if (last !== '' && (await works(stack, last))) return last;
  const key = await mintKey(stack, account);
  writeFileSync(file, `${key}\n`, { mode: 0o600 });
  return key;
}

/** Makes a key with every scope on devnet, and the account if there is none of that name. */
export async function mintKey(stack: Stack, account: string): Promise<string> {
  const lines = await stack.run('apps/cli/main.js', ['keys', 'mint', '--account', account, '--network', 'devnet', '--json']);
  const key = lines.map(line => parse(line)?.key).find(value => typeof value === 'string');
  if (key === undefined) throw new Error('the command that mints keys gave none');
  return key;
}

/** The data may be another's by now (DATABASE_URL), or the key revoked. */
async function works(stack: Stack, key: string): Promise<boolean> {
  const response = await fetch(`${stack.urls.api}/v1/payment-links?limit=1`, { headers: { authorization: `Bearer ${key}` } });
  return response.ok;
}
