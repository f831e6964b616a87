import type { FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEM_JSON, problemBody } from '#libs/problems/problem-json';
import type { Refusal } from '#libs/problems/refusal';

/** Makes the reply a problem: status, headers, and the body for the caller to send. */
export function shapeProblem(request: FastifyRequest, reply: FastifyReply, refusal: Refusal, origin: string): string {
  reply.code(refusal.status).headers(refusal.headers).header('content-type', PROBLEM_JSON);
  const instance = request.url.split('?', 1)[0] ?? '/';
  return JSON.stringify(problemBody(refusal, { origin, instance, requestId: request.id }));
}
