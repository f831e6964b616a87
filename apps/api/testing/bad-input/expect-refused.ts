import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PROBLEM_CODES, PROBLEMS, type ProblemCode } from '#libs/problems/catalogue';
import type { Answered } from '../use-api.ts';
import type { Route } from './routes.ts';

export interface Refused {
  status: number;
  code: ProblemCode;
  /** The place of the request that `errors` must point at, or into. */
  pointer?: string;
}

/** What no caller may read: our files, our statements, our libraries, our database's words. */
const INTERNAL =
  /node_modules|\bat [\w.<>]+ \(|\.(ts|js):\d|\bpostgres|\bpg_|sqlstate|kysely|\bzod\b|select .* from|insert into|relation "|constraint|violates|ECONN|EPIPE|\/work\/|\/dist\//i;
/** A refusal says what is wrong, it does not send a request back. */
const MOST_BYTES = 64 * 1024;

/** What is wrong with the answer to a request that had to be refused, or null. */
export function faultOf(route: Pick<Route, 'responses'> | null, answer: Answered, wanted: Refused): string | null {
  const { status, headers, body, text } = answer;
  if (status !== wanted.status) return `answered ${status} instead of ${wanted.status}: ${text.slice(0, 300)}`;
  if (!/^application\/problem\+json/.test(String(headers['content-type']))) return `is of type ${headers['content-type']}`;
  if (body?.code !== wanted.code) return `has code ${body?.code} instead of ${wanted.code}: ${text.slice(0, 300)}`;
  const code = PROBLEM_CODES.find(one => one === body.code);
  if (code === undefined) return `has a code of no catalogue, ${body.code}`;
  if (PROBLEMS[code].status !== status || body.status !== status) return 'says another status than it has';
  if (!existsSync(join('docs', 'errors', `${code}.md`))) return `has no page for ${code}`;
  if (!String(body.type).endsWith(`/docs/errors/${code}`)) return `leads to ${body.type}`;
  if (body.request_id !== headers['x-request-id'] || !body.request_id) return 'bears no request id';
  if (route !== null && !named(route, status, code)) return `has a code its route does not document: ${code}`;
  if (text.length > MOST_BYTES) return `is ${text.length} characters long`;
  const leak = INTERNAL.exec(
    `${body.title} ${body.detail} ${(body.errors ?? []).map((fault: { detail: string }) => fault.detail).join(' ')}`,
  );
  if (leak !== null) return `leaks ${JSON.stringify(leak[0])}: ${text.slice(0, 300)}`;
  const pointers: string[] = (body.errors ?? []).map((fault: { pointer: string }) => fault.pointer);
  if (wanted.pointer !== undefined && !pointers.some(at => at === wanted.pointer || at.startsWith(`${wanted.pointer}/`)))
    return `points at ${pointers.join(' ') || 'nothing'}, not at ${wanted.pointer}`;
  return null;
}

const named = (route: Pick<Route, 'responses'>, status: number, code: string): boolean =>
  route.responses[status]?.description.includes(`\`${code}\``) === true;
