import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeyPairSigner } from '@solana/kit';
import { ApiClient } from './api-client.ts';
import { fundBuyer, openBuyer } from './buyer.ts';
import { projectRoot } from './project.ts';
import type { Stack } from './stack.ts';

/** What the demo shows, as `--json` prints it. */
export interface Story {
  ok: boolean;
  payment: Record<string, unknown>;
  refunds: Record<string, unknown>[];
  refused: { code: string; requested_atomic: string; refundable_atomic: string };
  receipts: { verified: boolean; count: number };
  buyer: { before_atomic: string; after_payment_atomic: string; after_refunds_atomic: string };
  urls: { api: string; temporal_ui: string | null; rpc: string; facilitator: string };
  timings_ms: { up: number; pay: number; refund_accepted: number; refund_succeeded: number };
}

/** What stays from run to run, beside the data of the parts. */
interface Cast {
  agent: string;
  link: string;
  buyer_secret: string;
}

interface Refund {
  id: string;
  status: string;
  tx_sig: string;
  amount_atomic: string;
  workflow: { url: string };
}

const BUYER_FUNDS = 5_000_000n;

/** Registers, links, pays, refunds in parts, is refused too much, refunds the rest, and proves it from the chain and the receipts. */
export async function runStory(stack: Stack, key: string, write: (line: string) => void): Promise<Story> {
  const api = new ApiClient(stack.urls.api, key);
  const cast = await loadCast(stack, api, write);
  const buyer = await openBuyer(stack.urls.rpc, Buffer.from(cast.buyer_secret, 'base64'));
  if ((await buyer.balance()) < 1_000_000n) await fundBuyer(adminOf(stack), buyer, BUYER_FUNDS);
  const before = await buyer.balance();
  write(`  the buyer ${buyer.address} holds ${usd(before)}`);

  const paying = performance.now();
  const answer = await buyer.fetch(`${stack.urls.api}/x/${cast.link}?network=solana-devnet`);
  const pay_ms = performance.now() - paying;
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`the paywall answered ${answer.status}: ${text}`);
  const { transaction } = JSON.parse(Buffer.from(answer.headers.get('payment-response') ?? '', 'base64').toString()) as {
    transaction: string;
  };
  write(`  paid $0.10 in ${Math.round(pay_ms)} ms: ${transaction}\n  and was answered: ${text}`);
  const afterPayment = await buyer.balance();

  const accepting = performance.now();
  const first = await api.post<Refund>('/v1/payments/refund', {
    original_tx_sig: transaction,
    amount_atomic: '40000',
    reason: 'requested_by_customer',
  });
  const accepted_ms = performance.now() - accepting;
  if (first.status !== 201) throw new Error(`the refund was answered ${first.status}: ${JSON.stringify(first.body)}`);
  const firstDone = await succeeded(api, first.body.id);
  const succeeded_ms = performance.now() - accepting;
  write(
    `  refunded $0.04: accepted in ${Math.round(accepted_ms)} ms, on the chain and in the books after ${Math.round(succeeded_ms)} ms: ${firstDone.tx_sig}`,
  );

  const tooMuch = await api.post<Story['refused']>('/v1/payments/refund', {
    original_tx_sig: transaction,
    amount_atomic: '70000',
  });
  const { code, requested_atomic, refundable_atomic } = tooMuch.body;
  if (tooMuch.status !== 422) throw new Error(`too large a refund was answered ${tooMuch.status}`);
  write(`  $0.07 more is refused: ${code}, ${requested_atomic} asked for, ${refundable_atomic} left`);

  const rest = await api.post<Refund>('/v1/payments/refund', { original_tx_sig: transaction });
  if (rest.status !== 201) throw new Error(`the rest was answered ${rest.status}: ${JSON.stringify(rest.body)}`);
  const restDone = await succeeded(api, rest.body.id);
  write(`  refunded the rest, $0.06: ${restDone.tx_sig}`);

  const afterRefunds = await buyer.balance();
  write(`  the chain says the buyer holds ${usd(afterRefunds)} again`);
  const receipts = await verifyOffline(stack, api, cast.agent);
  write(`  ${receipts.count} receipts verified offline`);
  const payment = await paymentOf(api, transaction);
  lookHere(stack, payment, firstDone, write);
  return {
    ok: receipts.verified && afterRefunds === before && afterPayment === before - 100_000n && payment.status === 'refunded',
    payment,
    refunds: [{ ...firstDone }, { ...restDone }],
    refused: { code, requested_atomic, refundable_atomic },
    receipts,
    buyer: { before_atomic: `${before}`, after_payment_atomic: `${afterPayment}`, after_refunds_atomic: `${afterRefunds}` },
    urls: { api: stack.urls.api, temporal_ui: stack.urls.temporalUi, rpc: stack.urls.rpc, facilitator: stack.urls.facilitator },
    timings_ms: {
      up: Math.round(stack.timings.total ?? 0),
      pay: Math.round(pay_ms),
      refund_accepted: Math.round(accepted_ms),
      refund_succeeded: Math.round(succeeded_ms),
    },
  };
}

