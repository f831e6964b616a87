import { readFileSync } from 'node:fs';
import { afterEach } from 'vitest';
import { type Document, holdTo } from '#apps/api/testing/document';
import { noteAnswer } from '#apps/api/testing/noted';

/**
 * Holds every answer that a test gets from Ebb's API to the committed OpenAPI document, whoever asked: it stands between
 * the tests and `fetch`, the official clients' too. A test that got an answer the document does not promise fails.
 */
const document = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as Document;
const judge = holdTo(document);
/** Paths that only the API has; the local chain, the facilitator and Temporal answer on others. */
const OF_THE_API = /^\/(v1|x)\//;
const faults: string[] = [];
const plain = globalThis.fetch;

globalThis.fetch = async (input, init) => {
  const response = await plain(input, init);
  const { pathname, search } = new URL(input instanceof Request ? input.url : input);
  if (!OF_THE_API.test(pathname)) return response;
  const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
  const contentType = response.headers.get('content-type') ?? '';
  const text = await response.clone().text();
  const body: unknown = text === '' ? null : contentType.includes('json') ? JSON.parse(text) : text;
  noteAnswer(body, 'lived');
  const fault = judge({ method, url: pathname + search, status: response.status, contentType, body });
  if (fault !== null) faults.push(`${fault}: ${text.slice(0, 500)}`);
  return response;
};

afterEach(() => {
  const found = faults.splice(0);
  if (found.length > 0) throw new Error(`answers that the document does not promise:\n${[...new Set(found)].join('\n')}`);
});
