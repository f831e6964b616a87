import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '#apps/localnet/testing/lab';
import type { Built } from '#apps/localnet/testing/wallets';

/** One question and its answer, as they went over HTTP. */
export type Exchange = { name: string; status: number; content_type: string | null; request: unknown; response: unknown };

const JSON_HEADERS = { 'content-type': 'application/json' };
const POLL_MS = 100;
const RESEND_EVERY = 10;
const MAX_POLLS = 600;

/** Asks an RPC and keeps what has a name. */
export class Asker {
  readonly log: Exchange[] = [];
  readonly url: string;
  #id = 0;

  constructor(url: string) {
    this.url = url;
  }

  /** Sends a body as it is. Without a name the exchange is not kept. */
  async raw(name: string | null, body: unknown, headers: Record<string, string> = JSON_HEADERS): Promise<Json> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    let answer: Json = text;
    try {
      answer = JSON.parse(text);
    } catch {
      // Some answers are plain text.
    }
    if (name)
      this.log.push({
        name,
        status: response.status,
        content_type: response.headers.get('content-type'),
        request: body,
        response: answer,
      });
    return answer;
  }

  call(name: string | null, method: string, ...params: unknown[]): Promise<Json> {
    return this.raw(name, { jsonrpc: '2.0', id: ++this.#id, method, ...(params.length > 0 ? { params } : {}) });
  }

  send(name: string | null, built: Built | string, options: Record<string, unknown> = {}): Promise<Json> {
    const wire = typeof built === 'string' ? built : built.wire;
    return this.call(name, 'sendTransaction', wire, { encoding: 'base64', preflightCommitment: 'confirmed', ...options });
  }

  /** Waits until a transaction has the commitment. A validator may lose a transaction, so it is sent again now and then. */
  async until(built: Built, level: 'confirmed' | 'finalized' = 'confirmed'): Promise<void> {
    for (let i = 1; i <= MAX_POLLS; i++) {
      const status = (await this.call(null, 'getSignatureStatuses', [built.signature])).result.value[0];
      if (status && (status.confirmationStatus === level || status.confirmationStatus === 'finalized')) return;
      if (!status && i % RESEND_EVERY === 0) await this.send(null, built, { skipPreflight: true });
      await sleep(POLL_MS);
    }
    throw new Error(`never ${level}: ${built.signature} after ${JSON.stringify(this.log.at(-1)).slice(0, 2_000)}`);
  }

  /** Sends without asking whether it would fail, and waits until it is confirmed; throws when it failed and should not have. */
  async land(built: Built, may: 'succeed' | 'fail' = 'succeed'): Promise<Built> {
    await this.send(null, built, { skipPreflight: true });
    await this.until(built);
    const { err } = (await this.call(null, 'getSignatureStatuses', [built.signature])).result.value[0];
    if (err !== null && may === 'succeed') throw new Error(`failed after ${this.log.at(-1)?.name}: ${JSON.stringify(err)}`);
    return built;
  }
}
