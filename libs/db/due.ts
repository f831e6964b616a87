import { type RawBuilder, sql } from 'kysely';

/** A row's next due time, so many milliseconds from now; null leaves it as it is. */
export const dueIn = (ms: number | null): RawBuilder<Date> =>
  ms === null ? sql<Date>`next_due_at` : sql<Date>`now() + ${ms}::float8 * interval '1 millisecond'`;
