import { fromBase58 } from '../chain/base58.ts';
import { decodeTransaction, sanitizeProblem, WireError, type WireTransaction } from '../chain/wire.ts';
import { invalidParams } from './error.ts';

export const TRANSACTION_ENCODINGS = ['binary', 'base64', 'base58', 'json', 'jsonParsed'] as const;

const TYPE = 'solana_transaction::versioned::VersionedTransaction';
const MAX_RAW = 1_232;
const MAX_ENCODED = { base58: 1_683, base64: 1_644 };

/** A transaction out of a parameter, or what a validator says about a text that is none. */
export function transactionParam(text: string, encoding: string): WireTransaction {
  if (encoding !== 'base58' && encoding !== 'base64')
    throw invalidParams(`unsupported encoding: ${encoding}. Supported encodings: base58, base64`);
  if (text.length > MAX_ENCODED[encoding])
    throw invalidParams(
      `${encoding} encoded ${TYPE} too large: ${text.length} bytes (max: encoded/raw ${MAX_ENCODED[encoding]}/${MAX_RAW})`,
    );
  const bytes = encoding === 'base58' ? unbase58(text) : unbase64(text);
  if (bytes.length > MAX_RAW) throw invalidParams(`decoded ${TYPE} too large: ${bytes.length} bytes (max: ${MAX_RAW} bytes)`);
  try {
    const tx = decodeTransaction(bytes);
    const problem = sanitizeProblem(tx);
    if (problem) throw invalidParams(`invalid transaction: ${problem}`);
    return tx;
  } catch (error) {
    if (error instanceof WireError) throw invalidParams(`failed to deserialize ${TYPE}: ${error.message}`);
    throw error;
  }
}

function unbase58(text: string): Uint8Array {
  try {
    return fromBase58(text);
  } catch {
    const at = [...text].findIndex(c => !/[1-9A-HJ-NP-Za-km-z]/.test(c));
    throw invalidParams(`invalid base58 encoding: InvalidCharacter { character: '${text[at]}', index: ${at} }`);
  }
}

function unbase64(text: string): Uint8Array {
  const at = text.search(/[^A-Za-z0-9+/=]/);
  if (at >= 0) throw invalidParams(`invalid base64 encoding: InvalidByte(${at}, ${text.charCodeAt(at)})`);
  if (text.length % 4 !== 0) throw invalidParams('invalid base64 encoding: InvalidPadding');
  return new Uint8Array(Buffer.from(text, 'base64'));
}
