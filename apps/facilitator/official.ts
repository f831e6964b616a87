import type { Base64EncodedWireTransaction } from '@solana/kit';
import { x402Facilitator } from '@x402/core/facilitator';
import type { Network as X402Network } from '@x402/core/types';
import type { FacilitatorSvmSigner } from '@x402/svm';
import { ExactSvmScheme } from '@x402/svm/exact/facilitator';
import { ExactSvmSchemeV1 } from '@x402/svm/exact/v1/facilitator';
import { CAIP2, type Network } from '#libs/money/assets';
import { type Settlement, storeSettlement } from '#libs/paywall/sponsor/settlements';
import { type Refused, V1_NETWORK } from '#libs/paywall/x402/vocabulary';
import { budgetSpent, type Checked } from './check.ts';
import { cosign } from './cosign.ts';
import { type Followed, follow } from './follow.ts';
import type { FacilitatorParts } from './parts.ts';

/** What one run of the official code did, in our own records. Its answers lose most of this, so ours are made from it. */
export interface Course {
  settlement: Settlement | null;
  followed: Followed | null;
  refusal: Refused | null;
  /** An outage of the RPC or the database. The official code takes it for a fault of the payment. */
  trouble: unknown;
}

/** The official facilitator for some networks. Its effects go through `signer`. */
export function officialFacilitator(networks: readonly Network[], signer: FacilitatorSvmSigner): x402Facilitator {
  return new x402Facilitator()
    .register(
      networks.map(one => CAIP2[one] as X402Network),
      new ExactSvmScheme(signer),
    )
    .registerV1(
      networks.map(one => V1_NETWORK[one] as X402Network),
      new ExactSvmSchemeV1(signer),
    );
}

/** For `/supported`: addresses, and no effects. */
export function namingSigner({ sponsor }: Pick<FacilitatorParts, 'sponsor'>): FacilitatorSvmSigner {
  const never = () => Promise.reject(new Error('this signer only names its address'));
  return {
    getAddresses: () => [sponsor.address],
    signTransaction: never,
    simulateTransaction: never,
    sendTransaction: never,
    confirmTransaction: never,
  };
}

/**
 * The official code's port to the world, for one payment that our own check has passed. Signed bytes are stored before
 * they leave; sending is left to the follower, which sends them again; nothing that happens after storing is reported
 * as a failure of the payment.
 */
export function settlingSigner(parts: FacilitatorParts, checked: Checked): { signer: FacilitatorSvmSigner; course: Course } {
  const course: Course = { settlement: null, followed: null, refusal: null, trouble: null };
  const { asked, transaction, chain, spender, lamports } = checked;
  const troubled = <T>(effect: Promise<T>): Promise<T> =>
    effect.catch(error => {
      course.trouble = error;
      throw new Error('an outage');
    });

  const signer: FacilitatorSvmSigner = {
    getAddresses: () => [parts.sponsor.address],
    async simulateTransaction(wire) {
      const simulated = await troubled(
        chain.ask('facilitator.verify', rpc =>
          rpc.simulateTransaction(wire as Base64EncodedWireTransaction, {
            encoding: 'base64',
            sigVerify: false,
            commitment: 'confirmed',
          }),
        ),
      );
      if (simulated.value.err === null) return;
      throw new Error(JSON.stringify(simulated.value.err, (_, value) => (typeof value === 'bigint' ? String(value) : value)));
    },
    async signTransaction(wire) {
      // Only what was checked is signed.
      if (wire !== asked.wire) throw new Error('another transaction than the one that was checked');
      const signed = await parts.steps('facilitator.sign', () => cosign(parts.sponsor, transaction));
      const { messageHash } = transaction;
      const fresh = { messageHash, ...signed, ...spender, lamports, requirements: asked.requirements };
      const stored = await troubled(parts.db.tx('facilitator.store', tx => storeSettlement(tx, parts.budgets, fresh)));
      if (stored.kind === 'spent') {
        course.refusal = budgetSpent(stored.whose);
        throw new Error(course.refusal.message);
      }
      course.settlement = stored.settlement;
      parts.log.info(
        { tx_sig: stored.settlement.signature, network: spender.network, account: spender.account },
        'co-signed and stored',
      );
      return stored.settlement.wire.toString('base64');
    },
    sendTransaction: async () => stored(course).signature,
    async confirmTransaction() {
      course.followed = await troubled(follow(parts, chain, stored(course)));
    },
  };
  return { signer, course };
}

function stored({ settlement }: Course): Settlement {
  if (settlement === null) throw new Error('nothing was stored yet');
  return settlement;
}
