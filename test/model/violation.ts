/** Something that Ebb must never do, or did not do in time. The first ends the run. */
export class Violation extends Error {
  override name = 'Violation';
}

/** Ends the run unless it holds. */
export function must(holds: boolean, what: () => string): asserts holds {
  if (!holds) throw new Violation(what());
}
