import type { Part } from './part.ts';
import type { Stack } from './stack.ts';

const RESTARTS = 20;
const PAUSE_MS = 1_000;

/**
 * Starts again what ends by itself, and says so with the end of its log: in development a crash should be seen, not end
 * the session. Stops watching with the signal.
 */
export function restartWhatEnds(stack: Stack, signal: AbortSignal, write: (line: string) => void): void {
  for (const part of stack.parts) void watch(part, signal, write);
}

async function watch(part: Part, signal: AbortSignal, write: (line: string) => void): Promise<void> {
  for (let restarts = 0; restarts < RESTARTS; restarts++) {
    const exit = await part.exited;
    if (signal.aborted) return;
    const said = part.logs(10);
    write(`  ${part.name} ended with ${exit.signal ?? `code ${exit.code}`}, starting it again${said && `; its log:\n${said}`}`);
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS));
    if (signal.aborted) return;
    try {
      await part.start();
      write(`  ${part.name.padEnd(12)} ready   ${part.startMs} ms`);
    } catch (error) {
      if (!signal.aborted) write(`  ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  write(`  ${part.name} has ended ${RESTARTS} times and stays down`);
}
