import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '#apps/dev/project';

/*
 * `npm test`, after the build: the static checks, every vitest project, and the steps that none of them reached. Its last
 * line sums all of it up. Names of projects as arguments run only those.
 */

const PROJECTS = ['unit', 'conformance', 'e2e', 'guarantees', 'model'];

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numFailedTestSuites: number;
}

const chosen = process.argv.slice(2);
const whole = chosen.length === 0;
const folder = mkdtempSync(join(tmpdir(), 'ebb-test-'));
const stepFile = join(folder, 'steps');
const sum = { passed: 0, failed: 0, skipped: 0 };

try {
  if (whole) count(await run('npm', ['run', '--silent', 'check']));
  for (const project of whole ? PROJECTS : chosen) await runProject(project);
  if (whole) count(await run(process.execPath, [join(projectRoot, 'dist', 'test', 'reached.js'), stepFile]));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}\n`);
process.exit(sum.failed > 0 ? 1 : 0);

/** A check counts as one test. */
function count(code: number): void {
  if (code === 0) sum.passed++;
  else sum.failed++;
}

async function runProject(project: string): Promise<void> {
  const file = join(folder, `${project}.json`);
  const code = await run(process.execPath, [
    join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ]);
  const report = readReport(file);
  sum.passed += report.numPassedTests;
  sum.failed += report.numFailedTests;
  sum.skipped += report.numPendingTests;
  // A run that failed without a failed test: a file that did not load, a set-up that broke.
  if (code !== 0 && report.numFailedTests === 0) sum.failed += Math.max(1, report.numFailedTestSuites);
}

function readReport(file: string): Report {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numFailedTestSuites: 0 };
  }
}

/** Runs a program in the project's root with this terminal; its exit code, or 1 where a signal ended it. */
function run(file: string, args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: projectRoot,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, EBB_STEP_FILE: stepFile },
    });
    child.on('error', reject);
    child.on('exit', code => resolve(code ?? 1));
  });
}
