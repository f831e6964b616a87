import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fundBuyer, openBuyer } from './buyer.ts';
import { projectRoot } from './project.ts';

/*
 * `npm run pay -- URL`: pays a payment link of the running `npm run dev` with the official x402 client, as a buyer with
 * money from the local chain's faucet. Prints the answer, and the transaction that paid for it.
 */

const USAGE = 'usage: npm run pay -- URL [--data FOLDER]\n';
const FUNDS = 1_000_000_000n;

const { values, positionals } = parseArgs({ options: { data: { type: 'string' } }, allowPositionals: true });
const [url] = positionals;
if (url === undefined) {
  process.stderr.write(USAGE);
  process.exit(2);
}
const data = values.data ?? join(projectRoot, '.ebb', 'dev');
const portsFile = join(data, 'ports.json');
if (!existsSync(portsFile)) {
  process.stderr.write(`no stack has run on ${data}: start \`npm run dev\` first\n`);
  process.exit(1);
}
const ports = JSON.parse(readFileSync(portsFile, 'utf8')) as { localnet: number; localnetAdmin: number };
const buyer = await openBuyer(`http://127.0.0.1:${ports.localnet}`, secret());
if ((await buyer.balance()) < FUNDS / 2n) await fundBuyer(`http://127.0.0.1:${ports.localnetAdmin}`, buyer, FUNDS);

const answer = await buyer.fetch(url);
process.stdout.write(`HTTP ${answer.status}\n${await answer.text()}\n`);
const receipt = answer.headers.get('payment-response');
if (receipt !== null) process.stdout.write(`${Buffer.from(receipt, 'base64').toString()}\n`);
process.exit(answer.ok ? 0 : 1);

/** The same buyer each time. */
function secret(): Buffer {
  const file = join(data, 'buyer-key');
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600 });
  return Buffer.from(readFileSync(file, 'utf8'), 'base64');
}
