import type { LoggerService } from '@nestjs/common';
import type { Log } from '#libs/telemetry/log';

/** Nest's own words in our log: its warnings and errors; the rest is how it boots, which nobody asks for. */
export const nestLog = (log: Log): LoggerService => ({
  log: () => {},
  warn: (message: unknown, ...context: unknown[]) => log.warn({ context }, String(message)),
  error: (message: unknown, ...context: unknown[]) => log.error({ context }, String(message)),
  fatal: (message: unknown, ...context: unknown[]) => log.fatal({ context }, String(message)),
});
