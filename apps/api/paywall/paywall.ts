import type { Address } from '@solana/kit';
import type { CallCounter } from '#libs/links/count-calls';
import type { Link } from '#libs/links/link';
import type { Network } from '#libs/money/assets';
import { answerBuyer } from '#libs/payments/answer';
import { claimPayment } from '#libs/payments/claim';
import { settlementHeaders } from '#libs/paywall/x402/answers';
import { type Proof, readProof } from '#libs/paywall/x402/proof';
import type { Refused } from '#libs/paywall/x402/vocabulary';
import { refuse } from '#libs/problems/refusal';
import type { Origin } from '../http/origin.ts';
import type { ApiParts } from '../parts.ts';
import type { PaywallAnswer } from './answer.ts';
import { tellBuyer } from './answer-buyer.ts';
import { visitLink } from './find-link.ts';
import { type Asking, askForPayment, rememberFeePayers } from './offer.ts';
import { heightsOf, judgeProof, mintRefusal } from './take-proof.ts';

/** A request to a paid link, as it came. */
export interface Call {
  slug: string;
  method: string;
  /** Path and query, as the buyer wrote them. */
  path: string;
  network: unknown;
  paymentSignature: string | undefined;
  xPayment: string | undefined;
  body: Buffer | null;
  clientReference: string | null;
}

/** Takes calls of paid links: asks for payment, has a proof settled, then serves. */
export class Paywall {
  readonly #parts: ApiParts;
  readonly #origin: Origin;
  readonly #calls: CallCounter;
  readonly #feePayers: (network: Network) => Promise<readonly Address[]>;

  constructor(parts: ApiParts, origin: Origin, calls: CallCounter) {
    this.#parts = parts;
    this.#origin = origin;
    this.#calls = calls;
    this.#feePayers = rememberFeePayers(parts);
  }

  async answer(call: Call): Promise<PaywallAnswer> {
    const link = await visitLink(this.#parts.db.read, this.#origin.url, call);
    this.#calls.count(link.id);
    const read = readProof(call, this.#parts.keys.proof);
    if (read.kind === 'proof') return this.#paid(link, call, read.proof);
    return this.#ask(link, read.kind === 'refused' ? { error: read.reason } : {});
  }

  /** A proof is claimed once; whoever brings it again is answered from its row, however late. */
  async #paid(link: Link, call: Call, proof: Proof): Promise<PaywallAnswer> {
    const standing = await this.#tell(link, proof, false);
    if (standing !== null) return standing;

    const feePayers = await this.#offeredBy(link);
    const url = `${this.#origin.url}${call.path}`;
    const judged = judgeProof(this.#parts, { ...call, url, link, feePayers, proof });
    if (judged.kind === 'refused') return this.#refused(link, proof, judged);

    const unfit = await mintRefusal(this.#parts.chains.get(link.network), judged.claim);
    if (unfit) return this.#refused(link, proof, unfit);
    const heights = await heightsOf(this.#parts.chains.get(link.network));
    const { EBB_PACE_SETTLE_START_MS, EBB_PACE_BUYER_WAIT_MS } = this.#parts.config;
    const claimed = await claimPayment(this.#parts, judged.claim, heights, EBB_PACE_SETTLE_START_MS);
    if (claimed !== null) await this.#parts.settle(claimed.line, EBB_PACE_BUYER_WAIT_MS);
    const told = await this.#tell(link, proof, claimed !== null);
    if (told === null) throw new Error('a claimed proof has no row');
    return told;
  }

  async #tell(link: Link, proof: Proof, first: boolean): Promise<PaywallAnswer | null> {
    const { version, secretShown } = proof;
    const showing = { messageHash: proof.transaction.messageHash, linkId: link.id, secretShown };
    const answer = await answerBuyer(this.#parts, showing);
    if (answer === null) return null;
    const telling = { origin: this.#origin.url, statusKey: this.#parts.keys.status, version, first, secretShown };
    const told = tellBuyer(answer, telling);
    return 'failed' in told ? this.#ask(link, { error: told.failed, headers: told.headers, version }) : told;
  }

  /** Refused before anything was submitted: the buyer may pay anew. */
  #refused(link: Link, { version, transaction }: Proof, { reason }: Refused): Promise<PaywallAnswer> {
    const payer = transaction.transfers[0]?.authority ?? null;
    const headers = settlementHeaders(version, { network: link.network, payer, kind: 'refused', reason });
    return this.#ask(link, { error: reason, headers, version });
  }

  async #ask(link: Link, asking: Pick<Asking, 'error' | 'headers' | 'version'>): Promise<PaywallAnswer> {
    return askForPayment(this.#parts, { ...asking, link, origin: this.#origin.url, feePayers: await this.#offeredBy(link) });
  }

  #offeredBy({ network }: Link): Promise<readonly Address[]> {
    if (!this.#parts.chains.has(network)) refuse('network_not_configured');
    return this.#feePayers(network);
  }
}
