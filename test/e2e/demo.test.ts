import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { parse } from '#apps/dev/app';
import type { Story } from '#apps/dev/demo-story';
import { built } from '#apps/dev/project';
import { onLocalnet } from '#test/support/given-chain';

const test = onLocalnet('it shows the local chain');

let data: string;
beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'ebb-demo-'));
  chmodSync(data, 0o755); // PostgreSQL runs as somebody else where we are root: its data would not stay in this folder
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

/** Runs the demo to its end; what it printed, line by line. */
function demo(): Promise<{ code: number | null; lines: string[] }> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, [built('apps/dev/demo.js'), '--exit', '--json', '--data', data], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', chunk => {
      text += chunk;
    });
    child.on('close', code => resolve({ code, lines: text.trim().split('\n') }));
  });
}

const sums = (story: Story) => {
  const { before_atomic, after_payment_atomic, after_refunds_atomic } = story.buyer;
  return {
    paid: BigInt(before_atomic) - BigInt(after_payment_atomic),
    back: BigInt(after_refunds_atomic) - BigInt(after_payment_atomic),
  };
};

test('the demo pays, refunds in parts, is refused too much, and proves it; a second run goes on with the same data', async () => {
  const first = await demo();
  const story = parse(first.lines.at(-1) ?? '') as unknown as Story;
  expect(first.code, first.lines.join('\n')).toBe(0);
  expect(story).toMatchObject({
    ok: true,
    payment: { status: 'refunded', amount_atomic: '100000', refunded_atomic: '100000', reserved_atomic: '0' },
    refunds: [
      { status: 'succeeded', amount_atomic: '40000' },
      { status: 'succeeded', amount_atomic: '60000' },
    ],
    refused: { code: 'refund_exceeds_remaining', requested_atomic: '70000', refundable_atomic: '60000' },
    receipts: { verified: true, count: 3 },
  });
  expect(sums(story)).toEqual({ paid: 100_000n, back: 100_000n });

  const second = await demo();
  const again = parse(second.lines.at(-1) ?? '') as unknown as Story;
  expect(second.code, second.lines.join('\n')).toBe(0);
  expect(again).toMatchObject({ ok: true, receipts: { verified: true, count: 6 } });
  expect(again.payment.owner_agent).toBe(story.payment.owner_agent);
  expect(again.payment.id).not.toBe(story.payment.id);
});
