import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';

/*
 * Below the range from which the system takes the ports of outgoing connections (32768 on Linux, 49152 on macOS): a port
 * from there could be taken again between this look and the server's own bind, or while a killed part is down.
 */
const FIRST = 11_000;
const LAST = 32_000;

/** A port on the loopback address that nobody listens on; `wanted` if that one is free. Never the same twice in a process. */
export async function freePort(wanted?: number): Promise<number> {
  if (wanted !== undefined && (await isFree(wanted))) return take(wanted);
  for (let tries = 0; tries < 200; tries++) {
    const port = randomInt(FIRST, LAST);
    if (!taken.has(port) && (await isFree(port))) return take(port);
  }
  throw new Error(`no free port found between ${FIRST} and ${LAST}`);
}

const taken = new Set<number>();

function take(port: number): number {
  taken.add(port);
  return port;
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Whether a connection to `host:port` is taken. */
export function isListening(address: string): Promise<boolean> {
  const { hostname: host, port } = new URL(`tcp://${address}`);
  return new Promise(resolve => {
    const socket = connect({ host, port: Number(port) });
    socket.setTimeout(1_000);
    for (const end of ['connect', 'error', 'timeout'] as const) {
      socket.once(end, () => {
        socket.destroy();
        resolve(end === 'connect');
      });
    }
  });
}
