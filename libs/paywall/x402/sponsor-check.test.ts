import { type Address, type Instruction, type KeyPairSigner } from '@solana/kit';
import { describe, expect, test } from 'vitest';
import { mustDecode } from '#libs/chain/decode';
import { LIGHTHOUSE_PROGRAM, MEMO_PROGRAM, SYSTEM_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from '#libs/chain/programs';
import { instruction, named, transferChecked, u64 } from '#libs/chain/transaction.fixture';
import { atoms } from '#libs/money/atoms';
import {
  buyer,
  limit,
  memo,
  PRICE,
  price,
  signedBy,
  signerNamed,
  source,
  sponsor,
  transfer,
  treasuryAccount,
  USDC,
} from './payment.fixture.ts';
import { checkSponsored, type Sponsored } from './sponsor-check.ts';

const TEXT = 'ebb:0123456789abcdefghijkl';
const expected: Sponsored = {
  asset: USDC,
  amount: PRICE,
  payToAccount: treasuryAccount,
  memo: TEXT,
  feePayer: sponsor.address,
  sponsors: [sponsor.address, named('second sponsor')],
};
const PLAIN = { limit: limit(20_000), price: price(1n), transfer: transfer(PRICE), memo: memo(TEXT) };
/** The official client's transaction with one part changed. */
const plainBut = (change: Partial<typeof PLAIN>): Instruction[] => Object.values({ ...PLAIN, ...change });
const check = async (
  instructions: readonly Instruction[],
  {
    signers = [buyer],
    feePayer = sponsor.address,
    want = expected,
  }: { signers?: KeyPairSigner[]; feePayer?: Address; want?: Sponsored } = {},
) => checkSponsored(mustDecode(await signedBy(signers, instructions, feePayer)), want);
const refusal = (reason: string) => ({ kind: 'refused', reason: `invalid_exact_svm_${reason}` });
const PAYLOAD = 'payload_transaction';

describe('what the sponsor signs', () => {
  test('the official client’s transaction, for two signatures and its priority', async () => {
    expect(await check(plainBut({}))).toEqual({ kind: 'sponsorable', payer: buyer.address, lamports: 10_001n });
  });

  test('the memo before or after what wallets add: Lighthouse assertions', async () => {
    const assertion = instruction(LIGHTHOUSE_PROGRAM, [source], Uint8Array.from([9, 1, 2]));
    const { limit, price, transfer, memo } = PLAIN;
    expect(await check([limit, price, transfer, assertion, assertion, memo])).toMatchObject({ kind: 'sponsorable' });
    expect(await check([limit, price, transfer, memo, assertion])).toMatchObject({ kind: 'sponsorable' });
  });

  test('a memo that the buyer signs for', async () => {
    const signed = instruction(MEMO_PROGRAM, [[buyer.address, 's']], Buffer.from(TEXT));
    expect(await check(plainBut({ memo: signed }))).toMatchObject({ kind: 'sponsorable' });
  });

  test('a priority of 10,000 lamports, and no lamport more', async () => {
    expect(await check(plainBut({ limit: limit(200_000), price: price(50_000n) }))).toMatchObject({ lamports: 20_000n });
    expect(await check(plainBut({ limit: limit(200_000), price: price(50_001n) }))).toMatchObject(
      refusal(`${PAYLOAD}_instructions_compute_price_instruction_too_high`),
    );
  });

  test('what drained other sponsors: 1.4 M units at 5,000,000 microlamports', async () => {
    expect(await check(plainBut({ limit: limit(1_400_000), price: price(5_000_000n) }))).toMatchObject({ kind: 'refused' });
    expect(await check(plainBut({ price: price(2n ** 64n - 1n) }))).toMatchObject({ kind: 'refused' });
  });
});

describe('who signs', () => {
  test('another fee payer', async () => {
    const other = await signerNamed('other sponsor');
    expect(await check(plainBut({}), { feePayer: other.address })).toMatchObject(refusal('fee_payer_mismatch'));
  });

  test('a third signature', async () => {
    const third = await signerNamed('third');
    const signed = instruction(MEMO_PROGRAM, [[third.address, 's']], Buffer.from(TEXT));
    expect(await check(plainBut({ memo: signed }), { signers: [buyer, third] })).toMatchObject(
      refusal('payload_excessive_signers'),
    );
  });

  test('nobody but the sponsor: the payer is missing', async () => {
    const unsigned = transferChecked(
      { source, authority: buyer.address, signs: false },
      { mint: USDC.mint, destination: treasuryAccount },
      PRICE,
    );
    expect(await check(plainBut({ transfer: unsigned }), { signers: [] })).toMatchObject(refusal('payload_signature_invalid'));
  });

  test('the payer has not signed yet', async () => {
    expect(await check(plainBut({}), { signers: [] })).toMatchObject(refusal('payload_signature_invalid'));
  });

  test('the payer’s signature is of another transaction', async () => {
    const good = Buffer.from(await signedBy([buyer], plainBut({})), 'base64');
    good.writeUInt8(good.readUInt8(70) ^ 1, 70);
    expect(checkSponsored(mustDecode(good), expected)).toMatchObject(refusal('payload_signature_invalid'));
  });

  test('someone else signs in the payer’s place', async () => {
    const other = await signerNamed('other');
    const unsigned = transferChecked(
      { source, authority: buyer.address, signs: false },
      { mint: USDC.mint, destination: treasuryAccount },
      PRICE,
    );
    const signed = instruction(MEMO_PROGRAM, [[other.address, 's']], Buffer.from(TEXT));
    expect(await check(plainBut({ transfer: unsigned, memo: signed }), { signers: [other] })).toMatchObject(
      refusal('payload_signature_invalid'),
    );
  });
});

describe('no account of the sponsor in any instruction', () => {
  const reason = refusal(`${PAYLOAD}_fee_payer_included_in_instruction_accounts`);
  test('as the authority of the transfer', async () => {
    const own = transferChecked({ source, authority: sponsor.address }, { mint: USDC.mint, destination: treasuryAccount }, PRICE);
    expect(await check(plainBut({ transfer: own }), { signers: [] })).toMatchObject(reason);
  });

  test('as an account of a memo, even only read', async () => {
    const naming = instruction(MEMO_PROGRAM, [[sponsor.address, 's']], Buffer.from(TEXT));
    expect(await check(plainBut({ memo: naming }))).toMatchObject(reason);
  });

  test('as an account of an assertion', async () => {
    const naming = instruction(LIGHTHOUSE_PROGRAM, [[sponsor.address, 'sw']], Uint8Array.from([9]));
    expect(await check([...plainBut({}), naming])).toMatchObject(reason);
  });

  test('nor another address of the sponsor’s', async () => {
    const naming = instruction(MEMO_PROGRAM, [named('second sponsor')], Buffer.from(TEXT));
    expect(await check(plainBut({ memo: naming }))).toMatchObject(reason);
  });

  test('lookup tables, where one could hide', async () => {
    const bytes = Buffer.from(await signedBy([buyer], plainBut({})), 'base64');
    const table = Buffer.concat([bytes.subarray(0, -1), Buffer.from([1]), Buffer.alloc(32, 9), Buffer.from([1, 5, 0])]);
    expect(checkSponsored(mustDecode(table), expected)).toMatchObject(refusal('smart_wallet_alt_resolution_not_available'));
  });
});

describe('which instructions', () => {
  const { limit: units, price: perUnit, transfer: pay, memo: note } = PLAIN;
  test('a durable nonce: the transaction would never expire', async () => {
    const advance = instruction(
      SYSTEM_PROGRAM,
      [[named('nonce'), 'w'], named('sysvar'), [buyer.address, 's']],
      Uint8Array.from([4, 0, 0, 0]),
    );
    expect(await check([advance, ...plainBut({})])).toMatchObject(refusal(PAYLOAD));
  });

  test('too few and too many', async () => {
    expect(await check([units, perUnit], { signers: [] })).toMatchObject(refusal(`${PAYLOAD}_instructions_length`));
    expect(await check([units, perUnit, pay, note, note, note, note, note])).toMatchObject(
      refusal(`${PAYLOAD}_instructions_length`),
    );
  });

  test('no compute limit, no price, or in another order', async () => {
    expect(await check([perUnit, pay, note])).toMatchObject(refusal(`${PAYLOAD}_instructions_compute_limit_instruction`));
    expect(await check([units, pay, note])).toMatchObject(refusal(`${PAYLOAD}_instructions_compute_price_instruction`));
    expect(await check([perUnit, units, pay, note])).toMatchObject(refusal(`${PAYLOAD}_instructions_compute_limit_instruction`));
  });

  test('a limit set twice: the second has no place', async () => {
    expect(await check([...plainBut({}), limit(1_400_000)])).toMatchObject(refusal('payload_unknown_fifth_instruction'));
  });

  test('anything else after the transfer, named by its place', async () => {
    const tip = instruction(
      SYSTEM_PROGRAM,
      [
        [buyer.address, 'sw'],
        [named('thief'), 'w'],
      ],
      Uint8Array.from([2, 0, 0, 0, ...u64(1n)]),
    );
    expect(await check([units, perUnit, pay, tip, note])).toMatchObject(refusal('payload_unknown_fourth_instruction'));
    expect(await check([units, perUnit, pay, note, tip])).toMatchObject(refusal('payload_unknown_fifth_instruction'));
    expect(await check([units, perUnit, pay, note, transfer(1n)])).toMatchObject(refusal('payload_unknown_fifth_instruction'));
  });

  test('Lighthouse’s own accounts are not opened or closed on the way', async () => {
    for (const writing of [0, 1]) {
      const own = instruction(LIGHTHOUSE_PROGRAM, [[buyer.address, 'sw']], Uint8Array.from([writing]));
      expect(await check([...plainBut({}), own])).toMatchObject(refusal('payload_unknown_fifth_instruction'));
    }
  });
});

describe('exactly the transfer that was offered', () => {
  const noTransfer = refusal('payload_no_transfer_instruction');
  const accounts: [Address, 's' | 'w' | 'sw'][] = [
    [source, 'w'],
    [USDC.mint, 'w'],
    [treasuryAccount, 'w'],
    [buyer.address, 's'],
  ];
  test.each<[string, Instruction, object]>([
    ['one atom less', transfer(PRICE - 1n), refusal('payload_amount_mismatch')],
    ['one atom more', transfer(PRICE + 1n), refusal('payload_amount_mismatch')],
    ['elsewhere', transfer(PRICE, named('elsewhere')), refusal('payload_recipient_mismatch')],
    ['another mint', transfer(PRICE, treasuryAccount, named('mint')), refusal('payload_mint_mismatch')],
    [
      'from the recipient to itself',
      transferChecked(
        { source: treasuryAccount, authority: buyer.address },
        { mint: USDC.mint, destination: treasuryAccount },
        PRICE,
      ),
      refusal('payload_recipient_mismatch'),
    ],
    [
      'the other token program',
      transferChecked(
        { source, authority: buyer.address },
        { mint: USDC.mint, destination: treasuryAccount },
        PRICE,
        TOKEN_2022_PROGRAM,
      ),
      refusal('payload_mint_mismatch'),
    ],
    [
      'other decimals',
      instruction(TOKEN_PROGRAM, accounts, Uint8Array.from([12, ...u64(PRICE), 9])),
      refusal('payload_mint_mismatch'),
    ],
    ['the old Transfer', instruction(TOKEN_PROGRAM, accounts, Uint8Array.from([3, ...u64(PRICE)])), noTransfer],
    ['bytes after its end', instruction(TOKEN_PROGRAM, accounts, Uint8Array.from([12, ...u64(PRICE), 6, 0])), noTransfer],
    [
      'accounts after its end',
      instruction(TOKEN_PROGRAM, [...accounts, named('more')], Uint8Array.from([12, ...u64(PRICE), 6])),
      noTransfer,
    ],
    ['in a batch', instruction(TOKEN_PROGRAM, accounts, Uint8Array.from([255, 4, 10, 12, ...u64(PRICE), 6])), noTransfer],
    ['a burn', instruction(TOKEN_PROGRAM, accounts, Uint8Array.from([15, ...u64(PRICE), 6])), noTransfer],
    [
      'a program that only looks like it',
      transferChecked(
        { source, authority: buyer.address },
        { mint: USDC.mint, destination: treasuryAccount },
        PRICE,
        named('token'),
      ),
      noTransfer,
    ],
  ])('%s', async (_, changed, reason) => {
    expect(await check(plainBut({ transfer: changed }))).toMatchObject(reason);
  });

  test('the price of another offer', async () => {
    expect(await check(plainBut({}), { want: { ...expected, amount: atoms(1n) } })).toMatchObject(
      refusal('payload_amount_mismatch'),
    );
  });
});

describe('exactly the memo that was offered', () => {
  const { limit: units, price: perUnit, transfer: pay, memo: note } = PLAIN;
  test('none, two, and another', async () => {
    expect(await check([units, perUnit, pay])).toMatchObject(refusal('payload_memo_count'));
    expect(await check([units, perUnit, pay, note, note])).toMatchObject(refusal('payload_memo_count'));
    expect(await check(plainBut({ memo: memo(`${TEXT} `) }))).toMatchObject(refusal('payload_memo_mismatch'));
  });
});
