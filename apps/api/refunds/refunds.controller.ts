import { Body, Controller, Get, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Caller } from '#libs/accounts/find-caller';
import type { Page } from '#libs/pages/page';
import { refuse } from '#libs/problems/refusal';
import { acceptRefund } from '#libs/refunds/accept';
import { type RefundPreview as Preview, previewRefund } from '#libs/refunds/preview';
import { listRefunds, readRefund } from '#libs/refunds/read';
import type { RefundView } from '#libs/refunds/view';
import { give } from '../http/answer.ts';
import { Also, Answers, KEYED, WRITING } from '../http/answers.ts';
import { Calling, Guard, type Guarded, Needs, TakesKey } from '../http/decorators.ts';
import { type ApiParts, PARTS } from '../parts.ts';
import { REFUSALS } from './refusals.ts';
import { CreateRefund, Refund, RefundList, RefundPreview, RefundQuery } from './schemas.ts';

@Controller('v1')
export class RefundsController {
  readonly #parts: ApiParts;

  constructor(@Inject(PARTS) parts: ApiParts) {
    this.#parts = parts;
  }

  @Post(['payments/refund', 'refunds'])
  @Needs('refunds:write')
  @TakesKey()
  @Answers(201, Refund, [...WRITING, ...REFUSALS])
  @Also(200, 'The refund that bears this external_id already, as it is now.', Refund)
  async create(
    @Calling() caller: Caller,
    @Guard('POST /v1/refunds') guarded: Guarded,
    @Body({ schema: CreateRefund }) body: CreateRefund,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RefundView> {
    return give(reply, await acceptRefund(this.#parts, caller, { ...guarded, body }));
  }

  @Post('refunds/preview')
  @Needs('refunds:read')
  @Answers(200, RefundPreview, [...KEYED, 'body_too_large', 'media_type_unsupported', 'payment_not_found'])
  preview(@Calling() caller: Caller, @Body({ schema: CreateRefund }) body: CreateRefund): Promise<Preview> {
    return previewRefund(this.#parts, caller, body);
  }

  @Get('refunds')
  @Needs('refunds:read')
  @Answers(200, RefundList, KEYED)
  list(@Calling() caller: Caller, @Query({ schema: RefundQuery }) query: RefundQuery): Promise<Page<RefundView>> {
    return listRefunds(this.#parts.db.read, this.#parts.keys.cursor, caller, query, this.#parts.workflowUrl);
  }

  @Get('refunds/:id')
  @Needs('refunds:read')
  @Answers(200, Refund, [...KEYED, 'refund_not_found'])
  async read(@Calling() caller: Caller, @Param('id') id: string): Promise<RefundView> {
    return (await readRefund(this.#parts.db.read, caller, id, this.#parts.workflowUrl)) ?? refuse('refund_not_found');
  }
}
