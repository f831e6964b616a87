import { readFlags } from './flags.ts';
import { type Localnet, startLocalnet } from './localnet.ts';

const { exitWithStdin, ...options } = readFlags(process.argv.slice(2));

let localnet: Localnet | null = null;
let ending = false;

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await localnet?.close();
  process.exit(0);
}

// Before anyone is told that the chain is up, so that whoever is told can also end it.
process.on('SIGTERM', () => void end());
process.on('SIGINT', () => void end());
if (exitWithStdin)
  process.stdin
    .on('end', () => void end())
    .on('error', () => void end())
    .resume();

localnet = await startLocalnet(options);
// One line of JSON on stdout when everything answers; nothing else is ever written there.
process.stdout.write(`${JSON.stringify(localnet.urls)}\n`);
