import { Body, Controller, Get, Inject, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Caller } from '#libs/accounts/find-caller';
import { makePlatformTreasury, type PlatformTreasury, platformTreasury } from '#libs/accounts/platform-treasury';
import { refuse } from '#libs/problems/refusal';
import { give } from '../http/answer.ts';
import { Also, Answers, KEYED, WRITING } from '../http/answers.ts';
import { Calling, Guard, type Guarded, Needs, TakesKey } from '../http/decorators.ts';
import { type ApiParts, PARTS } from '../parts.ts';
import { MakeTreasury, Treasury } from './schemas.ts';

/** A body that may be left out. */
const Make = MakeTreasury.prefault({});

@Controller('v1/account/treasury')
export class AccountTreasuryController {
  readonly #parts: ApiParts;

  constructor(@Inject(PARTS) parts: ApiParts) {
    this.#parts = parts;
  }

  @Get()
  @Needs('account:read')
  @Answers(200, Treasury, [...KEYED, 'treasury_not_found'])
  async read(@Calling() caller: Caller): Promise<PlatformTreasury> {
    return (await platformTreasury(this.#parts.db.read, caller)) ?? refuse('treasury_not_found');
  }

  @Post()
  @Needs('account:write')
  @TakesKey()
  @Answers(201, Treasury, WRITING)
  @Also(200, 'The platform treasury that this account has on the network already.', Treasury)
  async make(
    @Calling() caller: Caller,
    @Guard('POST /v1/account/treasury') guarded: Guarded,
    @Body({ schema: Make }) body: MakeTreasury,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PlatformTreasury> {
    return give(reply, await makePlatformTreasury(this.#parts, caller, { ...guarded, body }));
  }
}
