import { Body, Controller, Get, Inject, Patch } from '@nestjs/common';
import type { Caller } from '#libs/accounts/find-caller';
import { type AccountSettings, changeSettings, readSettings } from '#libs/accounts/settings';
import { Answers, KEYED } from '../http/answers.ts';
import { Calling, Needs } from '../http/decorators.ts';
import { type ApiParts, PARTS } from '../parts.ts';
import { ChangeSettings, Settings } from './schemas.ts';

@Controller('v1/account/settings')
export class SettingsController {
  readonly #parts: ApiParts;

  constructor(@Inject(PARTS) parts: ApiParts) {
    this.#parts = parts;
  }

  @Get()
  @Needs('account:read')
  @Answers(200, Settings, KEYED)
  read(@Calling() caller: Caller): Promise<AccountSettings> {
    return readSettings(this.#parts.db.read, caller.accountId);
  }

  @Patch()
  @Needs('account:write')
  @Answers(200, Settings, [...KEYED, 'body_too_large', 'media_type_unsupported'])
  change(@Calling() caller: Caller, @Body({ schema: ChangeSettings }) body: ChangeSettings): Promise<AccountSettings> {
    return this.#parts.db.tx('api.account.settings', tx => changeSettings(tx, caller.accountId, body));
  }
}
