const PARENT_LOOK_MS = 500;

/** Asked to end: Ctrl-C, SIGTERM, a closed terminal, or (when wanted) the death of the process that started this one. */
export interface Ending {
  signal: AbortSignal;
  /** Resolves when it is asked. */
  asked: Promise<void>;
}

/**
 * Listens for every way in which a person ends a program that stays up. Ctrl-C a second time, a second later, ends it at
 * once; what it started ends all the same.
 *
 * @param withParent also when the parent is gone: npm, killed with -9, leaves its script running.
 */
export function awaitEnding(withParent: boolean): Ending {
  const controller = new AbortController();
  let askedAt = 0;
  const ask = () => {
    if (askedAt === 0) askedAt = performance.now();
    // npm hands on the signal that the terminal has sent already, so two at once are one.
    else if (performance.now() - askedAt > 1_000) process.exit(130);
    controller.abort(new Error('asked to end'));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask);
  if (withParent) {
    const parent = process.ppid;
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      ask();
    }, PARENT_LOOK_MS);
  }
  const asked = new Promise<void>(resolve => controller.signal.addEventListener('abort', () => resolve(), { once: true }));
  return { signal: controller.signal, asked };
}
