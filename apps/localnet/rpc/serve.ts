import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Faults } from '../faults/faults.ts';
import { type Plan, planOf } from '../faults/plan.ts';
import { bodyOf, reply } from '../http.ts';
import { type Answer, answer, failure, isCall, readRequest, toJson } from './call.ts';
import { RpcError } from './error.ts';
import type { Node } from './node.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
/** A validator reads no larger body. */
const MAX_BODY = 51_200;
const TEXT_TYPE = 'text/plain; charset=utf-8';

/** Serves JSON-RPC for one node, as a validator's HTTP server does, with the faults that are set. */
export const serveRpc = (node: Node, faults: Faults) => async (request: IncomingMessage, response: ServerResponse) => {
  if (request.method === 'GET' && request.url === '/health') return reply(response, 200, null, 'ok');
  if (request.method === 'OPTIONS') return reply(response, 200, JSON_TYPE, '');
  if (request.method !== 'POST')
    return reply(response, 405, TEXT_TYPE, 'Used HTTP Method is not allowed. POST or OPTIONS is required\n');
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\b/i.test(type))
    return reply(response, 415, TEXT_TYPE, 'Supplied content type is not allowed. Content-Type: application/json is required\n');

  const body = await bodyOf(request, MAX_BODY);
  if (body === null) return reply(response, 413, 'text/plain', 'request body size exceeds allowed maximum');
  const raw = parse(body);
  const calls: unknown[] = Array.isArray(raw) ? raw : [raw];
  if (!calls.every(isCall))
    return reply(response, 200, JSON_TYPE, toJson({ jsonrpc: '2.0', error: { code: -32700, message: 'Parse error' }, id: null }));
  const answers: Answer[] = [];
  let ending: Plan['ending'] = 'answer';
  for (const call of calls) {
    const read = readRequest(call);
    if ('answer' in read) {
      if (read.answer) answers.push(read.answer);
      continue;
    }
    const plan = planOf(faults, node, read.request);
    if (plan.delay_ms > 0) await sleep(plan.delay_ms);
    if (plan.refusal) return reply(response, plan.refusal.status, TEXT_TYPE, plan.refusal.body, plan.refusal.headers);
    if (plan.error) answers.push(failure(read.request.id, new RpcError(plan.error.code, plan.error.message)));
    else answers.push(answer(plan.node, read.request));
    if (plan.answerDelay_ms > 0) await sleep(plan.answerDelay_ms);
    if (plan.errorInstead)
      answers[answers.length - 1] = failure(read.request.id, new RpcError(plan.errorInstead.code, plan.errorInstead.message));
    if (plan.ending !== 'answer') ending = plan.ending;
  }
  const text = answers.length === 0 ? '' : toJson(Array.isArray(raw) ? answers : answers[0]);
  await node.chain.store.settled();
  if (ending === 'reset') return void response.destroy();
  if (ending === 'half') return half(response, text);
  reply(response, 200, JSON_TYPE, text);
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Promises the whole body, sends half of it, and is gone. */
function half(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(body) });
  response.write(body.slice(0, Math.floor(body.length / 2)), () => response.destroy());
}
