import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { projectRoot } from '#apps/dev/project';
import { startStack } from '#apps/dev/stack';
import { eventually } from '#test/support/eventually';
import { TEST_PACE } from '#test/support/pace';
import { openShop } from '#test/support/shop';
import { operator } from '#test/support/temporal';
import { PATHS } from './paths.ts';

/**
 * Plays every path that has no history yet, and writes its history beside this file. What is there already is never recorded
 * again: it is what workflows of an older Ebb have done, and today's must be able to go on from it.
 */
const fileOf = (name: string) => join(projectRoot, 'test', 'histories', `${name}.json`);
const wanted = Object.entries(PATHS).filter(([name]) => !existsSync(fileOf(name)));
if (wanted.length > 0) {
  const stack = await startStack({ env: { ...TEST_PACE, EBB_PACE_BUYER_WAIT_MS: '5000', EBB_MAX_LEG_DEVNET_ATOMIC: '40000' } });
  const temporal = operator(stack);
  try {
    const shop = await openShop(stack);
    for (const [name, path] of wanted) {
      const handle = temporal.client.workflow.getHandle(await path({ shop, client: temporal.client }));
      await eventually(`${name} has ended`, async () => (await handle.describe()).status.name === 'COMPLETED');
      writeFileSync(fileOf(name), `${JSON.stringify(JSON.parse(historyToJSON(await handle.fetchHistory())), null, 1)}\n`);
      process.stdout.write(`recorded ${name}\n`);
    }
  } finally {
    await temporal.close();
    await stack.stop();
  }
}
