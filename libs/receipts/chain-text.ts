/**
 * Reads a chain from text: JSON Lines, a JSON array, or an answer of the API with the receipts in `items` or `chain`.
 * A list that is newest first, as the API's lists are, is turned around. `undefined` stands for a line that is not JSON.
 */
export function readChainText(text: string): unknown[] {
  const whole = parse(text);
  const list = asList(whole);
  if (list) return oldestFirst(list);
  return oldestFirst(
    text
      .split('\n')
      .filter(line => line.trim() !== '')
      .map(parse),
  );
}

function asList(whole: unknown): unknown[] | null {
  if (Array.isArray(whole)) return whole;
  if (typeof whole !== 'object' || whole === null) return null;
  if ('items' in whole && Array.isArray(whole.items)) return whole.items;
  if ('chain' in whole && Array.isArray(whole.chain)) return whole.chain;
  return null;
}

const nonceOf = (receipt: unknown): number =>
  typeof receipt === 'object' && receipt !== null && 'nonce' in receipt ? Number(receipt.nonce) : Number.NaN;

const oldestFirst = (list: unknown[]): unknown[] => (nonceOf(list[0]) > nonceOf(list.at(-1)) ? list.toReversed() : list);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
