/** Every part that a stack can have, in no order; what each needs stands in stack.ts. */
export const PART_KINDS = ['postgres', 'temporal', 'localnet', 'facilitator', 'api', 'relay', 'worker'] as const;

export type PartKind = (typeof PART_KINDS)[number];
/** `worker`, or a further one of its kind: `worker-2`. */
export type PartName = PartKind | `${PartKind}-${number}`;

export interface Progress {
  part: string;
  state: 'starting' | 'ready' | 'note';
  /** When ready: how long it took. */
  ms?: number;
  text?: string;
}

export interface StackOptions {
  /** What to start; all by default. Parts that somebody gave (DATABASE_URL, …) are left out by themselves. */
  parts?: readonly PartName[];
  /** Keeps ports, secrets and data in this folder from run to run. Without it all of it is temporary. */
  dataDirectory?: string;
  /** The local chain's slot. By default 400 with a data directory (as the real chain), 50 without. */
  slotMs?: number;
  /** Temporal's UI; by default no. */
  ui?: boolean;
  /** Temporal's state in a file, so that it can be killed and started again; by default only with a data directory. */
  temporalOnFile?: boolean;
  /** Whether the database is migrated; by default when one of Ebb's own programs is started. */
  migrate?: boolean;
  /** Settings for all of Ebb's programs, over the stack's own. */
  env?: Record<string, string>;
  /** Settings for one part alone, at every start of it. */
  partEnv?: Partial<Record<PartName, Record<string, string>>>;
  /** What somebody set for this process, respected over what the stack would make; by default this environment's settings. */
  given?: Record<string, string>;
  progress?: (progress: Progress) => void;
  /** Gives up a start that is under way; what was started has ended when startStack rejects. */
  signal?: AbortSignal;
}

export function kindOf(name: PartName): PartKind {
  const kind = PART_KINDS.find(one => name === one || name.startsWith(`${one}-`));
  if (!kind) throw new Error(`${name} is no part of the stack`);
  return kind;
}
