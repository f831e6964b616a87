import { parseArgs } from 'node:util';
import { runModel } from './run.ts';

/*
 * `npm run model -- --commands N --seed S --json`: the model-based test with any number of commands. The seed says which;
 * the last line is the sum of it, and with a violation the exit code is 1.
 */
const { values } = parseArgs({
  options: {
    commands: { type: 'string', default: '2000' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
    calm: { type: 'boolean', default: false },
  },
});
const commands = Number(values.commands);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
if (!Number.isSafeInteger(commands) || commands < 1) throw new Error('--commands is a number from 1');
if (!Number.isSafeInteger(seed)) throw new Error('--seed is a whole number');

const report = await runModel({ commands, seed, calm: values.calm, tell: line => process.stderr.write(`${line}\n`) });
const { commands: done, crashes, payments, refunds, violations, fault, ...more } = report;
if (fault) process.stderr.write(`${fault}\n`);
process.stderr.write(`${JSON.stringify(more)}\n`);
const sums = { commands: done, crashes, payments, refunds, violations, seed };
process.stdout.write(
  values.json
    ? `${JSON.stringify(sums)}\n`
    : `${done} commands, ${crashes} crashes, ${payments} payments, ${refunds} refunds, ${violations} violations, seed ${seed}\n`,
);
process.exit(violations > 0 ? 1 : 0);
