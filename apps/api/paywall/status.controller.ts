import { Controller, Get, Header, Inject, Param } from '@nestjs/common';
import { buyerStatus, type BuyerStatus as StatusView } from '#libs/payments/buyer-status';
import { readStatusToken } from '#libs/payments/status-token';
import { refuse } from '#libs/problems/refusal';
import { Answers } from '../http/answers.ts';
import { type ApiParts, PARTS } from '../parts.ts';
import { Public } from './document.ts';
import { BuyerStatus } from './schemas.ts';

/** For a buyer who was told 202, or wants to know of a refund: the token is all they need. */
@Controller('x/status')
export class PaywallStatusController {
  readonly #parts: ApiParts;

  constructor(@Inject(PARTS) parts: ApiParts) {
    this.#parts = parts;
  }

  @Get(':token')
  @Public()
  @Header('cache-control', 'no-store')
  @Answers(200, BuyerStatus, ['invalid_request', 'not_found', 'uri_too_long', 'internal', 'database_unavailable'])
  async status(@Param('token') token: string): Promise<StatusView> {
    const paymentId = readStatusToken(this.#parts.keys.status, token) ?? refuse('not_found');
    return (await buyerStatus(this.#parts.db.read, paymentId)) ?? refuse('not_found');
  }
}
