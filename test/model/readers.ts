import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** Reads the books with SQL of its own; a server that is down is asked again when it is back. */
export class Books {
  readonly #pool: pg.Pool;

  constructor(url: string) {
    this.#pool = new pg.Pool({ connectionString: url, max: 2 });
    this.#pool.on('error', () => {});
  }

  rows<T extends object>(sql: string, values: unknown[] = []): Promise<T[]> {
    return patiently(async () => (await this.#pool.query<T>(sql, values)).rows);
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}

/** Reads the chain by JSON-RPC, with questions that no fault of the model is aimed at. */
export class ChainReader {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async balance(tokenAccount: string): Promise<bigint> {
    const { value } = await this.#ask<{ value: { amount: string } }>('getTokenAccountBalance', [
      tokenAccount,
      { commitment: 'confirmed' },
    ]);
    return BigInt(value.amount);
  }

  /** Every transaction that touched the account and did not fail, newest first. */
  async history(tokenAccount: string): Promise<{ signature: string; memo: string }[]> {
    const found: { signature: string; memo: string }[] = [];
    for (let before: string | undefined; ; ) {
      const page = await this.#ask<{ signature: string; err: unknown; memo: string | null }[]>('getSignaturesForAddress', [
        tokenAccount,
        { commitment: 'confirmed', limit: 1_000, ...(before ? { before } : {}) },
      ]);
      found.push(...page.filter(one => one.err === null).map(({ signature, memo }) => ({ signature, memo: memo ?? '' })));
      if (page.length < 1_000) return found;
      before = page.at(-1)?.signature;
    }
  }

  #ask<T>(method: string, params: unknown[]): Promise<T> {
    return patiently(async () => {
      const answer = (await post(this.#url, { jsonrpc: '2.0', id: 1, method, params })) as { result?: T; error?: object };
      if (answer.result === undefined) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
      return answer.result;
    });
  }
}

/** A call to the local chain's admin port. */
export const admin = (url: string, path: string, body: object, method = 'POST'): Promise<unknown> =>
  patiently(() => post(`${url}${path}`, body, method));

async function post(url: string, body: object, method = 'POST'): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method, headers, body: JSON.stringify(body), signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return text === '' ? null : JSON.parse(text);
}

/** Any process may be dead for a few seconds: that is the point of it all. */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  const end = performance.now() + 60_000;
  while (true) {
    try {
      return await call();
    } catch (error) {
      if (performance.now() > end) throw error;
      await sleep(100);
    }
  }
}
