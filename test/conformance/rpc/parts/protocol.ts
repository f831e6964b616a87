import type { World } from '../world.ts';

const call = (id: unknown, method: unknown, params?: unknown) => ({
  jsonrpc: '2.0',
  id,
  method,
  ...(params === undefined ? {} : { params }),
});

/** JSON-RPC and HTTP themselves: what is malformed, and how it is answered. */
export async function protocol({ asker, sponsor }: World): Promise<void> {
  await asker.call('unknown method', 'getNothing');
  await asker.call('not an address', 'getBalance', 'abc');
  await asker.call('not base58', 'getBalance', '0OIl');
  await asker.call('parameter missing', 'getBalance');
  await asker.call('parameter of the wrong type', 'getBalance', 5);
  await asker.call('parameter null', 'getBalance', null);
  await asker.call('too many parameters', 'getBalance', sponsor.address, {}, 'more');
  await asker.call('too many parameters, slot', 'getSlot', {}, 'more');
  await asker.call('parameters where none are expected', 'getHealth', 'more');
  await asker.call('preflight commitment unknown', 'sendTransaction', 'AA==', {
    encoding: 'base64',
    preflightCommitment: 'certain',
  });
  await asker.call('config of the wrong type', 'getBalance', sponsor.address, 'confirmed');
  await asker.call('config null', 'getBalance', sponsor.address, null);
  await asker.raw('params as an object', call(1, 'getSlot', { commitment: 'confirmed' }));
  await asker.raw('params null', call(1, 'getHealth', null));
  await asker.raw('broken json', '{"jsonrpc":"2.0",');
  await asker.raw('empty body', '');
  await asker.raw('a number', '5');
  await asker.raw('batch', [call(1, 'getSlot'), call(2, 'getNothing')]);
  await asker.raw('batch with nonsense', [call(1, 'getHealth'), 5, {}]);
  await asker.raw('empty batch', []);
  await asker.raw('no jsonrpc member', { id: 1, method: 'getSlot' });
  await asker.raw('wrong jsonrpc version', { jsonrpc: '1.0', id: 1, method: 'getSlot' });
  await asker.raw('no method', { jsonrpc: '2.0', id: 1 });
  await asker.raw('notification', { jsonrpc: '2.0', method: 'getSlot' });
  await asker.raw('string id', call('x', 'getHealth'));
  await asker.raw('null id', call(null, 'getHealth'));
  await asker.raw('fractional id', call(1.5, 'getHealth'));
  await asker.raw('unknown member', { ...call(1, 'getHealth'), more: true });
  await asker.raw('wrong content type', call(1, 'getHealth'), { 'content-type': 'text/plain' });
  await asker.raw('content type with charset', call(1, 'getHealth'), { 'content-type': 'application/json; charset=utf-8' });
  await asker.raw('too large', call(1, 'getHealth', ['x'.repeat(60_000)]));
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/health'],
    ['PUT', '/'],
    ['OPTIONS', '/'],
  ] as const) {
    const response = await fetch(new URL(path, asker.url), { method });
    asker.log.push({
      name: `${method} ${path}`,
      status: response.status,
      content_type: response.headers.get('content-type'),
      request: null,
      response: await response.text(),
    });
  }
}
