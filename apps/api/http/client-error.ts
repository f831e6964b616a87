import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { PROBLEM_JSON, problemBody } from '#libs/problems/problem-json';
import { Refusal } from '#libs/problems/refusal';
import type { ApiParts } from '../parts.ts';
import type { Origin } from './origin.ts';

/** Answers bytes that are no HTTP request, or one with too much before its body: there is no request yet, only a socket. */
export const refuseBytes =
  (parts: Pick<ApiParts, 'ids'>, origin: Origin) =>
  (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
    const refusal = tooLarge
      ? new Refusal('headers_too_large')
      : new Refusal('invalid_request', { detail: 'The bytes are not an HTTP request.' });
    const requestId = parts.ids.next('request');
    const body = JSON.stringify(problemBody(refusal, { origin: origin.url, instance: '/', requestId }));
    const head = [
      `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
      `content-type: ${PROBLEM_JSON}`,
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${requestId}`,
      'connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  };
