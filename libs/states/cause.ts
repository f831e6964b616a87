/** Who may cause an edge: the API's caller, the carrying workflow, an operator, or the watch over finality. */
export type Cause = 'caller' | 'carrier' | 'operator' | 'finality';

/** What an actor of an event may be the cause of: a key acts for its caller, and with the scope for it as an operator. */
export function causesOf(actor: { type: string; id: string }): readonly Cause[] {
  if (actor.type === 'api_key') return ['caller', 'operator'];
  if (actor.type === 'operator') return ['operator'];
  if (actor.type === 'workflow') return [actor.id === 'watchFinality' ? 'finality' : 'carrier'];
  return [];
}

interface Edge {
  from: string;
  to: string;
  by: readonly Cause[];
}

/** The edge between two states, or null where nothing changes. Throws where there is none, or not for them: a defect. */
export function edgeOf<E extends Edge>(
  what: string,
  edges: readonly E[],
  { from, to, causes }: { from: string; to: string; causes: readonly Cause[] },
): E | null {
  if (from === to) return null;
  const found = edges.find(one => one.from === from && one.to === to);
  if (!found) throw new Error(`a ${what} does not go from ${from} to ${to}`);
  if (!found.by.some(one => causes.includes(one))) throw new Error(`a ${what} does not go from ${from} to ${to} by ${causes}`);
  return found;
}
