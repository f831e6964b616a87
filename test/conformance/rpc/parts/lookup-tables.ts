import { AccountRole, type Address, address, getAddressEncoder, getProgramDerivedAddress, type Instruction } from '@solana/kit';
import { signed } from '#apps/localnet/testing/wallets';
import type { World } from '../world.ts';

const PROGRAM = address('AddressLookupTab1e1111111111111111111111111');
const SYSTEM = address('11111111111111111111111111111111');
const TOLD = { commitment: 'confirmed', maxSupportedTransactionVersion: 0 };

/** A payment whose accounts come out of a lookup table. */
export async function lookupTables(world: World): Promise<void> {
  const { asker, build, sponsor, usd, buyer } = world;
  const slot: number = (await asker.call(null, 'getSlot', { commitment: 'finalized' })).result;
  const le = (value: bigint, bytes: number): Uint8Array =>
    Uint8Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
  const key = (a: Address) => new Uint8Array(getAddressEncoder().encode(a));
  const [table, bump] = await getProgramDerivedAddress({
    programAddress: PROGRAM,
    seeds: [key(sponsor.address), le(BigInt(slot), 8)],
  });
  const signer = (role: AccountRole.READONLY_SIGNER | AccountRole.WRITABLE_SIGNER) => ({
    address: sponsor.address,
    role,
    signer: sponsor,
  });
  const create: Instruction = {
    programAddress: PROGRAM,
    accounts: [
      { address: table, role: AccountRole.WRITABLE },
      signer(AccountRole.READONLY_SIGNER),
      signer(AccountRole.WRITABLE_SIGNER),
      { address: SYSTEM, role: AccountRole.READONLY },
    ],
    data: new Uint8Array([...le(0n, 4), ...le(BigInt(slot), 8), bump]),
  };
  const addresses = [usd.buyer, usd.treasury, usd.mint];
  const extend: Instruction = {
    programAddress: PROGRAM,
    accounts: create.accounts ?? [],
    data: new Uint8Array([...le(2n, 4), ...le(BigInt(addresses.length), 8), ...addresses.flatMap(a => [...key(a)])]),
  };
  await asker.land(await build([create, extend]));
  // What was added in a slot can be used from the next one on.
  const added: number = (await asker.call(null, 'getSlot', { commitment: 'confirmed' })).result;
  while ((await asker.call(null, 'getSlot', { commitment: 'confirmed' })).result <= added + 1)
    await new Promise(resolve => setTimeout(resolve, 100));
  const instructions = world.pay(usd.buyer, usd.treasury, buyer, 11n);
  const paid = await signed(sponsor, await world.latest(), instructions, { [table]: addresses });
  await asker.call('simulate: with a lookup table', 'simulateTransaction', paid.wire, {
    encoding: 'base64',
    commitment: 'confirmed',
  });
  await asker.send('send: with a lookup table', paid);
  await asker.until(paid);
  for (const encoding of ['json', 'jsonParsed'])
    await asker.call(`transaction: with a lookup table, ${encoding}`, 'getTransaction', paid.signature, { ...TOLD, encoding });
  const missing = await signed(sponsor, await world.latest(), instructions, { [world.stranger.address]: addresses });
  await asker.send('send: lookup table missing', missing);
  await asker.send('send: lookup table missing, no preflight', missing, { skipPreflight: true });
  await asker.call('simulate: lookup table missing', 'simulateTransaction', missing.wire, {
    encoding: 'base64',
    commitment: 'confirmed',
  });
  const beyond = await signed(sponsor, await world.latest(), instructions, {
    [table]: [SYSTEM, SYSTEM, SYSTEM, ...addresses],
  });
  await asker.send('send: beyond the lookup table', beyond);
}
