import { type SearchAttributePair, TypedSearchAttributes } from '@temporalio/common';
import { searchAttributes } from '#workflows/contracts/search-attributes';

/** Search attributes as the outbox keeps them, by name, in the form the client takes. A name nobody knows is a defect. */
export function typedSearch(values: Record<string, unknown>): TypedSearchAttributes {
  const keys = new Map(Object.values(searchAttributes).map(key => [key.name as string, key]));
  const pairs = Object.entries(values).map(([name, value]) => {
    const key = keys.get(name);
    if (!key) throw new Error(`no search attribute ${name}`);
    return { key, value } as SearchAttributePair;
  });
  return new TypedSearchAttributes(pairs);
}
