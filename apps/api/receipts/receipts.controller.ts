import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiConsumes } from '@nestjs/swagger';
import type { Caller } from '#libs/accounts/find-caller';
import type { Page } from '#libs/pages/page';
import { refuse } from '#libs/problems/refusal';
import type { Receipt as ReceiptBody } from '#libs/receipts/body';
import { readChainText } from '#libs/receipts/chain-text';
import { pageReceipts } from '#libs/receipts/page-receipts';
import { receiptByHash } from '#libs/receipts/read';
import { type Verdict as ChainVerdict, verifyChain } from '#libs/receipts/verify';
import { Answers, KEYED } from '../http/answers.ts';
import { Calling, Needs } from '../http/decorators.ts';
import { type ApiParts, PARTS } from '../parts.ts';
import { Receipt, ReceiptList, ReceiptQuery, Verdict, VerifyChain } from './schemas.ts';

const JSON_LINES = ['application/x-ndjson', 'application/jsonl'];
/** Some seven thousand receipts; longer chains are for `ebb-verify`. */
const CHAIN_BYTES = 8 * 1024 * 1024;

@Controller('v1/receipts')
export class ReceiptsController {
  readonly #parts: ApiParts;

  constructor(@Inject(PARTS) parts: ApiParts) {
    this.#parts = parts;
  }

  @Get('by-hash/:hash')
  @Needs('receipts:read')
  @Answers(200, Receipt, [...KEYED, 'receipt_not_found'])
  async byHash(@Calling() { accountId, network }: Caller, @Param('hash') hash: string): Promise<ReceiptBody> {
    return (await receiptByHash(this.#parts.db.read, { accountId, network, hash })) ?? refuse('receipt_not_found');
  }

  @Post('verify')
  @Needs('receipts:read', { texts: JSON_LINES, bodyLimit: CHAIN_BYTES })
  @ApiConsumes('application/json', ...JSON_LINES)
  @Answers(200, Verdict, [...KEYED, 'body_too_large', 'media_type_unsupported'])
  verify(@Body({ schema: VerifyChain }) body: VerifyChain): ChainVerdict {
    return verifyChain(readChainText(typeof body === 'string' ? body : JSON.stringify(body)));
  }

  @Get(':agent')
  @Needs('receipts:read')
  @Answers(200, ReceiptList, [...KEYED, 'agent_not_found'])
  list(
    @Calling() caller: Caller,
    @Param('agent') mint: string,
    @Query({ schema: ReceiptQuery }) query: ReceiptQuery,
  ): Promise<Page<ReceiptBody>> {
    return pageReceipts(this.#parts.db.read, this.#parts.keys.cursor, caller, mint, query);
  }
}
