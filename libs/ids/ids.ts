import { monotonicFactory } from 'ulid';

/** The kinds of objects that bear an id on the wire. */
export const PREFIX = {
  account: 'acct',
  key: 'key',
  agent: 'agt',
  treasury: 'try',
  link: 'lnk',
  payment: 'pay',
  refund: 're',
  leg: 'leg',
  attempt: 'att',
  event: 'evt',
  act: 'act',
  break: 'brk',
  request: 'req',
} as const;

export type IdKind = keyof typeof PREFIX;

/** Makes ids; a port, so that tests can foresee them. */
export interface Ids {
  next(kind: IdKind): string;
  /** A bare ULID, as payment links without a slug of their own bear. */
  bare(): string;
}

/** Prefixed ULIDs, rising within one process. */
export function ulidIds(): Ids {
  const ulid = monotonicFactory();
  return { next: kind => `${PREFIX[kind]}_${ulid()}`, bare: () => ulid() };
}
