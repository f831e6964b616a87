import { createHmac, timingSafeEqual } from 'node:crypto';
import { refuse } from '#libs/problems/refusal';

/** A row's place in a list that is newest first. */
export interface Position {
  /** RFC 3339 UTC with six decimals: a JavaScript date would lose three of them, and with them rows. */
  at: string;
  /** Its place among those of one instant. */
  id: string;
}

const MAC_BYTES = 12;

/** Writes a position as the opaque `next_cursor` of a list, sealed so that a guessed one is told from ours. */
export function writeCursor(key: Buffer, position: Position): string {
  const payload = Buffer.from(JSON.stringify([position.at, position.id]));
  return Buffer.concat([mac(key, payload), payload]).toString('base64url');
}

/** Reads a `cursor`; refuses `invalid_request` for what this server did not write. */
export function readCursor(key: Buffer, text: string): Position {
  const bytes = Buffer.from(text, 'base64url');
  const payload = bytes.subarray(MAC_BYTES);
  const ours = bytes.length > MAC_BYTES && timingSafeEqual(mac(key, payload), bytes.subarray(0, MAC_BYTES));
  if (!ours)
    return refuse('invalid_request', { errors: [{ detail: 'Not a cursor of this list.', pointer: '/cursor', code: 'cursor' }] });
  const [at, id] = JSON.parse(payload.toString()) as [string, string];
  return { at, id };
}

/** A key for the cursors of one list only, by its name and whatever else tells it from others: a place in one is none in another. */
export const listKey = (key: Buffer, ...list: string[]): Buffer =>
  createHmac('sha256', key).update(JSON.stringify(list)).digest();

const mac = (key: Buffer, payload: Buffer): Buffer => createHmac('sha256', key).update(payload).digest().subarray(0, MAC_BYTES);
