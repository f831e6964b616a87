import type { FastifyReply } from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Scope } from '#libs/accounts/scopes';
import type { Config } from '#libs/config/config';
import { refuse } from '#libs/problems/refusal';

/** What is counted apart, so that a report that reads everything does not keep a refund from being asked for. */
export type Bucket = 'reads' | 'writes';

/** By what the route needs and not by its method: a preview is a POST that writes nothing. */
export const bucketOf = (scope: Scope): Bucket => (scope.endsWith(':read') ? 'reads' : 'writes');

/**
 * Counts requests per key and bucket, in fixed windows, in this process's memory: with n API processes a key has up to n
 * times its quota. It keeps one caller from starving the others; it is no billing.
 */
export class RateLimits {
  readonly #quota: Record<Bucket, number>;
  readonly #window_s: number;
  readonly #limiters: Record<Bucket, RateLimiterMemory>;

  constructor(config: Pick<Config, 'EBB_RATE_READS' | 'EBB_RATE_WRITES' | 'EBB_RATE_WINDOW_S'>) {
    this.#quota = { reads: config.EBB_RATE_READS, writes: config.EBB_RATE_WRITES };
    this.#window_s = config.EBB_RATE_WINDOW_S;
    const limiter = (points: number) => new RateLimiterMemory({ points, duration: this.#window_s });
    this.#limiters = { reads: limiter(this.#quota.reads), writes: limiter(this.#quota.writes) };
  }

  /** Counts one request; says on the reply what is left (draft-ietf-httpapi-ratelimit-headers-10), and refuses it when nothing was. */
  async take(reply: FastifyReply, keyId: string, bucket: Bucket): Promise<void> {
    const { over, left, reset_s } = await this.#count(keyId, bucket);
    reply.header('ratelimit-policy', `"${bucket}";q=${this.#quota[bucket]};w=${this.#window_s}`);
    reply.header('ratelimit', `"${bucket}";r=${left};t=${reset_s}`);
    if (!over) return;
    refuse('rate_limited', {
      detail: `This key has made its ${this.#quota[bucket]} ${bucket} of ${this.#window_s} seconds.`,
      // The name is the draft's.
      members: { 'violated-policies': [bucket] },
      headers: { 'retry-after': String(reset_s) },
    });
  }

  async #count(keyId: string, bucket: Bucket): Promise<{ over: boolean; left: number; reset_s: number }> {
    const said = ({ remainingPoints, msBeforeNext }: RateLimiterRes) => ({
      left: remainingPoints,
      reset_s: Math.max(1, Math.ceil(msBeforeNext / 1_000)),
    });
    try {
      return { over: false, ...said(await this.#limiters[bucket].consume(keyId)) };
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      return { over: true, ...said(refused) };
    }
  }
}
