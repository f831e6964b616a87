import { PROBLEMS, type ProblemCode } from './catalogue.ts';

/** What is wrong with one place of the body: `pointer` is RFC 6901. */
export interface FieldFault {
  detail: string;
  pointer: string;
  code: string;
}

export interface RefusalParts {
  /** What is wrong in this case, for the caller to read; nothing internal. */
  detail?: string;
  /** Numbers and names the caller may compute with, beside the standard members. */
  members?: Record<string, unknown>;
  errors?: FieldFault[];
  /** Answer headers, such as `retry-after`. */
  headers?: Record<string, string>;
}

/** A request that was understood and not granted: a value for the caller, never a defect. Nothing was written. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly code: ProblemCode;
  readonly status: number;
  readonly detail: string;
  readonly members: Record<string, unknown>;
  readonly errors: FieldFault[];
  readonly headers: Record<string, string>;

  constructor(code: ProblemCode, parts: RefusalParts = {}) {
    const detail = parts.detail ?? PROBLEMS[code].remedy;
    super(`${code}: ${detail}`);
    this.code = code;
    this.status = PROBLEMS[code].status;
    this.detail = detail;
    this.members = parts.members ?? {};
    this.errors = parts.errors ?? [];
    this.headers = parts.headers ?? {};
  }
}

/** Ends the work at hand with a refusal; inside a transaction it also takes back what was written. */
export function refuse(code: ProblemCode, parts: RefusalParts = {}): never {
  throw new Refusal(code, parts);
}
