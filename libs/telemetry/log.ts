import { type Logger, pino } from 'pino';

export type Log = Logger;

/** What must never reach a log, wherever it hides: credentials, payment proofs, key material. */
const SECRET_PATHS = ['authorization', 'proof', 'key', 'secret', 'token', 'wire', 'payment_signature'].flatMap(name => [
  name,
  `*.${name}`,
  `*.*.${name}`,
]);

/** The log of one process: JSON lines on standard error, so that standard output stays free for machines. */
export function openLog(process: string, level: string): Log {
  return pino(
    { level, base: { process }, messageKey: 'message', timestamp: pino.stdTimeFunctions.isoTime, redact: SECRET_PATHS },
    pino.destination({ dest: 2, sync: true }),
  );
}
