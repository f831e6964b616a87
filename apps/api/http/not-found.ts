import { type ArgumentsHost, Catch, type ExceptionFilter, NotFoundException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { ProblemFilter } from './problem-filter.ts';

/** Nest says "not found" of a path it has no handler for; where the path exists, the method was wrong. */
@Catch(NotFoundException)
export class UnknownRouteFilter implements ExceptionFilter {
  readonly #next: ProblemFilter;
  readonly #refuseIfKnown: (url: string) => void;

  constructor(next: ProblemFilter, refuseIfKnown: (url: string) => void) {
    this.#next = next;
    this.#refuseIfKnown = refuseIfKnown;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    try {
      this.#refuseIfKnown(host.switchToHttp().getRequest<FastifyRequest>().url);
      this.#next.catch(error, host);
    } catch (refusal) {
      this.#next.catch(refusal, host);
    }
  }
}
