import { type DynamicModule, Module } from '@nestjs/common';
import type { CallCounter } from '#libs/links/count-calls';
import { SettingsController } from './account/settings.controller.ts';
import { AccountTreasuryController } from './account/treasury.controller.ts';
import { AgentsController } from './agents/agents.controller.ts';
import { ErrorPagesController } from './docs/error-pages.controller.ts';
import { HealthController } from './health/health.controller.ts';
import { Origin } from './http/origin.ts';
import { type ApiParts, PARTS } from './parts.ts';
import { PaymentLinksController } from './payment-links/payment-links.controller.ts';
import { PaymentsController } from './payments/payments.controller.ts';
import { PaywallController } from './paywall/paywall.controller.ts';
import { Paywall } from './paywall/paywall.ts';
import { PaywallStatusController } from './paywall/status.controller.ts';
import { ReceiptsController } from './receipts/receipts.controller.ts';
import { RefundActsController } from './refunds/acts.controller.ts';
import { RefundsController } from './refunds/refunds.controller.ts';
import { SellerController } from './seller/seller.controller.ts';

@Module({})
class ApiModule {}

/** Nest's view of the API: routes over what openParts built. */
export const apiModule = (parts: ApiParts, origin: Origin, calls: CallCounter): DynamicModule => ({
  module: ApiModule,
  controllers: [
    HealthController,
    ErrorPagesController,
    AgentsController,
    SettingsController,
    AccountTreasuryController,
    PaymentLinksController,
    PaymentsController,
    RefundsController,
    RefundActsController,
    ReceiptsController,
    SellerController,
    PaywallController,
    PaywallStatusController,
  ],
  providers: [
    { provide: PARTS, useValue: parts },
    { provide: Origin, useValue: origin },
    { provide: Paywall, useValue: new Paywall(parts, origin, calls) },
  ],
});
