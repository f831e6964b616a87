import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { PROBLEM_CODES } from '#libs/problems/catalogue';
import { refuse } from '#libs/problems/refusal';
import { errorPage } from './error-page.ts';

/** Where a problem's `type` leads. */
@ApiExcludeController()
@Controller('docs/errors')
export class ErrorPagesController {
  @Get(':code')
  @Header('content-type', 'text/markdown; charset=utf-8')
  page(@Param('code') code: string): string {
    return errorPage(PROBLEM_CODES.find(one => one === code) ?? refuse('not_found'));
  }
}
