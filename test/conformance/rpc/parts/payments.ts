import { getSetComputeUnitLimitInstruction, getSetComputeUnitPriceInstruction } from '@solana-program/compute-budget';
import { getCreateAccountInstruction, getTransferSolInstruction } from '@solana-program/system';
import { getInitializeMint2Instruction, getMintToCheckedInstruction, TOKEN_PROGRAM_ADDRESS } from '@solana-program/token';
import { signedLegacy } from '#apps/localnet/testing/wallets';
import type { World } from '../world.ts';

const TOLD = { commitment: 'confirmed', maxSupportedTransactionVersion: 0 };

/** Opens the classic mint and its accounts, pays, and looks at the payment in every way. */
export async function payments(world: World): Promise<void> {
  const { asker, build, usd, issuer, sponsor, buyer, treasury, mint } = world;
  const open = await build([
    getCreateAccountInstruction({
      payer: sponsor,
      newAccount: mint,
      lamports: 1_461_600n,
      space: 82n,
      programAddress: TOKEN_PROGRAM_ADDRESS,
    }),
    getInitializeMint2Instruction({
      mint: usd.mint,
      decimals: 6,
      mintAuthority: issuer.address,
      freezeAuthority: issuer.address,
    }),
  ]);
  await asker.send('send: create a mint', open);
  await asker.until(open);
  await asker.call('transaction: creates a mint, parsed', 'getTransaction', open.signature, { ...TOLD, encoding: 'jsonParsed' });

  const fund = await build([
    world.open(buyer, usd.buyer),
    world.open(treasury, usd.treasury),
    getMintToCheckedInstruction({ mint: usd.mint, token: usd.buyer, mintAuthority: issuer, amount: 10_000_000n, decimals: 6 }),
  ]);
  await asker.call('simulate: creates accounts, inner instructions', 'simulateTransaction', fund.wire, {
    encoding: 'base64',
    commitment: 'confirmed',
    innerInstructions: true,
  });
  await asker.send('send: create accounts and mint', fund);
  await asker.until(fund);
  for (const encoding of ['json', 'jsonParsed'])
    await asker.call(`transaction: creates accounts, ${encoding}`, 'getTransaction', fund.signature, { ...TOLD, encoding });

  const paid = await build(world.pay(usd.buyer, usd.treasury, buyer, 100_000n));
  const simulate = (name: string, options: Record<string, unknown>) =>
    asker.call(`simulate: ${name}`, 'simulateTransaction', paid.wire, {
      encoding: 'base64',
      commitment: 'confirmed',
      ...options,
    });
  await simulate('payment', {});
  await simulate('with another blockhash', { sigVerify: false, replaceRecentBlockhash: true });
  await simulate('with signatures', { sigVerify: true });
  await simulate('signatures and another blockhash', { sigVerify: true, replaceRecentBlockhash: true });
  await simulate('with accounts', { accounts: { encoding: 'base64', addresses: [usd.treasury] } });
  await simulate('with accounts, parsed', { accounts: { encoding: 'jsonParsed', addresses: [usd.treasury] } });
  await simulate('with too many accounts', { accounts: { encoding: 'base64', addresses: Array(10).fill(usd.treasury) } });
  await simulate('at finalized, where the blockhash is unknown', { commitment: 'finalized' });
  const message = Buffer.from(paid.message).toString('base64');
  await asker.call('fee of a message', 'getFeeForMessage', message, { commitment: 'confirmed' });
  await asker.call('fee of no message', 'getFeeForMessage', 'aGVsbG8=');
  await asker.call('transaction: not yet known', 'getTransaction', paid.signature, { maxSupportedTransactionVersion: 0 });
  await asker.send('send: payment', paid);
  await asker.until(paid);
  await asker.call('statuses: confirmed', 'getSignatureStatuses', [paid.signature]);
  await asker.send('send: same again, with preflight', paid);
  await asker.send('send: same again, without preflight', paid, { skipPreflight: true, maxRetries: 0 });
  for (const encoding of ['json', 'jsonParsed', 'base64', 'base58'])
    await asker.call(`transaction: payment ${encoding}`, 'getTransaction', paid.signature, { ...TOLD, encoding });
  await asker.call('transaction: unknown encoding', 'getTransaction', paid.signature, { ...TOLD, encoding: 'hex' });
  await asker.call('transaction: version not allowed', 'getTransaction', paid.signature, {
    commitment: 'confirmed',
    encoding: 'json',
  });
  await asker.call('transaction: by default commitment, too early', 'getTransaction', paid.signature, {
    maxSupportedTransactionVersion: 0,
  });
  await asker.call('transaction at processed', 'getTransaction', paid.signature, {
    commitment: 'processed',
    maxSupportedTransactionVersion: 0,
  });

  const priced = await build([
    getSetComputeUnitLimitInstruction({ units: 30_001 }),
    getSetComputeUnitPriceInstruction({ microLamports: 1_234_567n }),
    ...world.pay(usd.buyer, usd.treasury, buyer, 1n),
  ]);
  await asker.call('fee of a message with a price', 'getFeeForMessage', Buffer.from(priced.message).toString('base64'), {
    commitment: 'confirmed',
  });
  await asker.land(priced);
  for (const encoding of ['json', 'jsonParsed'])
    await asker.call(`transaction: with a price, ${encoding}`, 'getTransaction', priced.signature, { ...TOLD, encoding });

  const legacy = await signedLegacy(sponsor, await world.latest(), world.pay(usd.buyer, usd.treasury, buyer, 2n));
  await asker.land(legacy);
  await asker.call('transaction: legacy', 'getTransaction', legacy.signature, { commitment: 'confirmed', encoding: 'json' });
  await asker.call('transaction: legacy, versions allowed', 'getTransaction', legacy.signature, {
    ...TOLD,
    encoding: 'jsonParsed',
  });

  const sol = await asker.land(
    await build([getTransferSolInstruction({ source: sponsor, destination: world.stranger.address, amount: 5_000_000n })]),
  );
  await asker.call('transaction: SOL, parsed', 'getTransaction', sol.signature, { ...TOLD, encoding: 'jsonParsed' });
  const batch = await asker.land(await build([1n, 2n, 3n, 4n].map(n => world.transfer(usd.buyer, usd.treasury, buyer, n))));
  await asker.call('transaction: four transfers', 'getTransaction', batch.signature, { ...TOLD, encoding: 'json' });
}
