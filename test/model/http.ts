import { setTimeout as sleep } from 'node:timers/promises';
import { must, Violation } from './violation.ts';

/** The members of Ebb's objects and problems that the model judges. */
export interface Wire {
  code?: string;
  id?: string;
  status?: string;
  amount_atomic?: string;
  requested_atomic?: string;
  refundable_atomic?: string;
  refunded_atomic?: string;
  reserved_atomic?: string;
  payer_receives_atomic?: string;
  moved_atomic?: string;
  receipt_hash?: string | null;
  destination?: { owner: string } | null;
  refusals?: { code: string }[];
  failure?: { code: string } | null;
  payment_id?: string;
  refund_id?: string;
  items?: Wire[];
  next_cursor?: string | null;
  payment?: Wire & { tx_sig?: string | null };
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Wire;
  /** Whether an earlier try may have been carried out without its answer reaching us. */
  lost: boolean;
}

const PATIENCE_MS = 90_000;
const PAUSE_MS = 100;
const CALL_MS = 25_000;
/** "Ask again": nothing was decided. */
const AGAIN = new Set(['idempotency_in_flight', 'rate_limited']);

/**
 * Asks until there is an answer, as a careful client does: the same request with the same key, through crashes of whatever
 * answers. An answer that is no one's fault but ours (500) is a violation; none for 90 s too.
 */
export async function ask(
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string },
  again: ReadonlySet<string> = AGAIN,
): Promise<Answer> {
  const end = performance.now() + PATIENCE_MS;
  let lost = false;
  let last = 'nothing';
  while (performance.now() < end) {
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(CALL_MS) });
      const text = await response.text();
      const answer = { status: response.status, headers: response.headers, body: parse(text), lost };
      last = `${answer.status} ${text.slice(0, 300)}`;
      must(answer.status !== 500, () => `${init.method} ${url} was answered ${last}`);
      if (answer.status !== 503 && !again.has(answer.body.code ?? '')) return answer;
      lost = true;
    } catch (error) {
      if (error instanceof Violation) throw error;
      lost = true;
      last = String(error);
    }
    await sleep(PAUSE_MS);
  }
  throw new Violation(`I7: ${init.method} ${url} got no answer in ${PATIENCE_MS} ms; at last: ${last}`);
}

function parse(text: string): Wire {
  try {
    return JSON.parse(text) as Wire;
  } catch {
    return {};
  }
}
