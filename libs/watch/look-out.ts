import { ChainUnavailable } from '#libs/chain/chain';
import type { Parts } from '#libs/parts';
import type { Lookout } from '#libs/states/outcomes';
import { pause, type Watch } from '#libs/transfers/follow';

/** Looks at most this far apart: what comes in is seen within seconds, however long it is waited for. */
const SLOWEST_MS = 2_000;

/**
 * Looks again and again, until `activity_ms` is over or nobody waits any more. A chain that does not answer ends nothing.
 * The pause grows with every look that found nothing to do.
 */
export async function lookOut(
  parts: Parts,
  watch: Watch,
  look: () => Promise<{ found: Lookout; acted: boolean }>,
): Promise<Lookout> {
  const until = performance.now() + watch.pace.activity_ms;
  let pause_ms = watch.pace.poll_ms;
  let last: Lookout = { kind: 'blocked', reason: 'rpc_unavailable', since: parts.clock.now().toISOString() };
  while (true) {
    watch.beat();
    try {
      const { found, acted } = await look();
      if (found.kind === 'idle') return found;
      last = found;
      pause_ms = acted ? watch.pace.poll_ms : Math.max(watch.pace.poll_ms, Math.min(pause_ms * 1.2, SLOWEST_MS));
    } catch (error) {
      if (!(error instanceof ChainUnavailable)) throw error;
      if (last.kind !== 'blocked') last = { kind: 'blocked', reason: 'rpc_unavailable', since: parts.clock.now().toISOString() };
    }
    if (watch.abort.aborted || performance.now() + pause_ms >= until) return last;
    await pause(pause_ms, watch.abort);
  }
}
