import { type RawBuilder, sql } from 'kysely';
import { type Position, readCursor, writeCursor } from './cursor.ts';

/** What a caller asks of any list. */
export interface PageAsk {
  limit: number;
  cursor?: string | undefined;
  'created[gte]'?: string | undefined;
  'created[lt]'?: string | undefined;
}

/** What any list answers. */
export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** Selects a row's place, as `position_at`, with the microseconds that the cursor needs. */
export const positionAt = (createdAt: string): RawBuilder<string> =>
  sql<string>`to_char(${sql.ref(createdAt)} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** The rows of this page and of the asked span; to be ordered by creation and id, both falling, and limited to `limit + 1`. */
export function inPage(cursorKey: Buffer, ask: PageAsk, createdAt: string, id: string): RawBuilder<boolean> {
  if (ask.cursor === undefined) return inSpan(ask, createdAt);
  const after = readCursor(cursorKey, ask.cursor);
  const beyond = sql<boolean>`(${sql.ref(createdAt)}, ${sql.ref(id)}) < (${after.at}::timestamptz, ${after.id})`;
  return sql<boolean>`(${beyond} and ${inSpan(ask, createdAt)})`;
}

/** The rows created in the asked span. */
export function inSpan(ask: Omit<PageAsk, 'limit'>, createdAt: string): RawBuilder<boolean> {
  const created = sql.ref(createdAt);
  const conditions = [sql<boolean>`true`];
  if (ask['created[gte]'] !== undefined) conditions.push(sql<boolean>`${created} >= ${ask['created[gte]']}::timestamptz`);
  if (ask['created[lt]'] !== undefined) conditions.push(sql<boolean>`${created} < ${ask['created[lt]']}::timestamptz`);
  return sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}

/** Cuts `limit + 1` rows to a page: the one too many only says that there is a next. */
export function cutPage<Row extends { id: string; position_at: string }>(
  cursorKey: Buffer,
  rows: readonly Row[],
  limit: number,
): { rows: Row[]; next_cursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const position: Position | null = last === undefined || rows.length <= limit ? null : { at: last.position_at, id: last.id };
  return { rows: shown, next_cursor: position === null ? null : writeCursor(cursorKey, position) };
}

/** The views of a page's rows, in the order of the rows; `view` may answer in any order. */
export async function viewPage<Row extends { id: string }, View extends { id: string }>(
  page: { rows: Row[]; next_cursor: string | null },
  view: (ids: string[]) => Promise<View[]>,
): Promise<Page<View>> {
  const views = new Map((await view(page.rows.map(row => row.id))).map(one => [one.id, one]));
  return { items: page.rows.flatMap(row => views.get(row.id) ?? []), next_cursor: page.next_cursor };
}

export const mapPage = <From, To>(page: Page<From>, to: (item: From) => To): Page<To> => ({ ...page, items: page.items.map(to) });
