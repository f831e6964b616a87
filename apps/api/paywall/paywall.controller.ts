import { Controller, Delete, Get, Inject, Options, Patch, Post, Put, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PREFLIGHT } from './answer.ts';
import { callOf, send } from './call.ts';
import { PaidCall, Public } from './document.ts';
import { Paywall } from './paywall.ts';

/** The public face of payment links; no key. Which method a link takes is the link's to say. */
@Controller('x')
export class PaywallController {
  readonly #paywall: Paywall;

  constructor(@Inject(Paywall) paywall: Paywall) {
    this.#paywall = paywall;
  }

  @Get(':id')
  @PaidCall()
  get(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return this.#serve(request, reply);
  }

  @Post(':id')
  @PaidCall()
  post(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return this.#serve(request, reply);
  }

  @Put(':id')
  @PaidCall()
  put(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return this.#serve(request, reply);
  }

  @Patch(':id')
  @PaidCall()
  patch(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return this.#serve(request, reply);
  }

  @Delete(':id')
  @PaidCall()
  delete(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return this.#serve(request, reply);
  }

  @Options(':id')
  @Public()
  @ApiExcludeEndpoint()
  preflight(@Res() reply: FastifyReply) {
    return reply.code(204).headers(PREFLIGHT).send();
  }

  async #serve(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const call = callOf(request);
    request.subject = { payment_link_id: call.slug };
    return send(reply, await this.#paywall.answer(call));
  }
}
