import { expect, test } from 'vitest';
import { PROBLEM_CODES, PROBLEMS } from './catalogue.ts';
import { problemBody } from './problem-json.ts';
import { Refusal, refuse } from './refusal.ts';

test('every refusal has a status for refusals, and says in a sentence what it is and what to do', () => {
  for (const code of PROBLEM_CODES) {
    const { status, title, remedy } = PROBLEMS[code];
    expect(status, code).toBeGreaterThanOrEqual(400);
    expect(status, code).toBeLessThan(600);
    expect(title, code).toMatch(/^[A-Z].*[^.]$/);
    expect(remedy, code).toMatch(/^[A-Z].*\.$/);
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  }
});

test('a refusal’s own members never hide what every problem has', () => {
  const refusal = new Refusal('refund_exceeds_remaining', {
    detail: 'Too much.',
    members: { refundable_atomic: '1', status: 200, code: 'ok', type: 'x' },
    errors: [{ detail: 'Too much.', pointer: '/amount_atomic', code: 'x' }],
  });
  expect(problemBody(refusal, { origin: 'https://ebb.test', instance: '/v1/refunds', requestId: 'req_1' })).toEqual({
    type: 'https://ebb.test/docs/errors/refund_exceeds_remaining',
    title: 'The refund exceeds what is left of the payment',
    status: 422,
    detail: 'Too much.',
    instance: '/v1/refunds',
    code: 'refund_exceeds_remaining',
    request_id: 'req_1',
    errors: [{ detail: 'Too much.', pointer: '/amount_atomic', code: 'x' }],
    refundable_atomic: '1',
  });
});

test('a refusal without words of its own says what to do', () => {
  expect(() => refuse('slug_taken')).toThrow('slug_taken: Choose another `id`, or leave it out.');
});
