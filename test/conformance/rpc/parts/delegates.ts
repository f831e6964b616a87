import {
  AuthorityType,
  getApproveCheckedInstruction,
  getApproveInstruction,
  getBurnCheckedInstruction,
  getBurnInstruction,
  getCloseAccountInstruction,
  getFreezeAccountInstruction,
  getMintToInstruction,
  getRevokeInstruction,
  getSetAuthorityInstruction,
  getThawAccountInstruction,
  getTransferInstruction,
} from '@solana-program/token';
import type { World } from '../world.ts';

const TOLD = { commitment: 'confirmed', maxSupportedTransactionVersion: 0, encoding: 'jsonParsed' };
const PARSED = { encoding: 'jsonParsed', commitment: 'confirmed' };

/** Allowances, frozen and closed accounts, accounts that change hands. */
export async function delegates(world: World): Promise<void> {
  const { asker, build, pay, usd, buyer, treasury, delegate, issuer, sponsor, stranger } = world;
  const told = async (name: string, instructions: Parameters<typeof build>[0]): Promise<void> => {
    const built = await asker.land(await build(instructions));
    await asker.call(`transaction: ${name}`, 'getTransaction', built.signature, TOLD);
  };
  await told('approve', [
    getApproveCheckedInstruction({
      source: usd.treasury,
      mint: usd.mint,
      delegate: delegate.address,
      owner: treasury,
      amount: 50_000n,
      decimals: 6,
    }),
  ]);
  await asker.call('token account with a delegate', 'getAccountInfo', usd.treasury, PARSED);
  await told('by delegate', pay(usd.treasury, usd.buyer, delegate, 20_000n));
  await asker.send('send: above the allowance', await build(pay(usd.treasury, usd.buyer, delegate, 40_000n)));
  await told('revoke', [getRevokeInstruction({ source: usd.treasury, owner: treasury })]);
  await asker.send('send: allowance revoked', await build(pay(usd.treasury, usd.buyer, delegate, 1n)));

  await told('freeze', [getFreezeAccountInstruction({ account: usd.buyer, mint: usd.mint, owner: issuer })]);
  await asker.call('token account frozen', 'getAccountInfo', usd.buyer, PARSED);
  await asker.send('send: destination frozen', await build(pay(usd.treasury, usd.buyer, treasury, 5n)));
  await asker.send('send: source frozen', await build(pay(usd.buyer, usd.treasury, buyer, 5n)));
  await told('thaw', [getThawAccountInstruction({ account: usd.buyer, mint: usd.mint, owner: issuer })]);
  await told('burn', [
    getBurnCheckedInstruction({ account: usd.buyer, mint: usd.mint, authority: buyer, amount: 7n, decimals: 6 }),
  ]);

  await asker.send(
    'send: close with tokens in it',
    await build([getCloseAccountInstruction({ account: usd.buyer, destination: sponsor.address, owner: buyer })]),
  );
  await asker.land(await build([world.open(stranger, usd.stranger)]));
  await told('close', [getCloseAccountInstruction({ account: usd.stranger, destination: sponsor.address, owner: stranger })]);
  await asker.call('token account closed', 'getAccountInfo', usd.stranger, PARSED);
  await asker.land(await build([world.open(stranger, usd.stranger)]));
  const takeOver = {
    owned: usd.stranger,
    owner: stranger,
    authorityType: AuthorityType.AccountOwner,
    newAuthority: delegate.address,
  };
  await told('owner changed', [getSetAuthorityInstruction(takeOver)]);
  await asker.call('by owner, after the owner changed', 'getTokenAccountsByOwner', delegate.address, { mint: usd.mint }, PARSED);
  await told('the unchecked instructions', [
    getMintToInstruction({ mint: usd.mint, token: usd.buyer, mintAuthority: issuer, amount: 9n }),
    getTransferInstruction({ source: usd.buyer, destination: usd.treasury, authority: buyer, amount: 1n }),
    getApproveInstruction({ source: usd.buyer, delegate: delegate.address, owner: buyer, amount: 2n }),
    getBurnInstruction({ account: usd.buyer, mint: usd.mint, authority: delegate, amount: 2n }),
  ]);
  await told('opened, funded and closed at once', [
    world.open(world.issuer, await world.account(world.issuer)),
    world.transfer(usd.buyer, await world.account(world.issuer), buyer, 1n),
    world.transfer(await world.account(world.issuer), usd.buyer, world.issuer, 1n),
    getCloseAccountInstruction({ account: await world.account(world.issuer), destination: sponsor.address, owner: world.issuer }),
  ]);
}
