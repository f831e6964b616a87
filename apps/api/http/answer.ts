import type { FastifyReply } from 'fastify';
import type { Answer } from '#libs/idempotency/once';

/** Puts the status of an operation's answer on the reply, and says when it is the first answer again. */
export function give<Body>(reply: FastifyReply, answer: Answer<Body>): Body {
  reply.code(answer.status);
  if (answer.replayed) reply.header('idempotent-replayed', 'true');
  return answer.body;
}
