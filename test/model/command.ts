import fc from 'fast-check';

/** What a run of the model is made of: plain data, so that a seed says all of it. `pick` chooses among what there is. */
export type Command =
  | { kind: 'pay'; buyer: number; link: number; shows: number }
  | { kind: 'show_again'; pick: number }
  | {
      kind: 'refund';
      pick: number;
      amount: Amount;
      by: Reference;
      external: boolean;
      expect: boolean;
      to: number | null;
      fee: number | null;
    }
  | { kind: 'preview'; pick: number; amount: Amount }
  | { kind: 'race'; pick: number; amounts: Amount[] }
  | { kind: 'repeat'; pick: number; same: boolean }
  | { kind: 'repeat_external'; pick: number; same: boolean }
  | { kind: 'cancel'; pick: number }
  | { kind: 'give_up'; pick: number }
  | { kind: 'retry'; pick: number }
  | { kind: 'redirect'; pick: number; to: number }
  | { kind: 'read_payment'; pick: number }
  | { kind: 'read_refund'; pick: number }
  | { kind: 'list_refunds'; pick: number }
  | { kind: 'crash'; part: Crashing; after_ms: number; down_ms: number }
  | { kind: 'fault'; fault: Fault }
  | { kind: 'vanish'; fault: Fault }
  | { kind: 'expire'; after_ms: number; slots: number }
  | { kind: 'terminate'; pick: number };

export type Reference = 'payment_id' | 'original_tx_sig' | 'original_receipt_hash';

export type Amount =
  | { of: 'rest' }
  | { of: 'part'; permille: number }
  | { of: 'over'; by: number }
  | { of: 'zero' }
  | { of: 'huge' }
  | { of: 'word'; text: string };

export const CRASHING = ['worker', 'relay', 'api', 'facilitator', 'localnet', 'temporal', 'postgres'] as const;
export type Crashing = (typeof CRASHING)[number];

/** A fault of the local chain's RPC, as its admin port takes it. */
export type Fault = Record<string, string | number | boolean>;

/** What Ebb, its facilitator and its buyers ask of the chain. The model's own readers ask other things, so no fault meets them. */
const READS = [
  'getSignatureStatuses',
  'getTransaction',
  'getEpochInfo',
  'getLatestBlockhash',
  'simulateTransaction',
  'getSignaturesForAddress',
  'getMultipleAccounts',
];

const pick = fc.nat(1_000_000);
const part = fc.record({ of: fc.constant('part' as const), permille: fc.integer({ min: 1, max: 450 }) });
const rest = fc.constant({ of: 'rest' as const });
const over = fc.record({ of: fc.constant('over' as const), by: fc.integer({ min: 1, max: 1_000 }) });
const amount: fc.Arbitrary<Amount> = fc.oneof(
  { arbitrary: part, weight: 60 },
  { arbitrary: rest, weight: 14 },
  { arbitrary: over, weight: 16 },
  { arbitrary: fc.constant({ of: 'zero' as const }), weight: 4 },
  { arbitrary: fc.constant({ of: 'huge' as const }), weight: 3 },
  {
    arbitrary: fc.record({ of: fc.constant('word' as const), text: fc.constantFrom('-5', '1.5', '0x10', '', 'all') }),
    weight: 3,
  },
);

const times = (max: number) => fc.integer({ min: 1, max });
const sending = { method: fc.constant('sendTransaction') };
const reading = { method: fc.constantFrom(...READS) };
const kind = <K extends string>(name: K) => ({ kind: fc.constant(name) });
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ ...kind('accept_lose_answer'), ...sending, answer: fc.constantFrom('reset', 'error'), times: times(3) }),
  fc.record({ ...kind('error_before_accept'), ...sending, times: times(5) }),
  fc.record({ ...kind('fail_on_chain'), ...sending, times: times(1) }),
  fc.record({ ...kind('error_then_success'), ...sending, times: times(1) }),
  fc.record({ ...kind('never_land'), ...sending, times: times(6) }),
  fc.record({ ...kind('delay'), ...sending, ms: fc.integer({ min: 50, max: 1_500 }), after: fc.boolean(), times: times(3) }),
  fc.record({ ...kind('delay'), ...reading, ms: fc.integer({ min: 50, max: 800 }), times: times(5) }),
  fc.record({ ...kind('rate_limit'), method: fc.constantFrom('sendTransaction', ...READS), times: times(8) }),
  fc.record({ ...kind('unavailable'), method: fc.constantFrom('sendTransaction', ...READS), times: times(8) }),
  fc.record({ ...kind('reset_mid_body'), ...reading, times: times(4) }),
  fc.record({ ...kind('lag'), ...reading, slots: fc.integer({ min: 1, max: 60 }), times: times(10) }),
);

