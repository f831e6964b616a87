import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder that holds package.json, from the sources as from the built form. */
export const projectRoot = findRoot(import.meta.dirname);

/** A built program of Ebb. Whatever runs as a process runs from the built form, also when a test runs from source. */
export function built(path: string): string {
  const file = join(projectRoot, 'dist', path);
  if (!existsSync(file)) throw new Error(`${file} is missing: run \`npm run build\` first`);
  return file;
}

function findRoot(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const up = dirname(from);
  if (up === from) throw new Error(`no package.json above ${import.meta.dirname}`);
  return findRoot(up);
}