/** The agent, link and buyer of the last run, or new ones. */
async function loadCast(stack: Stack, api: ApiClient, write: (line: string) => void): Promise<Cast> {
  const file = join(stack.directory, 'demo.json');
  if (existsSync(file)) {
    const cast = JSON.parse(readFileSync(file, 'utf8')) as Cast;
    if ((await api.get(`/v1/payment-links/${cast.link}`)).status === 200) {
      write(`  going on with agent ${cast.agent} and link ${cast.link}`);
      return cast;
    }
  }
  const agent = (await generateKeyPairSigner()).address;
  const registered = await api.post('/v1/agents', { mint: agent, label: 'Demo agent', treasury: { kind: 'managed' } });
  if (registered.status !== 201)
    throw new Error(`the agent was answered ${registered.status}: ${JSON.stringify(registered.body)}`);
  await api.until<{ treasury: { status: string } }>(`/v1/agents/${agent}`, body => body.treasury.status === 'open');
  const link = await api.post<{ id: string }>('/v1/payment-links', {
    label: 'Demo link',
    owner_agent: agent,
    method: 'GET',
    price: '$0.10',
    response: { body: { ok: true, message: 'Here is what you paid for.' } },
  });
  if (link.status !== 201) throw new Error(`the link was answered ${link.status}: ${JSON.stringify(link.body)}`);
  const cast = { agent, link: link.body.id, buyer_secret: randomBytes(32).toString('base64') };
  writeFileSync(file, JSON.stringify(cast), { mode: 0o600 });
  write(`  registered agent ${agent}, with a link at $0.10: ${stack.urls.api}/x/${cast.link}?network=solana-devnet`);
  return cast;
}

const succeeded = (api: ApiClient, id: string): Promise<Refund> =>
  api.until<Refund>(`/v1/refunds/${id}`, refund => refund.status === 'succeeded');

async function paymentOf(api: ApiClient, transaction: string): Promise<Record<string, unknown>> {
  const [payment] = await api.all<Record<string, unknown>>(`/v1/payments?tx_sig=${transaction}`);
  if (!payment) throw new Error('the payment is not in the list');
  return payment;
}

/** Saves the agent's chain as JSON Lines and has `ebb-verify` judge the file, as anyone without the API could. */
async function verifyOffline(stack: Stack, api: ApiClient, agent: string): Promise<{ verified: boolean; count: number }> {
  const receipts = await api.all<{ nonce: number }>(`/v1/receipts/${agent}`);
  const file = join(stack.directory, 'receipts.jsonl');
  const lines = receipts.sort((a, b) => a.nonce - b.nonce).map(receipt => JSON.stringify(receipt));
  writeFileSync(file, `${lines.join('\n')}\n`);
  const said = execFileSync(process.execPath, [join(projectRoot, 'dist', 'apps', 'cli', 'verify.js'), file], {
    encoding: 'utf8',
  });
  const verdict = JSON.parse(said) as { ok: boolean; count: number };
  return { verified: verdict.ok, count: verdict.count };
}

const adminOf = (stack: Stack): string => String(stack.part('localnet').said.admin);

const usd = (atoms: bigint): string => `$${atoms / 1_000_000n}.${(atoms % 1_000_000n).toString().padStart(6, '0')}`;

function lookHere(stack: Stack, payment: Record<string, unknown>, refund: Refund, write: (line: string) => void): void {
  const key = readFileSync(join(stack.directory, 'api-key'), 'utf8').trim();
  write('look here:');
  write(`  payment         curl -H 'Authorization: Bearer ${key}' ${stack.urls.api}/v1/payments/${payment.id}`);
  write(`  refund          curl -H 'Authorization: Bearer ${key}' ${stack.urls.api}/v1/refunds/${refund.id}`);
  write(`  its workflow    ${refund.workflow.url}`);
  write(`  API reference   ${stack.urls.api}/api/reference`);
}
