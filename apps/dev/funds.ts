import { getAddressDecoder } from '@solana/kit';
import type { Secrets } from './secrets.ts';

/** What each of the stack's own payers of network fees gets: at 10,000 lamports a transaction, enough for a million. */
const LAMPORTS = 10_000_000_000;

/** Address of a key in Solana's 64-byte form, base64: its last 32 bytes. */
export function addressOf(key: string): string {
  return getAddressDecoder().decode(Buffer.from(key, 'base64').subarray(32));
}

/** Fills up sponsor and fee payer from the local chain's faucet. A real network has none: there, people fund them. */
export async function fundFeePayers(rpc: string, secrets: Pick<Secrets, 'EBB_SPONSOR_KEY' | 'EBB_FEE_PAYER_KEY'>): Promise<void> {
  await Promise.all(
    [secrets.EBB_SPONSOR_KEY, secrets.EBB_FEE_PAYER_KEY].map(async key => {
      const address = addressOf(key);
      const { value: balance } = (await call(rpc, 'getBalance', [address])) as { value: number };
      if (balance < LAMPORTS / 2) await call(rpc, 'requestAirdrop', [address, LAMPORTS]);
    }),
  );
}

async function call(rpc: string, method: string, params: unknown[]): Promise<unknown> {
  const response = await fetch(rpc, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (answer.error) throw new Error(`${method} on the local chain: ${answer.error.message}`);
  return answer.result;
}
