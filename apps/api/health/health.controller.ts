import { Controller, Get, Inject } from '@nestjs/common';
import { refuse } from '#libs/problems/refusal';
import { Answers } from '../http/answers.ts';
import { type ApiParts, PARTS } from '../parts.ts';
import { missing } from './readiness.ts';
import { Health, Ready } from './schemas.ts';

/** For those who watch the process: is it there, and can it do its work. */
@Controller()
export class HealthController {
  readonly #parts: ApiParts;

  constructor(@Inject(PARTS) parts: ApiParts) {
    this.#parts = parts;
  }

  @Get('healthz')
  @Answers(200, Health, [])
  health(): Health {
    return { status: 'ok' };
  }

  @Get('readyz')
  @Answers(200, Ready, ['not_ready'])
  async ready(): Promise<Ready> {
    const lacks = await missing(this.#parts);
    if (lacks.length > 0)
      refuse('not_ready', { detail: lacks.map(lack => `${lack.part}: ${lack.reason}`).join('; '), members: { missing: lacks } });
    return { status: 'ready' };
  }
}
