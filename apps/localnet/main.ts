import { readFlags } from './flags.ts';
import { startLocalnet } from './localnet.ts';

// One line of JSON on stdout when everything answers; nothing else is ever written there.
const { exitWithStdin, ...options } = readFlags(process.argv.slice(2));
const localnet = await startLocalnet(options);
process.stdout.write(`${JSON.stringify(localnet.urls)}\n`);

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await localnet.close();
  process.exit(0);
}
process.on('SIGTERM', () => void end());
process.on('SIGINT', () => void end());
if (exitWithStdin)
  process.stdin
    .on('end', () => void end())
    .on('error', () => void end())
    .resume();
