import { ASSETS } from '#libs/money/assets';
import { mustAtoms } from '#libs/money/atoms';
import { asMint, type Owner, type TokenAccount, type TokenProgram } from '#libs/money/solana-types';
import { refundMemo, type TransferPlan } from '#libs/transfers/build';

/** What a leg's transfer is made from. */
export interface LegFacts {
  refund_id: string;
  leg: number;
  /** What the chain moves, in atoms: the leg's amount without what is kept of it. */
  net: string;
  network: string;
  asset: string;
  token_program: string;
  treasury_owner: Owner;
  treasury_account: TokenAccount;
}

/** The transfer of one leg: signing builds it, and a preview asks the chain about the same. */
export function planOf(feePayer: Owner, leg: LegFacts, destination: TokenAccount, open: Owner | null = null): TransferPlan {
  const asset = ASSETS.find(one => one.mint === leg.asset && one.network === leg.network);
  if (!asset) throw new Error(`no asset ${leg.asset} on ${leg.network}`);
  return {
    feePayer,
    authority: leg.treasury_owner,
    source: leg.treasury_account,
    mint: asMint(leg.asset),
    tokenProgram: leg.token_program as TokenProgram,
    decimals: asset.decimals,
    legs: [{ memo: refundMemo(leg.refund_id, leg.leg), destination, amount: mustAtoms(leg.net), open }],
  };
}
