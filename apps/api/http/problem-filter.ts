import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '#libs/telemetry/log';
import type { Origin } from './origin.ts';
import { shapeProblem } from './send-problem.ts';
import { toRefusal } from './to-refusal.ts';

/** The one place where an error becomes an answer: thrown by a controller, a hook or the framework alike. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #log: Log;
  readonly #origin: Origin;

  constructor(log: Log, origin: Origin) {
    this.#log = log;
    this.#origin = origin;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const refusal = toRefusal(error);
    const defect = refusal.code === 'internal';
    if (defect || refusal.code === 'database_unavailable') {
      this.#log[defect ? 'error' : 'warn']({ request_id: request.id, code: refusal.code, err: error }, 'request failed');
    }

    void reply.send(shapeProblem(request, reply, refusal, this.#origin.url));
  }
}
