import { Body, Controller, Get, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Caller } from '#libs/accounts/find-caller';
import { createLink, type LinkDeps } from '#libs/links/create';
import { type LinkPreview, previewLink } from '#libs/links/preview';
import { findLink, listLinks } from '#libs/links/read';
import { type LinkView, linkView } from '#libs/links/view';
import { mapPage, type Page } from '#libs/pages/page';
import { refuse } from '#libs/problems/refusal';
import { give } from '../http/answer.ts';
import { Answers, KEYED, PRICES, WRITING } from '../http/answers.ts';
import { Calling, Guard, type Guarded, Needs, TakesKey } from '../http/decorators.ts';
import { linkUrls } from '../http/link-urls.ts';
import { Origin } from '../http/origin.ts';
import { type ApiParts, PARTS } from '../parts.ts';
import {
  CreatePaymentLink,
  PaymentLink,
  PaymentLinkList,
  PaymentLinkPreview,
  PaymentLinkQuery,
  PreviewPaymentLink,
} from './schemas.ts';

@Controller('v1/payment-links')
export class PaymentLinksController {
  readonly #parts: ApiParts;
  readonly #deps: LinkDeps;

  constructor(@Inject(PARTS) parts: ApiParts, @Inject(Origin) origin: Origin) {
    this.#parts = parts;
    this.#deps = { db: parts.db, ids: parts.ids, urls: linkUrls(parts, origin), chains: parts.chains };
  }

  @Post()
  @Needs('payment_links:write')
  @TakesKey()
  @Answers(201, PaymentLink, [
    ...WRITING,
    'agent_not_found',
    'slug_taken',
    ...PRICES,
    'asset_unsupported',
    'protocol_unsupported',
    'upstream_unsupported',
  ])
  async create(
    @Calling() caller: Caller,
    @Guard('POST /v1/payment-links') guarded: Guarded,
    @Body({ schema: CreatePaymentLink }) body: CreatePaymentLink,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LinkView> {
    return give(reply, await createLink(this.#deps, caller, { ...guarded, body }));
  }

  @Post('preview')
  @Needs('payment_links:read')
  @Answers(200, PaymentLinkPreview, [
    ...KEYED,
    ...PRICES,
    'body_too_large',
    'media_type_unsupported',
    'agent_not_found',
    'asset_unsupported',
    'protocol_unsupported',
    'upstream_unsupported',
  ])
  preview(@Calling() caller: Caller, @Body({ schema: PreviewPaymentLink }) body: PreviewPaymentLink): Promise<LinkPreview> {
    return previewLink(this.#deps, caller, body);
  }

  @Get()
  @Needs('payment_links:read')
  @Answers(200, PaymentLinkList, KEYED)
  async list(@Calling() caller: Caller, @Query({ schema: PaymentLinkQuery }) query: PaymentLinkQuery): Promise<Page<LinkView>> {
    const page = await listLinks(this.#parts.db.read, this.#parts.keys.cursor, caller, query);
    return mapPage(page, link => linkView(link, this.#deps.urls));
  }

  @Get(':id')
  @Needs('payment_links:read')
  @Answers(200, PaymentLink, [...KEYED, 'payment_link_not_found'])
  async read(@Calling() caller: Caller, @Param('id') id: string): Promise<LinkView> {
    const link = await findLink(this.#parts.db.read, caller, id);
    return linkView(link ?? refuse('payment_link_not_found'), this.#deps.urls);
  }
}
