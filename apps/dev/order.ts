import { kindOf, PART_KINDS, type PartKind, type PartName, type StackOptions } from './stack-options.ts';

/** A step of a start: a part, or what must be done once before others: the schema, money for the payers of fees. */
export type Step = PartName | 'migrate' | 'funds';
type StepKind = PartKind | 'migrate' | 'funds';

/** What must be usable before a step of each kind begins; of that, what this stack does not have is somebody else's care. */
const NEEDS: Record<StepKind, readonly StepKind[]> = {
  postgres: [],
  temporal: [],
  localnet: [],
  migrate: ['postgres'],
  funds: ['localnet'],
  facilitator: ['migrate', 'funds'],
  api: ['migrate', 'temporal', 'localnet'],
  relay: ['migrate', 'temporal'],
  worker: ['migrate', 'temporal', 'localnet'],
};

/** What somebody gave instead of a part: then nothing is started for it. */
const GIVEN_INSTEAD: Partial<Record<PartKind, string>> = {
  postgres: 'DATABASE_URL',
  temporal: 'TEMPORAL_ADDRESS',
  localnet: 'SOLANA_DEVNET_RPC_URL',
  facilitator: 'EBB_FACILITATOR_DEVNET_URL',
};

const OWN_PROGRAMS: readonly PartKind[] = ['facilitator', 'api', 'relay', 'worker'];

/** Ebb's own programs stand on the foreign ones: they start later and end earlier. */
export function isOwnProgram(name: PartName): boolean {
  return OWN_PROGRAMS.includes(kindOf(name));
}

/** The steps of a start, in no order. */
export function stepsOf(options: StackOptions, given: Record<string, string>): Step[] {
  const parts = (options.parts ?? PART_KINDS).filter(name => {
    const instead = GIVEN_INSTEAD[kindOf(name)];
    return instead === undefined || !given[instead];
  });
  const migrate = options.migrate ?? parts.some(isOwnProgram);
  return [...parts, ...(migrate ? (['migrate'] as const) : []), ...(parts.includes('localnet') ? (['funds'] as const) : [])];
}

/** Takes every step as soon as those it needs are done. Rejects with the first that fails. */
export async function takeSteps(steps: readonly Step[], take: (step: Step) => Promise<void>): Promise<void> {
  const begun = new Map<Step, Promise<void>>();
  const begin = (step: Step): Promise<void> => {
    const already = begun.get(step);
    if (already) return already;
    const needs = NEEDS[kindOfStep(step)].filter(need => steps.includes(need));
    const done = Promise.all(needs.map(begin)).then(() => take(step));
    begun.set(step, done);
    return done;
  };
  await Promise.all(steps.map(begin));
}

function kindOfStep(step: Step): StepKind {
  return step === 'migrate' || step === 'funds' ? step : kindOf(step);
}
