import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

interface Operation {
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
}
export interface Document {
  paths: Record<string, Record<string, Operation>>;
}

export interface Exchange {
  method: string;
  url: string;
  status: number;
  contentType: string;
  body: unknown;
}

/**
 * Holds answers to the OpenAPI document: returns what is wrong with one, or null. An answer that the document does not
 * name is wrong; so is one of a path it does not have, unless the answer says just that.
 */
export function holdTo(document: Document): (exchange: Exchange) => string | null {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, 'document');
  const paths = Object.keys(document.paths).map(path => ({ path, pattern: patternOf(path) }));
  return ({ method, url, status, contentType, body }) => {
    const path = pathOf(paths, url.split('?', 1)[0] ?? '');
    const operation = path === null ? undefined : document.paths[path]?.[method.toLowerCase()];
    if (path === null || operation === undefined) {
      return [400, 404, 405, 414].includes(status) ? null : `${method} ${url} is not in the document`;
    }
    const named = operation.responses[status] === undefined ? 'default' : String(status);
    const response = operation.responses[named];
    if (response === undefined) return `${method} ${path} does not name ${status}`;
    const media = contentType.split(';', 1)[0] ?? '';
    if (response.content === undefined) return body === null ? null : `${method} ${path} names no content for ${status}`;
    if (response.content['*/*'] !== undefined) return null;
    if (response.content[media] === undefined) return `${method} ${path} ${status} does not name ${media}`;
    const steps = ['paths', path, method.toLowerCase(), 'responses', named, 'content', media, 'schema'];
    const validate = ajv.getSchema(`document#/${steps.map(escaped).join('/')}`);
    if (validate === undefined) return `${method} ${path} ${status} has no schema`;
    return validate(body) ? null : `${method} ${path} ${status}: ${ajv.errorsText(validate.errors)}`;
  };
}

const escaped = (step: string): string => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'));

const patternOf = (path: string): RegExp => new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}$`);

/** A path without parameters is meant before one with. */
function pathOf(paths: { path: string; pattern: RegExp }[], url: string): string | null {
  const fits = paths.filter(one => one.pattern.test(url));
  return (fits.find(one => !one.path.includes('{')) ?? fits[0])?.path ?? null;
}
