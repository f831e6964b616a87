import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { awaitEnding } from './ending.ts';
import { progressLines } from './progress.ts';
import { projectRoot } from './project.ts';
import { keyFile, readyKey } from './ready-key.ts';
import { type Stack, startStack } from './stack.ts';
import { restartWhatEnds } from './watch.ts';

/*
 * `npm run dev`: keeps Ebb up until Ctrl-C, on data that stays from run to run, with Temporal's UI and a ready API key.
 * Its parts end with it, however it ends; `--end-with-parent` (npm's script says so) ends it when npm itself is killed.
 */

const { values } = parseArgs({
  options: { data: { type: 'string' }, 'end-with-parent': { type: 'boolean', default: false } },
});
const write = (line: string) => process.stdout.write(`${line}\n`);
process.stdout.on('error', () => undefined); // a closed pipe is no reason to leave the parts without their order of ending

const ending = awaitEnding(values['end-with-parent']);
let stack: Stack;
try {
  write('Ebb is starting');
  stack = await startStack({
    dataDirectory: values.data ?? join(projectRoot, '.ebb', 'dev'),
    ui: true,
    progress: progressLines(write),
    signal: ending.signal,
  });
} catch (error) {
  if (ending.signal.aborted) process.exit(0);
  write(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

try {
  const key = await readyKey(stack);
  restartWhatEnds(stack, ending.signal, write);
  write(summary(stack, key));
  await ending.asked;
  write('Ebb is stopping');
} finally {
  await stack.stop();
}
write('Ebb has stopped');
process.exit(0);

function summary(stack: Stack, key: string): string {
  const { urls, timings, directory } = stack;
  const lines = [
    ['API', urls.api],
    ['API reference', `${urls.api}/api/reference`],
    ['API key', `${key} (also in ${keyFile(stack)})`],
    ['Temporal UI', urls.temporalUi ?? '(of the server at TEMPORAL_ADDRESS)'],
    ['Solana RPC', urls.rpc],
    ['facilitator', urls.facilitator],
    ['PostgreSQL', urls.database],
    ['data, logs', directory],
  ];
  return [`Ebb is up after ${timings.total} ms`, ...lines.map(([name = '', value]) => `  ${name.padEnd(14)} ${value}`)].join(
    '\n',
  );
}
