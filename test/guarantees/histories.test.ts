import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { built, projectRoot } from '#apps/dev/project';
import { type Stack, startStack } from '#apps/dev/stack';
import { PATHS } from '#test/histories/paths';
import { TEST_PACE } from '#test/support/pace';
import { openShop, type Shop } from '#test/support/shop';
import { currentDetails, eventTypes, operator } from '#test/support/temporal';
import { WORKFLOW } from '#workflows/contracts/names';
import { searchAttributes } from '#workflows/contracts/search-attributes';

const FOLDER = join(projectRoot, 'test', 'histories');
const recorded = readdirSync(FOLDER).filter(file => file.endsWith('.json'));
const read = (file: string) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as { events: HistoryEvent[] };

interface HistoryEvent {
  workflowExecutionStartedEventAttributes?: { workflowType: { name: string } };
  workflowExecutionCompletedEventAttributes?: object;
}

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
});

describe('what workflows have done before, today’s do the same: the recorded history', () => {
  test.each(recorded)('%s replays', async file => {
    const histories = [{ workflowId: basename(file, '.json'), history: historyFromJSON(read(file)) }];
    const replays = Worker.runReplayHistories({ workflowBundle: { codePath: built('workflow-bundle.js') } }, histories);
    for await (const { error } of replays) expect(error).toBeUndefined();
  });

  test('is there for every workflow, and for every path that is named', () => {
    const types = recorded.map(file => read(file).events[0]?.workflowExecutionStartedEventAttributes?.workflowType.name);
    expect(new Set(types)).toEqual(new Set(Object.keys(WORKFLOW)));
    expect(recorded).toEqual(expect.arrayContaining(Object.keys(PATHS).map(name => `${name}.json`)));
    for (const file of recorded) {
      expect(read(file).events.at(-1)?.workflowExecutionCompletedEventAttributes, file).toBeDefined();
    }
  });

  test('would not replay on other code: the replay notices a change', async () => {
    const other = read('refund-plain.json');
    const events = other.events as Record<string, { activityType?: { name: string } }>[];
    for (const event of events) {
      const scheduled = event.activityTaskScheduledEventAttributes;
      if (scheduled?.activityType) scheduled.activityType.name = 'somethingElse';
    }
    const histories = [{ workflowId: 'changed', history: historyFromJSON(other) }];
    const errors: unknown[] = [];
    for await (const { error } of Worker.runReplayHistories(
      { workflowBundle: { codePath: built('workflow-bundle.js') } },
      histories,
    ))
      errors.push(error);
    expect(errors).toMatchObject([{ name: 'DeterminismViolationError' }]);
  });
});

describe('on a running stack', () => {
  let stack: Stack;
  let shop: Shop;
  let temporal: ReturnType<typeof operator>;

  beforeAll(async () => {
    stack = await startStack({ env: TEST_PACE });
    temporal = operator(stack);
    shop = await openShop(stack);
  });
  afterAll(async () => {
    await temporal?.close();
    await stack?.stop();
  });

  test('a plain refund takes at most 14 events, and a person who opens it understands it', async () => {
    const payment = await shop.paid();
    const id = await shop.accepted(payment.id, 40_000n);
    const refund = await shop.refundIs(id, 'succeeded');
    const handle = temporal.client.workflow.getHandle(`refund:${id}`);
    expect(await handle.result()).toMatchObject({ status: 'succeeded' });

    const events = await eventTypes(handle);
    // A task that a starved worker did not take in time is scheduled again: two events that are the machine's, not the path's.
    const starved = events.filter(type => type === 'WORKFLOW_TASK_TIMED_OUT').length;
    expect(events.length - 2 * starved, events.join(' ')).toBeLessThanOrEqual(14);
    const { typedSearchAttributes: search, staticSummary } = await handle.describe();
    expect({
      AgentMint: search.get(searchAttributes.agentMint),
      PaymentId: search.get(searchAttributes.paymentId),
      RefundId: search.get(searchAttributes.refundId),
      FlowStatus: search.get(searchAttributes.flowStatus),
      Asset: search.get(searchAttributes.asset),
      AmountAtoms: search.get(searchAttributes.amountAtoms),
      ChainSignature: search.get(searchAttributes.chainSignature),
      NeedsAttention: search.get(searchAttributes.needsAttention),
    }).toEqual({
      AgentMint: shop.agent,
      PaymentId: payment.id,
      RefundId: [id],
      FlowStatus: 'succeeded',
      Asset: 'USDC',
      AmountAtoms: 40_000,
      ChainSignature: refund.tx_sig,
      NeedsAttention: false,
    });
    expect(search.get(searchAttributes.accountId)).toMatch(/./);
    expect(await staticSummary?.()).toBe(`refund 40000 atoms of USDC on ${payment.id}`);
  });

  test('a settlement bears its summary and search attributes', async () => {
    const payment = await shop.paid();
    const handle = temporal.client.workflow.getHandle(payment.workflow.id);
    await handle.result();
    const { typedSearchAttributes: search, staticSummary } = await handle.describe();
    expect(search.get(searchAttributes.paymentId)).toBe(payment.id);
    expect(search.get(searchAttributes.flowStatus)).toBe('settled');
    expect(search.get(searchAttributes.chainSignature)).toBe(payment.tx_sig);
    expect(search.get(searchAttributes.settledAt)).toBeInstanceOf(Date);
    expect(await staticSummary?.()).toBe(`settle 100000 atoms of USDC on ${shop.link}`);
  });

  test('a refund that waits tells in its details what for, since when, and what one can do', async () => {
    const payment = await shop.paid();
    const purse = await shop.buyer.tokenAccount();
    const freeze = (frozen: boolean) =>
      fetch(`${stack.urls.localnetAdmin}/account`, { method: 'POST', body: JSON.stringify({ address: purse, frozen }) });
    await freeze(true);
    const id = await shop.accepted(payment.id, 40_000n);
    await shop.api.until(
      `/v1/refunds/${id}`,
      (one: { waiting: { reason: string } | null }) => one.waiting?.reason === 'destination_frozen',
    );
    const handle = temporal.client.workflow.getHandle(`refund:${id}`);

    const details = await currentDetails(handle);
    expect(details).toContain(id);
    expect(details).toContain('destination_frozen');
    expect(details).toMatch(/since \d{4}-\d\d-\d\dT/);
    expect(details).toContain('ends when');
    expect(details).toContain('`cancel`');
    const { typedSearchAttributes } = await handle.describe();
    expect(typedSearchAttributes.get(searchAttributes.needsAttention)).toBe(true);

    await freeze(false);
    await shop.refundIs(id, 'succeeded');
  });
});
