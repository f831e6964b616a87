#!/usr/bin/env node
import { need, readConfig } from '#libs/config/config';
import { migrate } from '#libs/db/migrate';
import { readCommand, USAGE } from './arguments.ts';
import { mintKeyCommand } from './mint-key-command.ts';

const command = readCommand(process.argv.slice(2));
if (command.kind === 'usage') {
  process.stderr.write(command.fault === null ? USAGE : `${command.fault}\n\n${USAGE}`);
  process.exitCode = command.fault === null ? 0 : 2;
} else {
  try {
    const config = readConfig();
    const url = need(config, 'DATABASE_URL');
    if (command.kind === 'migrate') {
      const applied = await migrate(url);
      process.stdout.write(applied.length === 0 ? 'up to date\n' : applied.map(name => `applied ${name}\n`).join(''));
    } else {
      process.stdout.write(await mintKeyCommand(config, url, command));
    }
  } catch (error) {
    process.stderr.write(`ebb: ${reasons(error)}\n`);
    process.exitCode = 1;
  }
}

/** An error and what caused it, on one line. */
function reasons(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasons).join('; ');
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${reasons(error.cause)}`;
}
