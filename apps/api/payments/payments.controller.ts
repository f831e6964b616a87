import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import type { Caller } from '#libs/accounts/find-caller';
import type { Page } from '#libs/pages/page';
import { listPayments, readPayment } from '#libs/payments/read';
import type { PaymentView } from '#libs/payments/view';
import { refuse } from '#libs/problems/refusal';
import { Answers, KEYED } from '../http/answers.ts';
import { Calling, Needs } from '../http/decorators.ts';
import { type ApiParts, PARTS } from '../parts.ts';
import { Payment, PaymentList, PaymentQuery } from './schemas.ts';

@Controller('v1/payments')
export class PaymentsController {
  readonly #parts: ApiParts;

  constructor(@Inject(PARTS) parts: ApiParts) {
    this.#parts = parts;
  }

  @Get()
  @Needs('payments:read')
  @Answers(200, PaymentList, KEYED)
  list(@Calling() caller: Caller, @Query({ schema: PaymentQuery }) query: PaymentQuery): Promise<Page<PaymentView>> {
    return listPayments(this.#parts.db.read, this.#parts.keys.cursor, caller, query, this.#parts.workflowUrl);
  }

  @Get(':id')
  @Needs('payments:read')
  @Answers(200, Payment, [...KEYED, 'payment_not_found'])
  async read(@Calling() caller: Caller, @Param('id') id: string): Promise<PaymentView> {
    return (await readPayment(this.#parts.db.read, caller, id, this.#parts.workflowUrl)) ?? refuse('payment_not_found');
  }
}
