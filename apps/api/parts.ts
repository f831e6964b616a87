import type { Parts } from '#libs/parts';

/** What the API needs of what every process starts from. */
export type ApiParts = Parts;

/** The injection token under which controllers get the parts. */
export const PARTS = Symbol('parts');