/** Transactions that nodes have seen, confirmed even, and then are gone, as if they had never been. */
const vanishing: fc.Arbitrary<Fault> = fc.record({
  ...kind('gone'),
  ...sending,
  seen: fc.constantFrom('processed', 'confirmed', 'confirmed'),
  slots: fc.integer({ min: 6, max: 30 }),
  times: times(2),
});

const ms = (max: number) => fc.integer({ min: 0, max });

/** One command; how often each kind comes is set so that a run has about a crash in 150 commands and mostly cheap ones. */
export const command: fc.Arbitrary<Command> = fc.oneof(
  {
    arbitrary: fc.record({ ...kind('pay'), buyer: pick, link: pick, shows: fc.constantFrom(1, 1, 1, 1, 1, 1, 3) }),
    weight: 130,
  },
  { arbitrary: fc.record({ ...kind('show_again'), pick }), weight: 60 },
  {
    arbitrary: fc.record({
      ...kind('refund'),
      pick,
      amount,
      by: fc.constantFrom('payment_id' as const, 'original_tx_sig' as const, 'original_receipt_hash' as const),
      external: fc.constantFrom(false, false, true),
      expect: fc.constantFrom(false, false, false, true),
      to: fc.oneof({ arbitrary: fc.constant(null), weight: 7 }, { arbitrary: pick, weight: 1 }),
      fee: fc.oneof({ arbitrary: fc.constant(null), weight: 6 }, { arbitrary: fc.integer({ min: 1, max: 1_000 }), weight: 1 }),
    }),
    weight: 280,
  },
  {
    arbitrary: fc.record({
      ...kind('race'),
      pick,
      amounts: fc.array(fc.oneof({ arbitrary: part, weight: 5 }, { arbitrary: rest, weight: 1 }), { minLength: 2, maxLength: 8 }),
    }),
    weight: 35,
  },
  { arbitrary: fc.record({ ...kind('repeat'), pick, same: fc.constantFrom(true, true, false) }), weight: 110 },
  { arbitrary: fc.record({ ...kind('repeat_external'), pick, same: fc.constantFrom(true, true, false) }), weight: 70 },
  { arbitrary: fc.record({ ...kind('preview'), pick, amount }), weight: 25 },
  { arbitrary: fc.record({ ...kind('cancel'), pick }), weight: 50 },
  { arbitrary: fc.record({ ...kind('give_up'), pick }), weight: 20 },
  { arbitrary: fc.record({ ...kind('retry'), pick }), weight: 25 },
  { arbitrary: fc.record({ ...kind('redirect'), pick, to: pick }), weight: 30 },
  { arbitrary: fc.record({ ...kind('read_payment'), pick }), weight: 100 },
  { arbitrary: fc.record({ ...kind('read_refund'), pick }), weight: 80 },
  { arbitrary: fc.record({ ...kind('list_refunds'), pick }), weight: 30 },
  {
    arbitrary: fc.record({ ...kind('crash'), part: fc.constantFrom(...CRASHING), after_ms: ms(300), down_ms: ms(600) }),
    weight: 7,
  },
  { arbitrary: fc.record({ ...kind('fault'), fault }), weight: 24 },
  { arbitrary: fc.record({ ...kind('vanish'), fault: vanishing }), weight: 8 },
  { arbitrary: fc.record({ ...kind('expire'), after_ms: ms(800), slots: fc.constantFrom(160, 200, 400) }), weight: 3 },
  { arbitrary: fc.record({ ...kind('terminate'), pick }), weight: 8 },
);

/** The commands of a seed: always the same, however many of them are asked for. */
export const commandsOf = (seed: number, count: number): Command[] => fc.sample(command, { seed, numRuns: count });
