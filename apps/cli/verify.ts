#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { readChainText } from '#libs/receipts/chain-text';
import { verifyChain } from '#libs/receipts/verify';

const USAGE = `usage: ebb-verify FILE
  verifies an agent's receipts offline: JSON Lines, a JSON array, or a saved answer of GET /v1/receipts/{agent}; - reads
  standard input. Prints {"ok":true,"count"} and ends with 0, or {"ok":false,"nonce","reason"} and 1; 2 when it cannot read.
`;

const [file, ...rest] = process.argv.slice(2);
if (file === '--help' || file === '-h') process.stdout.write(USAGE);
else if (file === undefined || rest.length > 0) fail(USAGE);
else {
  try {
    const verdict = verifyChain(readChainText(readFileSync(file === '-' ? 0 : file, 'utf8')));
    process.stdout.write(`${JSON.stringify(verdict)}\n`);
    process.exitCode = verdict.ok ? 0 : 1;
  } catch (error) {
    fail(`ebb-verify: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

function fail(text: string): void {
  process.stderr.write(text);
  process.exitCode = 2;
}
