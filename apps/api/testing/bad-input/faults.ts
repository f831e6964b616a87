import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { DOCUMENT, resolved, type Schema } from './routes.ts';

/** A good body with one thing wrong in it, and where. */
export interface Faulty {
  what: string;
  body: unknown;
  pointer: string;
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(DOCUMENT, 'document');

/** Values of every type and unit that somebody could mistake for the right one. */
const VALUES: unknown[] = [
  null,
  true,
  0,
  7,
  -1,
  1.5,
  1e30,
  '',
  ' ',
  '7',
  '1.5',
  '-1',
  '+1',
  '01',
  '1e6',
  '0x10',
  '1_000',
  '١٢٣',
  ' 1',
  '1\n',
  'true',
  'nonsense',
  'ftp://a.test/b',
  'javascript:alert(1)',
  'x'.repeat(3_000),
  [],
  [null],
  ['x'],
  {},
  { a: 1 },
];
/** What no schema says and the reader of an address must see: letters that base58 lacks, too few bytes, too many. */
const NO_ADDRESSES = ['me', '0OIl'.repeat(10), '1'.repeat(31), 'z'.repeat(44), '1'.repeat(45)];

/** The values a place does not take. */
export function wrongValues(schema: Schema): unknown[] {
  const plain = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as object;
  const validate = ajv.compile(plain);
  const wrong = VALUES.filter(value => !validate(value));
  return schema.$ref?.endsWith('/Address') ? [...wrong, ...NO_ADDRESSES] : wrong;
}

/**
 * Every body that is one fault away from a good one: each field with each value it does not take, each needed field left
 * out, each object with a field too many.
 */
export function faultyBodies(schema: Schema, good: unknown, pointer = ''): Faulty[] {
  const { properties, additionalProperties, required = [], anyOf } = resolved(schema);
  if (anyOf !== undefined) {
    const object = anyOf.find(one => resolved(one).properties !== undefined);
    return object === undefined ? [] : faultyBodies(object, good, pointer);
  }
  if (properties === undefined) return [];
  const whole = (typeof good === 'object' && good !== null ? good : {}) as Record<string, unknown>;
  const found: Faulty[] = [];
  if (additionalProperties === false) {
    for (const name of ['unknown', 'constructor', 'toString', 'a/b~c', '']) {
      found.push({
        what: `unknown field ${JSON.stringify(name)}`,
        body: { ...whole, [name]: 1 },
        pointer: `${pointer}/${escaped(name)}`,
      });
    }
  }
  for (const [name, field] of Object.entries(properties)) {
    const at = `${pointer}/${name}`;
    for (const value of wrongValues(field)) {
      found.push({ what: `${at} = ${JSON.stringify(value).slice(0, 40)}`, body: { ...whole, [name]: value }, pointer: at });
    }
    if (required.includes(name)) {
      const { [name]: _, ...rest } = whole;
      found.push({ what: `without ${at}`, body: rest, pointer: at });
    }
    for (const inner of faultyBodies(field, whole[name], at)) found.push({ ...inner, body: { ...whole, [name]: inner.body } });
  }
  return found;
}

/** Where a body can hold anything: what no schema looks into must still be storable. */
export function freePlaces(schema: Schema, pointer = ''): string[] {
  const { properties = {} } = resolved(schema);
  return Object.entries(properties).flatMap(([name, field]) => {
    const { type, additionalProperties, properties: own } = resolved(field);
    const free = type === 'object' && own === undefined && typeof additionalProperties === 'object';
    return free ? [`${pointer}/${name}`] : freePlaces(field, `${pointer}/${name}`);
  });
}

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
