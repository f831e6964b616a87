import { type RawBuilder, sql } from 'kysely';
import { dueIn } from '#libs/db/due';
import { PEOPLE_LOOK_MS } from '#libs/states/pace';

/**
 * When a refund's carrier is next to be heard of, by the row as it stands: so long from now, or, where it sleeps until a person
 * comes, so long after it wakes by itself. Null: it is late already.
 */
export const refundDue = (silence_ms: number | null): RawBuilder<Date> =>
  silence_ms === null
    ? dueIn(null)
    : sql<Date>`case when status like 'requires\\_%' and waiting ->> 'expires_at' is not null
        then greatest(now(), least((waiting ->> 'expires_at')::timestamptz, now() + ${PEOPLE_LOOK_MS}::float8 * interval '1 millisecond'))
        else now() end + ${silence_ms}::float8 * interval '1 millisecond'`;
