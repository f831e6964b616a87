import { fromBase58 } from '../chain/base58.ts';
import { feeOf } from '../chain/fees.ts';
import { MAX_PROCESSING_AGE } from '../chain/slots.ts';
import { decodeMessage, WireError } from '../chain/wire.ts';
import { invalidParams } from './error.ts';
import { asked, inContext, type Node } from './node.ts';
import { atLeast, config, text } from './params.ts';

/** Fees are told for longer than the blockhash is good. */
const FEES_KNOWN_FOR = 300;

/** The newest blockhash at a slot and the last height at which it is good. */
export function blockhashAt(node: Node, slot: number) {
  const height = node.chain.slots.height(slot);
  return { blockhash: node.chain.slots.hash(height), lastValidBlockHeight: height + MAX_PROCESSING_AGE };
}

export function getLatestBlockhash(node: Node, [options]: unknown[]) {
  const at = asked(node, config(options));
  return inContext(at, blockhashAt(node, at.slot));
}

export function isBlockhashValid(node: Node, params: unknown[]) {
  atLeast(params, 1);
  const hash = hashText(text(params[0]));
  const at = asked(node, config(params[1]));
  return inContext(at, node.chain.isBlockhashValid(hash, at.slot));
}

/** A validator parses the hash before it looks for it. */
function hashText(text: string): string {
  try {
    if (fromBase58(text).length === 32) return text;
  } catch {
    throw invalidParams('Invalid');
  }
  throw invalidParams('WrongSize');
}

export function getFeeForMessage(node: Node, params: unknown[]) {
  atLeast(params, 1);
  const at = asked(node, config(params[1]));
  try {
    const message = decodeMessage(new Uint8Array(Buffer.from(text(params[0]), 'base64')));
    return inContext(at, node.chain.isBlockhashValid(message.blockhash, at.slot, FEES_KNOWN_FOR) ? feeOf(message) : null);
  } catch (error) {
    if (error instanceof WireError)
      throw invalidParams(`failed to deserialize solana_message::non_bpf_modules::versions::VersionedMessage: ${error.message}`);
    throw error;
  }
}
