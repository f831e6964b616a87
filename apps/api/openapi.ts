import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Settings } from '#libs/config/config';
import { PROBLEM_CODES } from '#libs/problems/catalogue';
import { openLog } from '#libs/telemetry/log';
import { errorPage } from './docs/error-page.ts';
import { openApiDocument } from './docs/reference.ts';
import { statesPage } from './docs/states-page.ts';
import type { ApiParts } from './parts.ts';
import { openApi } from './server.ts';

/**
 * Writes what is made from the code and committed: docs/openapi.json, docs/states.md, a page per refusal (docs/errors). With
 * `--verify` it writes nothing and fails where a file differs, so that neither can drift from what the API does.
 */
const ERRORS = join('docs', 'errors');

const wanted = new Map<string, string>(PROBLEM_CODES.map(code => [join(ERRORS, `${code}.md`), errorPage(code)]));
wanted.set(join('docs', 'openapi.json'), `${JSON.stringify(await document(), null, 2)}\n`);
wanted.set(join('docs', 'states.md'), statesPage());

const standing = new Map<string, string>(
  [...wanted.keys(), ...pages()].flatMap(path => {
    const text = read(path);
    return text === null ? [] : [[path, text]];
  }),
);
const drifted = [...new Set([...wanted.keys(), ...standing.keys()])].filter(path => wanted.get(path) !== standing.get(path));

if (process.argv.includes('--verify')) {
  if (drifted.length > 0) {
    process.stderr.write(`not what the code makes; run npm run openapi:\n${drifted.map(path => `  ${path}\n`).join('')}`);
    process.exitCode = 1;
  }
} else {
  for (const path of drifted) {
    const text = wanted.get(path);
    if (text === undefined) rmSync(path);
    else write(path, text);
  }
}

/** The document needs the routes, and the routes need nothing opened. */
async function document(): Promise<unknown> {
  const log = openLog('openapi', 'silent');
  const api = await openApi({ config: Settings.parse({}), log, facilitators: new Map() } as unknown as ApiParts);
  const made = openApiDocument(api.app);
  await api.close();
  return made;
}

function pages(): string[] {
  try {
    return readdirSync(ERRORS).map(name => join(ERRORS, name));
  } catch {
    return [];
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
