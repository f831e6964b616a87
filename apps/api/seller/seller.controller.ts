import { Body, Controller, Post } from '@nestjs/common';
import type { Caller } from '#libs/accounts/find-caller';
import { type PriceView, viewPrice } from '#libs/links/preview';
import { Answers, KEYED, PRICES } from '../http/answers.ts';
import { Calling, Needs } from '../http/decorators.ts';
import { ParsedPrice, ParsePrice } from './schemas.ts';

/** For builders of forms. */
@Controller('v1/seller')
export class SellerController {
  @Post('parse-price')
  @Needs('payment_links:read')
  @Answers(200, ParsedPrice, [...KEYED, ...PRICES, 'body_too_large', 'media_type_unsupported'])
  parsePrice(@Calling() caller: Caller, @Body({ schema: ParsePrice }) body: ParsePrice): PriceView {
    return viewPrice(caller, body);
  }
}
