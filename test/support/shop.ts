import { randomBytes } from 'node:crypto';
import { createSolanaRpc, generateKeyPairSigner } from '@solana/kit';
import { type ApiAnswer, ApiClient } from '#apps/dev/api-client';
import { type Buyer, openBuyer } from '#apps/dev/buyer';
import { mintKey } from '#apps/dev/ready-key';
import type { Stack } from '#apps/dev/stack';
import type { PaymentView } from '#libs/payments/view';
import type { RefundView } from '#libs/refunds/view';
import { giveTokens } from './funds.ts';

const BUYER_FUNDS = 1_000_000_000n;

/** A merchant with an agent, a link and a key, and a buyer with funds: all of it made over HTTP, on a running stack. */
export class Shop {
  readonly stack: Stack;
  readonly api: ApiClient;
  readonly agent: string;
  readonly link: string;
  readonly buyer: Buyer;

  constructor(stack: Stack, api: ApiClient, cast: { agent: string; link: string; buyer: Buyer }) {
    this.stack = stack;
    this.api = api;
    this.agent = cast.agent;
    this.link = cast.link;
    this.buyer = cast.buyer;
  }

  get payUrl(): string {
    return `${this.stack.urls.api}/x/${this.link}?network=solana-devnet`;
  }

  /** The same shop and buyer at a further link; `fields` over those of a plain one. */
  async openLink(fields: Record<string, unknown>): Promise<Shop> {
    const plain = {
      label: 'Another thing',
      owner_agent: this.agent,
      method: 'GET',
      price: '$0.10',
      response: { body: { ok: true } },
    };
    const { id } = await created(this.api.post<{ id: string }>('/v1/payment-links', { ...plain, ...fields }));
    return new Shop(this.stack, this.api, { agent: this.agent, link: id, buyer: this.buyer });
  }

  /** Pays with the official client; the paywall's answer as it came. */
  pay(): Promise<Response> {
    return this.buyer.fetch(this.payUrl);
  }

  /** Pays, and returns the settled payment. */
  async paid(): Promise<PaymentView> {
    const answer = await this.pay();
    if (answer.status === 202) {
      // On a busy machine: told to wait, not to pay again.
      const { payment_id } = (await answer.json()) as { payment_id: string };
      return this.api.until<PaymentView>(`/v1/payments/${payment_id}`, payment => payment.status === 'settled');
    }
    if (answer.status !== 200) throw new Error(`the paywall answered ${answer.status}: ${await answer.text()}`);
    const said = JSON.parse(Buffer.from(answer.headers.get('payment-response') ?? '', 'base64').toString()) as {
      transaction: string;
    };
    return this.paymentBySignature(said.transaction);
  }

  async paymentBySignature(signature: string): Promise<PaymentView> {
    const [payment] = await this.api.all<PaymentView>(`/v1/payments?tx_sig=${signature}`);
    if (!payment) throw new Error(`no payment with ${signature}`);
    return payment;
  }

  payment(id: string): Promise<PaymentView> {
    return this.api.read(`/v1/payments/${id}`);
  }

  /** Asks for a refund; all that is left without an amount. */
  refund(paymentId: string, amount?: bigint, more: Record<string, unknown> = {}): Promise<ApiAnswer<RefundView>> {
    return this.api.post('/v1/payments/refund', {
      payment_id: paymentId,
      ...(amount === undefined ? {} : { amount_atomic: amount.toString() }),
      ...more,
    });
  }

  /** The accepted refund's id. Throws where it was refused. */
  async accepted(paymentId: string, amount?: bigint): Promise<string> {
    const answer = await this.refund(paymentId, amount);
    if (answer.status !== 201) throw new Error(`the refund was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body.id;
  }

  refundIs(id: string, status: string, within_ms = 60_000): Promise<RefundView> {
    return this.api.until<RefundView>(`/v1/refunds/${id}`, refund => refund.status === status, within_ms);
  }
}

/** Opens a shop on a stack: account, key, agent with an open treasury, a link, a buyer with a thousand dollars. */
export async function openShop(stack: Stack, options: { price?: string; account?: string } = {}): Promise<Shop> {
  const api = new ApiClient(stack.urls.api, await mintKey(stack, options.account ?? `shop-${randomBytes(4).toString('hex')}`));
  const agent = (await generateKeyPairSigner()).address;
  await created(api.post('/v1/agents', { mint: agent, label: 'Shop', treasury: { kind: 'managed' } }));
  await api.until<{ treasury: { status: string } }>(`/v1/agents/${agent}`, body => body.treasury.status === 'open');
  const link = await created(
    api.post<{ id: string }>('/v1/payment-links', {
      label: 'A thing',
      owner_agent: agent,
      method: 'GET',
      price: options.price ?? '$0.10',
      response: { body: { ok: true } },
    }),
  );
  const buyer = await openBuyer(stack.urls.rpc, randomBytes(32));
  await giveTokens(stack, buyer, BUYER_FUNDS);
  return new Shop(stack, api, { agent, link: link.id, buyer });
}

/** The local chain's admin port: faults, jumps, funds. */
export const adminOf = (stack: Stack): string => String(stack.part('localnet').said.admin);

/** One call to the admin port; throws where it is refused. */
export async function admin<T = unknown>(
  stack: Stack,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<T> {
  const response = await fetch(`${adminOf(stack)}${path}`, {
    method,
    ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} on the local chain: ${response.status} ${text}`);
  // What was done to an account or a mint counts for everyone once the chain has confirmed a slot after it.
  if (path === '/account' || path === '/mint') await afterNextSlot(stack);
  return (text === '' ? null : JSON.parse(text)) as T;
}

async function afterNextSlot(stack: Stack): Promise<void> {
  const rpc = createSolanaRpc(stack.urls.rpc);
  const done = await rpc.getSlot({ commitment: 'processed' }).send();
  while ((await rpc.getSlot({ commitment: 'confirmed' }).send()) <= done) await new Promise(resolve => setTimeout(resolve, 20));
}

async function created<T>(asked: Promise<ApiAnswer<T>>): Promise<T> {
  const answer = await asked;
  if (answer.status !== 201) throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}
