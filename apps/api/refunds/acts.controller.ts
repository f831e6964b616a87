import { Body, Controller, Inject, Param, Patch, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Caller } from '#libs/accounts/find-caller';
import type { Act } from '#libs/refunds/acts/act';
import { CancelBody, ResolveBody, RetryBody } from '#libs/refunds/acts/bodies';
import { cancelRefund } from '#libs/refunds/acts/cancel';
import { changeRefund } from '#libs/refunds/acts/change';
import { actByCaller, actPrepared } from '#libs/refunds/acts/from-api';
import { readyToResolve } from '#libs/refunds/acts/resolve';
import { retryRefund } from '#libs/refunds/acts/retry';
import type { RefundView } from '#libs/refunds/view';
import { give } from '../http/answer.ts';
import { Answers, WRITING } from '../http/answers.ts';
import { Calling, Guard, type Guarded, Needs, TakesKey } from '../http/decorators.ts';
import { type ApiParts, PARTS } from '../parts.ts';
import { REDIRECTS } from './refusals.ts';
import { ChangeRefund, Refund } from './schemas.ts';

/** A body that may be left out. */
const Cancel = CancelBody.prefault({});
const Retry = RetryBody.prefault({});

@Controller('v1/refunds/:id')
export class RefundActsController {
  readonly #parts: ApiParts;

  constructor(@Inject(PARTS) parts: ApiParts) {
    this.#parts = parts;
  }

  @Patch()
  @Needs('refunds:write')
  @TakesKey()
  @Answers(200, Refund, [...WRITING, 'refund_not_found', 'refund_state_conflict', 'attempt_live', ...REDIRECTS])
  async change(
    @Calling() caller: Caller,
    @Param('id') refundId: string,
    @Guard('PATCH /v1/refunds/{id}') guarded: Guarded,
    @Body({ schema: ChangeRefund }) body: ChangeRefund,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RefundView> {
    return give(reply, await changeRefund(this.#parts, caller, refundId, { ...guarded, body }));
  }

  @Post('cancel')
  @Needs('refunds:write')
  @TakesKey()
  @Answers(200, Refund, [...WRITING, 'refund_not_found', 'refund_not_cancelable', 'attempt_live'])
  async cancel(
    @Calling() caller: Caller,
    @Param('id') refundId: string,
    @Guard('POST /v1/refunds/{id}/cancel') guarded: Guarded,
    @Body({ schema: Cancel }) body: CancelBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RefundView> {
    const ask = { ...guarded, body };
    return give(reply, await actByCaller(this.#parts, caller, { kind: 'cancel', refundId }, ask, cancelRefund));
  }

  @Post('retry')
  @Needs('refunds:operate')
  @TakesKey()
  @Answers(200, Refund, [...WRITING, 'refund_not_found', 'refund_state_conflict'])
  async retry(
    @Calling() caller: Caller,
    @Param('id') refundId: string,
    @Guard('POST /v1/refunds/{id}/retry') guarded: Guarded,
    @Body({ schema: Retry }) body: RetryBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RefundView> {
    const ask = { ...guarded, body };
    return give(reply, await actByCaller(this.#parts, caller, { kind: 'retry', refundId }, ask, retryRefund));
  }

  @Post('resolve')
  @Needs('refunds:operate')
  @TakesKey()
  @Answers(200, Refund, [
    ...WRITING,
    'refund_not_found',
    'refund_state_conflict',
    'attempt_live',
    'resolution_not_matching',
    'chain_unavailable',
  ])
  async resolve(
    @Calling() caller: Caller,
    @Param('id') refundId: string,
    @Guard('POST /v1/refunds/{id}/resolve') guarded: Guarded,
    @Body({ schema: ResolveBody }) body: ResolveBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RefundView> {
    const parts = this.#parts;
    const ready = (act: Act) => readyToResolve(parts, 'api.refund.resolution', act, body);
    return give(reply, await actPrepared(parts, caller, { kind: 'resolve', refundId }, { ...guarded, body }, ready));
  }
}
