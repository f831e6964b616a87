import { expect, test } from 'vitest';
import { runModel } from './run.ts';

const COMMANDS = 2_000;

test(`I1 to I6: ${COMMANDS} commands in any order, with crashes in between, break nothing`, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const report = await runModel({
    commands: COMMANDS,
    seed,
    tell: line => process.stdout.write(`model, seed ${seed}: ${line}\n`),
  });

  process.stdout.write(`model: ${JSON.stringify({ ...report, fault: undefined })}\n`);
  expect(report.fault, `to see it again: npm run model -- --commands ${COMMANDS} --seed ${seed}`).toBeNull();
  expect(report).toMatchObject({ commands: COMMANDS, violations: 0 });
  expect(report.crashes).toBeGreaterThan(0);
});
