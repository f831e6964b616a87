import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../project.ts';
import { temporalChild } from './server.ts';
import { temporalVersions } from './settings.ts';

const child = temporalChild('/bin/temporal', { port: 1, uiPort: null, file: null, log: '/dev/null' });
const flags = child.args.join(' ');

test('the Go module pins the versions that the settings name', () => {
  const module = readFileSync(join(projectRoot, 'apps/dev/temporal/go.mod'), 'utf8');
  expect(module).toContain(`github.com/temporalio/cli v${temporalVersions.cli} `);
  expect(module).toContain(`go.temporal.io/server v${temporalVersions.server} `);
  expect(module).toContain(`github.com/temporalio/ui-server/v2 v${temporalVersions.ui} `);
});

test('the server is told every search attribute of the design with its type', () => {
  const keywords = ['AccountId', 'AgentMint', 'PaymentId', 'FlowStatus', 'FailureCode', 'Asset', 'ChainSignature'];
  for (const name of keywords) expect(flags).toContain(`--search-attribute ${name}=Keyword `);
  expect(flags).toContain('--search-attribute RefundId=KeywordList ');
  expect(flags).toContain('--search-attribute AmountAtoms=Int ');
  expect(flags).toContain('--search-attribute NeedsAttention=Bool ');
  expect(flags).toContain('--search-attribute SettledAt=Datetime ');
  expect(flags.match(/--search-attribute/g)).toHaveLength(11);
});

test('the server is told not to wait for ticks, nor to be late, to start activities eagerly and to be fair', () => {
  expect(flags).toContain('--dynamic-config-value history.transferProcessorMaxPollRPS=5000');
  expect(flags).toContain('--dynamic-config-value history.timerProcessorMaxPollRPS=5000');
  expect(flags).toContain('--dynamic-config-value system.enableActivityEagerExecution=true');
  expect(flags).toContain('--dynamic-config-value matching.enableFairness=true');
  expect(flags).toContain('--dynamic-config-value history.timerProcessorMaxTimeShift="50ms"');
});

test('UI and file are there when asked for, and only then', () => {
  const withBoth = temporalChild('/bin/temporal', { port: 1, uiPort: 2, file: '/f', log: '/dev/null' }).args.join(' ');
  expect(flags).toContain('--headless');
  expect(flags).not.toContain('--db-filename');
  expect(withBoth).not.toContain('--headless');
  expect(withBoth).toContain('--ui-port 2');
  expect(withBoth).toContain('--db-filename /f');
});
