import type { FieldFault } from '#libs/problems/refusal';

type Path = readonly (string | number)[];

/** An issue of the Standard Schema, with what zod adds: an unknown key's path is empty and its name is in `keys`. */
interface Issue {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[] | undefined;
  code?: string;
  keys?: readonly string[];
  /** Of a value that may be one of several: what each of them has against it. */
  errors?: readonly (readonly Issue[])[];
}

const MAX_POINTER = 512;

/** RFC 6901. The whole body is the empty pointer; a place whose name is very long is told by the one it is in. */
export function pointer(path: Path): string {
  let text = '';
  for (const part of path) {
    const step = `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (text.length + step.length > MAX_POINTER) break;
    text += step;
  }
  return text;
}

/** What is wrong, place by place, as the caller reads it. */
export function faultsOf(issues: readonly Issue[], value: unknown): FieldFault[] {
  return issues.flatMap(issue => {
    const path = (issue.path ?? []).map(part => (typeof part === 'object' ? part.key : part)).map(asPart);
    if (issue.code === 'unrecognized_keys') {
      return (issue.keys ?? []).map(key => ({
        detail: 'There is no such field.',
        pointer: pointer([...path, key]),
        code: 'unknown_field',
      }));
    }
    const meant = issue.errors?.find(against => !against.some(one => one.code === 'invalid_type' && one.path?.length === 0));
    if (meant !== undefined)
      return faultsOf(
        meant.map(one => ({ ...one, path: [...path, ...(one.path ?? [])] })),
        value,
      );
    const missing = issue.code?.startsWith('invalid_') === true && at(value, path) === undefined;
    return [
      missing
        ? { detail: 'This field is needed.', pointer: pointer(path), code: 'required' }
        : { detail: issue.message, pointer: pointer(path), code: issue.code ?? 'invalid' },
    ];
  });
}

/**
 * Text that JSON allows and nothing behind it can hold: NUL, half a surrogate pair, numbers beyond a double. Depth is
 * limited too, since whoever walks a value walks it by recursion.
 */
export function unstorable(value: unknown, path: Path = []): FieldFault[] {
  if (typeof value === 'string') return storable(value) ? [] : [fault(path, 'Text with NUL or half a surrogate pair.')];
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [fault(path, 'A number beyond what JSON readers hold.')];
  if (typeof value !== 'object' || value === null) return [];
  if (path.length >= MAX_DEPTH) return [fault(path, `Nested deeper than ${MAX_DEPTH}.`)];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(storable(key) ? [] : [fault(path, 'A name with NUL or half a surrogate pair.')]),
    ...unstorable(inner, [...path, key]),
  ]);
}

const MAX_DEPTH = 32;
const storable = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();
const fault = (path: Path, detail: string): FieldFault => ({ detail, pointer: pointer(path), code: 'unstorable' });
const asPart = (part: PropertyKey): string | number => (typeof part === 'number' ? part : String(part));

function at(value: unknown, path: Path): unknown {
  let here = value;
  for (const part of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Record<string | number, unknown>)[part];
  }
  return here;
}
