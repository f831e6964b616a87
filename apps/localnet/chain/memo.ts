import { MEMO, MEMO_1 } from './identity.ts';
import type { WireMessage } from './wire.ts';

/** The memos of a message as getSignaturesForAddress shows them: `[length] text`, joined by `; `; null without any. */
export function memoOf(message: WireMessage): string | null {
  const memos = message.instructions.flatMap(ix => {
    const program = message.staticKeys[ix.programIdIndex];
    if (program !== MEMO && program !== MEMO_1) return [];
    return [`[${ix.data.length}] ${memoText(ix.data) ?? '(unparseable)'}`];
  });
  return memos.length > 0 ? memos.join('; ') : null;
}

/** The memo as text; null when its bytes are no UTF-8. */
export function memoText(data: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return null;
  }
}
