import { Lab } from '#apps/localnet/testing/lab';
import type { Built } from '#apps/localnet/testing/wallets';
import { type Chain, openChain } from '#libs/chain/chain';
import type { Signature } from '#libs/money/solana-types';
import { quietSteps } from '#libs/steps/steps';
import type { InFlight, Watch } from '#libs/transfers/follow';
import { type Mark, type Proof, proveAbsent, searchSignature } from '#libs/transfers/prove';

/** More slots than a transaction lives, finality included. */
export const PAST_EXPIRY = 400;

/** A transaction and where the chain stood when its bytes were stored. */
export interface Subject {
  built: Built;
  mark: Mark;
  lastValidBlockHeight: bigint;
}

/** A chain whose clock stands still, behind Ebb's own port: with one provider, with the lagging one, with both. */
export class DeathLab {
  readonly lab: Lab;
  readonly main: Chain;
  readonly lagging: Chain;
  readonly both: Chain;

  constructor(lab: Lab) {
    const { rpc, lagging_rpc } = lab.localnet.urls;
    this.lab = lab;
    this.main = openChain('solana-devnet', [rpc], quietSteps);
    this.lagging = openChain('solana-devnet', [lagging_rpc], quietSteps);
    this.both = openChain('solana-devnet', [rpc, lagging_rpc], quietSteps);
  }

  static async start(): Promise<DeathLab> {
    const lab = await Lab.start();
    await lab.jump(PAST_EXPIRY);
    return new DeathLab(lab);
  }

  /** A payment that is signed and not sent, with the mark that is stored beside it. */
  async stored(memo?: string): Promise<Subject> {
    const epoch = await this.lab.result('getEpochInfo', { commitment: 'finalized' });
    const built = await this.lab.payment(100n, memo);
    const mark = { finalizedSlot: BigInt(epoch.absoluteSlot), finalizedHeight: BigInt(epoch.blockHeight) };
    return { built, mark, lastValidBlockHeight: BigInt(built.lifetime.lastValidBlockHeight) };
  }

  /** A payment that has landed, finally, and whose blockhash has expired since; a node 300 slots behind has not seen it. */
  async landedLongAgo(): Promise<Subject> {
    const subject = await this.stored();
    await this.lab.send(subject.built);
    await this.lab.jump(250);
    return subject;
  }

  /** A payment that never reached the chain, and whose blockhash has expired since. */
  async lostLongAgo(): Promise<Subject> {
    const subject = await this.stored();
    await this.lab.jump(PAST_EXPIRY);
    return subject;
  }

  prove(subject: Subject, chain = this.main): Promise<Proof> {
    const { mark, lastValidBlockHeight, built } = subject;
    return proveAbsent(chain, 'refund.prove', mark, lastValidBlockHeight, searchSignature(built.signature as Signature));
  }

  fault(body: Record<string, unknown>): Promise<{ id: number }> {
    return this.lab.admin('POST /fault', body);
  }

  async met(id: number): Promise<number> {
    return (await this.lab.admin('GET /faults')).met[id];
  }

  /** No fault, and no lag. */
  async heal(): Promise<void> {
    await this.lab.admin('DELETE /faults', {});
    await this.lab.admin('POST /lag', { slots: 0 });
  }

  close = () => this.lab.close();
}

/** The bytes of a subject as an attempt carries them. */
export const inFlight = ({ built, mark, lastValidBlockHeight }: Subject, fresh = false): InFlight => ({
  ...mark,
  signature: built.signature as Signature,
  wire: Buffer.from(built.wire, 'base64'),
  lastValidBlockHeight,
  fresh,
});

/** A watch that gives up after so many milliseconds, looking and sending all the time. */
export const watchFor = (activity_ms: number): Watch => ({
  tries: 1,
  pace: {
    activity_ms,
    poll_ms: 5,
    resend_ms: 5,
    backoff_ms: 5,
    backoff_max_ms: 5,
    heartbeat_ms: 1_000,
    overdue_ms: 60_000,
  },
  beat: () => {},
  abort: new AbortController().signal,
});
