import { TOKEN_PROGRAM_ADDRESS } from '@solana-program/token';
import type { World } from '../world.ts';

/** Reading accounts, in every encoding, and what is said of accounts that are none. */
export async function accounts({ asker, sponsor, stranger, buyer, usd }: World): Promise<void> {
  const confirmed = { commitment: 'confirmed' };
  await asker.call('balance of nobody', 'getBalance', stranger.address, confirmed);
  await asker.call('balance of the treasury account', 'getBalance', usd.treasury, confirmed);
  await asker.call('account missing', 'getAccountInfo', stranger.address, { encoding: 'base64' });
  await asker.call('wallet by default', 'getAccountInfo', sponsor.address);
  await asker.call('wallet parsed', 'getAccountInfo', sponsor.address, { encoding: 'jsonParsed' });
  for (const encoding of ['base64', 'base58', 'jsonParsed'])
    await asker.call(`mint ${encoding}`, 'getAccountInfo', usd.mint, { encoding, ...confirmed });
  await asker.call('mint slice', 'getAccountInfo', usd.mint, {
    encoding: 'base64',
    dataSlice: { offset: 36, length: 9 },
    ...confirmed,
  });
  await asker.call('mint slice beyond its end', 'getAccountInfo', usd.mint, {
    encoding: 'base64',
    dataSlice: { offset: 80, length: 9 },
    ...confirmed,
  });
  await asker.call('token account base58 is too large', 'getAccountInfo', usd.buyer, { encoding: 'base58', ...confirmed });
  await asker.call('token account parsed', 'getAccountInfo', usd.buyer, { encoding: 'jsonParsed', ...confirmed });
  await asker.call('by owner, no filter', 'getTokenAccountsByOwner', buyer.address, {}, { encoding: 'base64' });
  await asker.call('by owner, no options', 'getTokenAccountsByOwner', buyer.address, { mint: usd.mint });
  await asker.call('airdrop to no address', 'requestAirdrop', 'abc', 5);
  await asker.call('account: unknown encoding', 'getAccountInfo', usd.mint, { encoding: 'hex' });
  await asker.call('multiple accounts', 'getMultipleAccounts', [usd.buyer, stranger.address, usd.treasury], {
    encoding: 'base64',
    ...confirmed,
  });
  await asker.call('multiple accounts by default', 'getMultipleAccounts', [usd.mint], confirmed);
  await asker.call('too many accounts', 'getMultipleAccounts', Array(101).fill(usd.mint));
  await asker.call('token balance', 'getTokenAccountBalance', usd.buyer, confirmed);
  await asker.call('token balance of a wallet', 'getTokenAccountBalance', sponsor.address, confirmed);
  await asker.call('token balance of a mint', 'getTokenAccountBalance', usd.mint, confirmed);
  await asker.call('token balance of nothing', 'getTokenAccountBalance', usd.stranger, confirmed);
  await asker.call(
    'by owner and mint',
    'getTokenAccountsByOwner',
    buyer.address,
    { mint: usd.mint },
    { encoding: 'jsonParsed', ...confirmed },
  );
  await asker.call(
    'by owner and program',
    'getTokenAccountsByOwner',
    buyer.address,
    { programId: TOKEN_PROGRAM_ADDRESS },
    { encoding: 'base64', ...confirmed },
  );
  await asker.call(
    'by owner, nothing there',
    'getTokenAccountsByOwner',
    stranger.address,
    { mint: usd.mint },
    { encoding: 'jsonParsed', ...confirmed },
  );
  await asker.call(
    'by owner, unknown mint',
    'getTokenAccountsByOwner',
    buyer.address,
    { mint: stranger.address },
    { encoding: 'jsonParsed' },
  );
  await asker.call(
    'by owner, mint that is none',
    'getTokenAccountsByOwner',
    buyer.address,
    { mint: usd.buyer },
    { encoding: 'jsonParsed', ...confirmed },
  );
  await asker.call(
    'by owner, program that is none',
    'getTokenAccountsByOwner',
    buyer.address,
    { programId: stranger.address },
    { encoding: 'base64' },
  );
}
