import type { Currency } from '#libs/money/assets';
import type { DeliveryPolicy } from './link.ts';
import type { ResponseTemplate } from './template.ts';

/** What a caller asks for, already well formed; defaults are filled in. */
export interface NewLink {
  id?: string | undefined;
  label: string;
  description?: string | undefined;
  owner_agent: string;
  method: string;
  price: string;
  currency?: Currency | undefined;
  accepts_currencies: Currency[];
  protocol: 'x402' | 'mpp';
  response: ResponseTemplate;
  webhook_url?: string | undefined;
  upstream_url?: string | undefined;
  expected_request_body?: unknown;
  wrap_receipt: boolean;
  metadata: Record<string, unknown>;
  delivery: DeliveryPolicy;
  client_reference?: string | undefined;
}
