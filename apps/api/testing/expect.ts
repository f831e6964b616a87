import { expect } from 'vitest';
import type { ZodType } from 'zod';
import type { Answered } from './use-api.ts';

/** Every refusal is a problem with its code, its page and the request's id. */
export function expectProblem(answer: Answered, status: number, code: string): void {
  expect(answer.body).toMatchObject({ status, code, type: expect.stringMatching(`/docs/errors/${code}$`) });
  expect(answer.status).toBe(status);
  expect(answer.body.request_id).toBe(answer.headers['x-request-id']);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
}

/** The answer is what the document promises, to the field. */
export function expectShape(answer: Answered, status: number, schema: ZodType): void {
  expect(answer.status, answer.text).toBe(status);
  expect(schema.safeParse(answer.body).error).toBeUndefined();
}
