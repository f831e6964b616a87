import type { Address } from '@solana/kit';
import { findAssociatedTokenPda } from '@solana-program/token';
import type { Tx } from '#libs/db/database';
import { dueIn } from '#libs/db/due';
import type { Ids } from '#libs/ids/ids';
import { ASSETS, type Network } from '#libs/money/assets';
import type { Sealer } from '#libs/secrets/sealer';
import type { Pace } from '#libs/states/pace';
import { assetSignerPda } from './asset-signer.ts';
import { newTreasuryKey } from './treasury-keys.ts';

/**
 * Writes a treasury with the token accounts of its network's assets (the owner's associated ones), none of them open, and
 * openTreasury as its carrier. Returns the treasury's id.
 */
export async function openTreasuryRows(
  tx: Tx,
  deps: { ids: Ids; sealer: Sealer; pace: Pace },
  wanted: { accountId: string; network: Network } & ({ kind: 'managed' | 'platform' } | { kind: 'self'; mint: Address }),
): Promise<string> {
  const { accountId, network, kind } = wanted;
  const { owner, sealed } =
    wanted.kind === 'self' ? { owner: await assetSignerPda(wanted.mint), sealed: null } : await newTreasuryKey(deps.sealer);
  const id = deps.ids.next('treasury');
  await tx
    .insertInto('treasuries')
    .values({
      id,
      account_id: accountId,
      network,
      kind,
      owner,
      sealed_key: sealed,
      carrier: `treasury:${id}`,
      next_due_at: dueIn(deps.pace.overdue_ms),
    })
    .execute();

  const accounts = ASSETS.filter(asset => asset.network === network).map(async ({ mint, tokenProgram }) => {
    const [tokenAccount] = await findAssociatedTokenPda({ owner, mint, tokenProgram });
    return { treasury_id: id, mint, token_program: tokenProgram, token_account: tokenAccount };
  });
  await tx
    .insertInto('treasury_accounts')
    .values(await Promise.all(accounts))
    .execute();
  return id;
}
