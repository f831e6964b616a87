import { appendFileSync } from 'node:fs';

/*
 * What the API's answers have shown in a test run, one line each, in the file that also takes the steps its processes
 * reached: test/reached.ts fails the run where a refusal, a state or a wait was shown by none.
 */

const file = process.env.EBB_STEP_FILE;
const noted = new Set<string>();

/**
 * Notes the code of a problem, and the states, waits and failures of payments and refunds, wherever they stand in an answer.
 * `set`: a test wrote the rows itself, so their states, waits and failures prove nothing.
 */
export function noteAnswer(body: unknown, rows: 'lived' | 'set'): void {
  if (file === undefined) return;
  const counts = (line: string) => rows === 'lived' || /^=problem /.test(line);
  const fresh = [...shown(body)].filter(line => counts(line) && !noted.has(line));
  if (fresh.length === 0) return;
  for (const line of fresh) noted.add(line);
  appendFileSync(file, fresh.map(line => `${line}\n`).join(''));
}

export function* shown(body: unknown): Generator<string> {
  if (Array.isArray(body)) for (const one of body) yield* shown(one);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return;
  const { id, status, code, type, waiting, failure } = body as Record<string, unknown>;
  if (typeof code === 'string' && typeof type === 'string' && typeof status === 'number') yield `=problem ${code}`;
  const object = /^(re|pay)_/.exec(String(id))?.[1];
  if (object && typeof status === 'string') yield `=${object === 're' ? 'refund' : 'payment'} ${status}`;
  if (object && isRecord(waiting)) yield `=wait ${waiting.reason}`;
  if (object && isRecord(failure)) yield `=failure ${failure.code}`;
  for (const one of Object.values(body)) yield* shown(one);
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
