import { readFileSync } from 'node:fs';

/** JSON Schema, as far as the document uses it. */
export interface Schema {
  $ref?: string;
  type?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  anyOf?: Schema[];
  required?: string[];
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  schema: Schema;
}

interface Operation {
  security?: object[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { description: string }>;
}

/** One operation of the API, as its document has it. */
export interface Route extends Operation {
  name: string;
  method: string;
  path: string;
  keyed: boolean;
  query: Parameter[];
  params: string[];
  body: Schema | null;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
}

/** The committed document: the check holds it to the code, so a route cannot exist and be missing here. */
export const DOCUMENT = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as Document;

const PLACEHOLDER = /\{([^}]+)\}/g;

export const ROUTES: Route[] = Object.entries(DOCUMENT.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([verb, operation]) => ({
    ...operation,
    name: `${verb.toUpperCase()} ${path}`,
    method: verb.toUpperCase(),
    path,
    keyed: (operation.security ?? []).length > 0,
    query: (operation.parameters ?? []).filter(one => one.in === 'query'),
    params: [...path.matchAll(PLACEHOLDER)].map(match => match[1] ?? ''),
    body: operation.requestBody?.content['application/json']?.schema ?? null,
  })),
);

export const KEYED_ROUTES = ROUTES.filter(route => route.keyed);
export const LISTS = KEYED_ROUTES.filter(route => route.query.some(one => one.name === 'cursor'));

/** Whether the route reads an Idempotency-Key. */
export const takesKey = (route: Route): boolean => (route.parameters ?? []).some(one => one.name === 'Idempotency-Key');

/** The route's URL with its placeholders filled, percent-encoded unless told otherwise. */
export const urlOf = (route: Route, fill: (param: string) => string, encode = encodeURIComponent): string =>
  route.path.replace(PLACEHOLDER, (_, param: string) => encode(fill(param)));

/** The methods that the document has for a URL, whichever of its paths they stand under. */
export function methodsAt(url: string): string[] {
  const here = ROUTES.filter(route => new RegExp(`^${route.path.replace(PLACEHOLDER, '[^/]+')}$`).test(url));
  return here.map(route => route.method);
}

/** The schema itself, whoever it is named by. */
export function resolved(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  let found: unknown = DOCUMENT;
  for (const step of schema.$ref.replace(/^#\//, '').split('/')) found = (found as Record<string, unknown>)[step];
  return resolved(found as Schema);
}
