import type { Request } from '../rpc/call.ts';
import { sentTransaction, signatureOf } from '../rpc/methods-send.ts';
import type { Node } from '../rpc/node.ts';
import type { Aim, Fault, Faults } from './faults.ts';

/** How one call is to go, faults considered. */
export type Plan = {
  node: Node;
  delay_ms: number;
  answerDelay_ms: number;
  refusal: { status: number; body: string; headers: Record<string, string> } | null;
  error: { code: number; message: string } | null;
  errorInstead: { code: number; message: string } | null;
  ending: 'answer' | 'reset' | 'half';
};

/** Looks up which faults a call meets and what they make of it. */
export function planOf(faults: Faults, node: Node, request: Request): Plan {
  const plan: Plan = { node, delay_ms: 0, answerDelay_ms: 0, refusal: null, error: null, errorInstead: null, ending: 'answer' };
  if (!faults.any) return plan;
  for (const fault of faults.take(aimOf(node, request))) disturb(plan, fault);
  return plan;
}

function disturb(plan: Plan, fault: Fault): void {
  switch (fault.kind) {
    case 'error_before_accept':
      plan.error = { code: fault.code ?? -32603, message: fault.message ?? 'Internal error' };
      break;
    case 'accept_lose_answer':
      if (fault.answer === 'error') plan.errorInstead = { code: -32603, message: 'Internal error' };
      else plan.ending = 'reset';
      break;
    case 'delay':
      if (fault.after) plan.answerDelay_ms += fault.ms;
      else plan.delay_ms += fault.ms;
      break;
    case 'rate_limit':
      plan.refusal = { status: 429, body: 'Too many requests\n', headers: { 'retry-after': String(fault.retry_after_s ?? 1) } };
      break;
    case 'unavailable':
      plan.refusal = { status: 503, body: 'Service unavailable\n', headers: {} };
      break;
    case 'reset_mid_body':
      plan.ending = 'half';
      break;
    case 'never_land':
      plan.node = { ...plan.node, landing: { kind: 'never' } };
      break;
    case 'gone':
      plan.node = { ...plan.node, landing: { kind: 'gone', seen: fault.seen, slots: fault.slots } };
      break;
    case 'fail_on_chain':
      plan.node = { ...plan.node, landing: { kind: 'fail', err: fault.err } };
      break;
    case 'error_then_success':
      plan.node = { ...plan.node, landing: { kind: 'error_then_success', slots: fault.slots } };
      break;
    case 'gap':
      plan.node = { ...plan.node, gaps: [...plan.node.gaps, { from: fault.from_slot, to: fault.to_slot }] };
      break;
    case 'forget_statuses':
      plan.node = { ...plan.node, forgets: { signature: fault.signature ?? null, history: fault.history } };
      break;
    case 'lag':
      plan.node = { ...plan.node, lag: plan.node.lag + fault.slots };
      break;
  }
}

/** Signatures and accounts that a call names, those inside a transaction included. */
function aimOf(node: Node, request: Request): Aim {
  const named = request.params.flat().filter(p => typeof p === 'string');
  const aim: Aim = { method: request.method, node: node.name, signatures: [...named], accounts: [...named] };
  if (request.method !== 'sendTransaction' && request.method !== 'simulateTransaction') return aim;
  try {
    const { tx } = sentTransaction(request.params);
    aim.signatures.push(signatureOf(tx));
    aim.accounts.push(...tx.staticKeys);
  } catch {
    // A malformed transaction names nothing; the method will say so.
  }
  return aim;
}
