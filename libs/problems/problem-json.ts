import { PROBLEMS, type ProblemCode } from './catalogue.ts';
import type { FieldFault, Refusal } from './refusal.ts';

export const PROBLEM_JSON = 'application/problem+json';

/** An answer's body as RFC 9457 has it, with our `code` and `request_id`. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: ProblemCode;
  request_id: string;
  errors?: FieldFault[];
  [member: string]: unknown;
}

/** Where a code is explained: `origin` is the API's public origin. */
export const problemType = (origin: string, code: ProblemCode): string => `${origin}/docs/errors/${code}`;

/** Writes a refusal for the wire. Its own members never hide the standard ones. */
export function problemBody(refusal: Refusal, at: { origin: string; instance: string; requestId: string }): ProblemBody {
  return {
    ...refusal.members,
    type: problemType(at.origin, refusal.code),
    title: PROBLEMS[refusal.code].title,
    status: refusal.status,
    detail: refusal.detail,
    instance: at.instance,
    code: refusal.code,
    request_id: at.requestId,
    ...(refusal.errors.length > 0 ? { errors: refusal.errors } : {}),
  };
}
