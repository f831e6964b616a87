import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runStory, type Story } from './demo-story.ts';
import { awaitEnding } from './ending.ts';
import { progressLines } from './progress.ts';
import { projectRoot } from './project.ts';
import { readyKey } from './ready-key.ts';
import { type Stack, startStack } from './stack.ts';

/*
 * `npm run demo`: from nothing to a payment that was paid, partly refunded and wholly refunded, on real parts; then it stays
 * up, to be looked at. `--exit` ends it after the story, `--json` prints the story's sums as one line at the end.
 */

const { values } = parseArgs({
  options: {
    exit: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    data: { type: 'string' },
    'end-with-parent': { type: 'boolean', default: false },
  },
});
const write = (line: string) => process.stdout.write(`${line}\n`);
process.stdout.on('error', () => undefined);

const ending = awaitEnding(values['end-with-parent']);
const dataDirectory = values.data ?? join(projectRoot, '.ebb', 'demo');
let stack: Stack;
try {
  write('Ebb is starting: PostgreSQL, Temporal, a local Solana, facilitator, API, relay, worker');
  stack = await startStack({ dataDirectory, ui: true, progress: progressLines(write), signal: ending.signal });
} catch (error) {
  if (ending.signal.aborted) process.exit(0);
  write(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

let story: Story | null = null;
let failure: unknown = null;
try {
  mkdirSync(dataDirectory, { recursive: true });
  story = await runStory(stack, await readyKey(stack, 'demo'), write);
  if (!values.exit) {
    write('Ebb stays up until Ctrl-C');
    await ending.asked;
  }
} catch (error) {
  failure = error;
} finally {
  await stack.stop();
}
if (failure) write(failure instanceof Error ? (failure.stack ?? failure.message) : String(failure));
if (values.json) write(JSON.stringify(story ?? { ok: false, error: String(failure) }));
process.exit(story?.ok ? 0 : 1);
