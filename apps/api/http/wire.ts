import { isAddress } from '@solana/kit';
import { z } from 'zod';
import { CURRENCIES, NETWORKS } from '#libs/money/assets';

/** The words of the wire that every resource uses. */
export const Network = z.enum(NETWORKS).meta({ id: 'Network' });
export const Currency = z.enum(CURRENCIES).meta({ id: 'Currency' });

/** Decimal digits, no sign, no leading zero; what it may be at most is judged by the operation. */
export const AmountAtomic = z
  .string()
  .max(128)
  .regex(/^(0|[1-9][0-9]*)$/, 'Decimal digits, without sign, point or leading zero.')
  .meta({ id: 'AmountAtomic', description: 'An amount in atoms: 1 USDC is "1000000".', example: '100000' });

export const Address = z
  .string()
  .max(64)
  .refine(isAddress, 'A Solana address is needed: 32 bytes in base58.')
  .meta({ id: 'Address', example: 'BcN4ToBs8jE3dbYNhYqDJqGnKPjH3zRX8gsDUDH72JQp' });

export const Signature = z.string().meta({ id: 'Signature', description: 'A transaction signature in base58.' });
export const Hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ id: 'Hash', description: 'SHA-256 in lower-case hex.' });

/** A time in an answer. */
export const Time = z.iso.datetime({ precision: 3 }).meta({ id: 'Time', description: 'RFC 3339 UTC with milliseconds.' });
/** A time in a request: with any offset that is in use and any precision, in the years that PostgreSQL and RFC 3339 both have. */
export const AskedTime = z.iso
  .datetime({ offset: true })
  .max(64)
  .refine(text => !/^0000|[+-](1[5-9]|2\d):\d\d$/.test(text), 'A year from 0001 and an offset of at most 14 hours are needed.');

/** `limit`, as digits: `Number` would take "0x10" and "1e1" for numbers too. */
const Limit = z
  .preprocess(
    text => (typeof text === 'string' && /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : text),
    z.int().min(1).max(200),
  )
  .default(50);

export const ClientReference = z.string().min(1).max(256);
export const Metadata = z.record(z.string(), z.unknown());

export const WorkflowRef = z.strictObject({ id: z.string(), url: z.string().nullable() });

/** What any list takes. */
export const ListQuery = {
  limit: Limit,
  cursor: z.string().min(1).max(512).optional(),
  'created[gte]': AskedTime.optional(),
  'created[lt]': AskedTime.optional(),
};

/** What any list answers. */
export const listOf = <Item extends z.ZodType>(item: Item, id: string) =>
  z.strictObject({ items: z.array(item), next_cursor: z.string().nullable() }).meta({ id });

/** A token account of a treasury; it takes no money before it is open. */
export const TreasuryAccount = z.strictObject({
  currency: Currency,
  asset: Address,
  token_program: Address,
  token_account: Address,
  opened_at: Time.nullable(),
});
