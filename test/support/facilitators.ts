import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createKeyPairSignerFromPrivateKeyBytes } from '@solana/kit';
import { x402Facilitator } from '@x402/core/facilitator';
import { toFacilitatorSvmSigner } from '@x402/svm';
import { ExactSvmScheme } from '@x402/svm/exact/facilitator';
import { CAIP2 } from '#libs/money/assets';

/** A facilitator that a test runs itself, behind HTTP. */
export interface HttpFacilitator {
  url: string;
  close(): Promise<void>;
}

/** What becomes of a question on its way: as it would go, or an answer of the test's choosing; null is no answer at all. */
export type Interference = (path: string, forward: () => Promise<Said>) => Promise<Said | null>;
export interface Said {
  status: number;
  body: string;
}

export interface Meddler extends HttpFacilitator {
  /** What it does to each question; null lets everything through. */
  interfere: Interference | null;
  /** How many times each path was asked. */
  asked: Map<string, number>;
}

/** Stands between Ebb and its facilitator, and does to questions and answers what networks and strangers do. */
export async function openMeddler(target: () => string): Promise<Meddler> {
  const meddler = { interfere: null as Interference | null, asked: new Map<string, number>() };
  const served = await serve(async (request, body) => {
    const path = request.url ?? '/';
    meddler.asked.set(path, (meddler.asked.get(path) ?? 0) + 1);
    const forward = async (): Promise<Said> => {
      const { host: _host, 'content-length': _length, connection: _connection, ...headers } = request.headers;
      const answer = await fetch(`${target()}${path}`, {
        method: request.method ?? 'GET',
        headers: headers as Record<string, string>,
        ...(body === '' ? {} : { body }),
      });
      return { status: answer.status, body: await answer.text() };
    };
    return meddler.interfere === null ? forward() : meddler.interfere(path, forward);
  });
  return Object.assign(meddler, served);
}

/** The official facilitator, unmodified: its own class, scheme and signer over the RPC, and no care of ours. */
export async function openOfficial(rpc: () => string): Promise<HttpFacilitator & { sponsor: string }> {
  const signer = await createKeyPairSignerFromPrivateKeyBytes(crypto.getRandomValues(new Uint8Array(32)));
  let official: x402Facilitator | null = null;
  const open = (): x402Facilitator =>
    new x402Facilitator().register(
      CAIP2['solana-devnet'] as `${string}:${string}`,
      new ExactSvmScheme(toFacilitatorSvmSigner(signer, { defaultRpcUrl: rpc() })),
    );
  const served = await serve(async (request, body) => {
    official ??= open();
    if (request.url === '/supported') return { status: 200, body: JSON.stringify(official.getSupported()) };
    const { paymentPayload, paymentRequirements } = JSON.parse(body);
    const answer =
      request.url === '/verify'
        ? await official.verify(paymentPayload, paymentRequirements)
        : await official.settle(paymentPayload, paymentRequirements);
    return { status: 200, body: JSON.stringify(answer) };
  });
  return { ...served, sponsor: signer.address };
}

async function serve(answer: (request: IncomingMessage, body: string) => Promise<Said | null>): Promise<HttpFacilitator> {
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const said = await answer(request, body);
    if (said === null) request.socket.destroy();
    else response.writeHead(said.status, { 'content-type': 'application/json' }).end(said.body);
  };
  const server = createServer((request, response) => {
    respond(request, response).catch(error => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
