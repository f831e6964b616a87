import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The whole body as text; null when it is larger than that many bytes. */
export async function bodyOf(request: IncomingMessage, most: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size <= most) chunks.push(chunk as Buffer);
  }
  return size > most ? null : Buffer.concat(chunks).toString('utf8');
}

export function reply(
  response: ServerResponse,
  status: number,
  type: string | null,
  body: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    ...(type === null ? {} : { 'content-type': type }),
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

export type Listening = { url: string; close(): Promise<void> };

/** Serves on loopback; port 0 takes a free one. */
export async function listen(
  port: number,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<Listening> {
  const server: Server = createServer((request, response) => {
    handle(request, response).catch(error => {
      process.stderr.write(`localnet: ${error instanceof Error ? error.stack : String(error)}\n`);
      if (!response.headersSent) reply(response, 500, 'text/plain', 'internal error\n');
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
