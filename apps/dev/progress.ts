import type { Progress } from './stack-options.ts';

/** Writes a line when a part is ready or has something to say; what only begins is worth no line. */
export function progressLines(write: (line: string) => void): (progress: Progress) => void {
  return ({ part, state, ms, text }) => {
    if (state === 'ready') write(`  ${part.padEnd(12)} ready   ${ms} ms`);
    else if (state === 'note') write(`  ${part.padEnd(12)} ${text}`);
  };
}
