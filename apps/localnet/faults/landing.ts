import type { TransactionError } from '../chain/errors.ts';
import { landFailed, phantomOf } from '../chain/landing.ts';
import type { WireTransaction } from '../chain/wire.ts';
import type { Node } from '../rpc/node.ts';

const SOME_ERROR = { InstructionError: [0, { Custom: 1 }] };

/** Hands a transaction to the chain, in the way its node's faults have it. */
export function deliver(node: Node, tx: WireTransaction, maxRetries: number): void {
  const { chain, landing } = node;
  const haunt = (level: 'processed' | 'confirmed', slots: number, err: TransactionError | null, onGone: () => void) => {
    const phantom = phantomOf(chain, tx, { level, until: chain.heads.open + slots, err, onGone });
    if (phantom) chain.haunt(phantom);
  };
  if (landing.kind === 'usual') chain.submit(tx, maxRetries);
  if (landing.kind === 'fail') landFailed(chain, tx, landing.err);
  if (landing.kind === 'gone') haunt(landing.seen, landing.slots, null, () => {});
  if (landing.kind === 'error_then_success') haunt('processed', landing.slots, SOME_ERROR, () => void chain.land(tx));
}
