import { type Address, type Blockhash, getBase64Encoder, type Instruction } from '@solana/kit';
import {
  getSetComputeUnitLimitInstruction as limit,
  getSetComputeUnitPriceInstruction as price,
} from '@solana-program/compute-budget';
import { describe, expect, test } from 'vitest';
import { associatedAccount } from '#libs/chain/associated';
import { ASSOCIATED_TOKEN_PROGRAM, SYSTEM_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from '#libs/chain/programs';
import { BLOCKHASH, instruction, named, transferChecked, wireOf } from '#libs/chain/transaction.fixture';
import { atoms } from '#libs/money/atoms';
import { asMint, asOwner, asTokenAccount, type TokenProgram } from '#libs/money/solana-types';
import { buildTransfer, MEMO_PROGRAM, type TransferPlan } from './build.ts';
import { checkOutgoing } from './check.ts';

/** What reads like our own refund but for one thing is not sent: the last look before the bytes are stored. */

const [owner, mint] = [asOwner(named('buyer')), asMint(named('mint'))];
const payer = asOwner(named('fee payer'));
const treasuryOwner = asOwner(named('merchant'));
const treasury = asTokenAccount(named('treasury'));
const ata = await associatedAccount(owner, mint, TOKEN_PROGRAM);
const memo = 'ebb:refund:re_1:0';

const planTo = (leg: Partial<TransferPlan['legs'][number]> = {}, more: Partial<TransferPlan> = {}): TransferPlan => ({
  feePayer: payer,
  authority: treasuryOwner,
  source: treasury,
  mint,
  tokenProgram: TOKEN_PROGRAM,
  decimals: 6,
  legs: [{ memo, destination: ata, amount: atoms(100n), open: null, ...leg }],
  ...more,
});
const plain = planTo();
const opening = planTo({ open: owner });

const budget = [limit({ units: 60_000 }), price({ microLamports: 1n })];
const said = (text = memo): Instruction => ({ programAddress: MEMO_PROGRAM, data: new TextEncoder().encode(text) });
const paid = (to: Address = ata, amount = 100n) =>
  transferChecked({ source: treasury, authority: treasuryOwner }, { mint, destination: to }, amount);
/** Payer, account, owner, mint, token program and data of an instruction that opens an account. */
const opened = (
  by: Address = payer,
  account: Address = ata,
  whose: Address = owner,
  of: Address = mint,
  program: Address = TOKEN_PROGRAM,
  data = [1],
) =>
  instruction(ASSOCIATED_TOKEN_PROGRAM, [[by, 'sw'], [account, 'w'], whose, of, SYSTEM_PROGRAM, program], Uint8Array.from(data));
const stranger = instruction(named('stranger'), [[treasury, 'w']], Uint8Array.of(1));
const wire = (instructions: Instruction[], feePayer: Address = payer) => Buffer.from(wireOf(feePayer, instructions), 'base64');
const judge = (instructions: Instruction[], plan: TransferPlan, feePayer?: Address) =>
  checkOutgoing(wire(instructions, feePayer), plan);

describe('what the plan says passes', () => {
  test.each([
    ['a transfer', plain],
    ['with the account opened first', opening],
    ['two legs, one of them opened', planTo({}, { legs: [...plain.legs, ...opening.legs] })],
    ['Token-2022', planTo({}, { tokenProgram: TOKEN_2022_PROGRAM })],
  ])('%s, as it is built', async (_, plan) => {
    const lifetime = { blockhash: BLOCKHASH as Blockhash, lastValidBlockHeight: 200n };
    const { messageBytes, signatures } = buildTransfer(plan, { unitLimit: 60_000, unitPrice: 1_000n }, lifetime);
    const count = Object.keys(signatures).length;
    await checkOutgoing(Buffer.concat([Buffer.from([count]), Buffer.alloc(64 * count), Buffer.from(messageBytes)]), plan);
  });

  test('and what is written here by hand for the tests below', async () => {
    await judge([...budget, said(), paid()], plain);
    await judge([...budget, opened(), said(), paid()], opening);
  });
});

const nonce = instruction(SYSTEM_PROGRAM, [[named('nonce'), 'w'], named('recent'), [payer, 's']], Uint8Array.from([4, 0, 0, 0]));
const approve = instruction(
  TOKEN_PROGRAM,
  [
    [treasury, 'w'],
    [named('thief'), 'w'],
    [treasuryOwner, 's'],
  ],
  Uint8Array.from([4, 255, 0, 0, 0, 0, 0, 0, 0]),
);
const oldTransfer = instruction(
  TOKEN_PROGRAM,
  [
    [treasury, 'w'],
    [ata, 'w'],
    [treasuryOwner, 's'],
  ],
  Uint8Array.from([3, 100, 0, 0, 0, 0, 0, 0, 0]),
);

describe('what differs in one thing is refused', () => {
  test.each<[string, Instruction[], RegExp]>([
    ['a durable nonce', [nonce, ...budget, said(), paid()], /durable nonce/],
    ['a stranger’s instruction at the end', [...budget, said(), paid(), stranger], /an instruction of/],
    ['a stranger’s instruction in between', [...budget, stranger, said(), paid()], /in place of the memo/],
    ['a second transfer', [...budget, said(), paid(), said(), paid()], /an instruction of/],
    ['no transfer', [...budget, said()], /missing/],
    ['no memo', [...budget, paid()], /in place of the memo/],
    ['another memo', [...budget, said('ebb:refund:re_2:0'), paid()], /another memo/],
    ['another amount', [...budget, said(), paid(ata, 101n)], /another transfer/],
    ['another destination', [...budget, said(), paid(named('thief'))], /another transfer/],
    ['no budget', [said(), paid()], /no limit/],
    ['a price above ours', [limit({ units: 60_000 }), price({ microLamports: 1_000_000n }), said(), paid()], /price above/],
    ['no units', [limit({ units: 0 }), price({ microLamports: 1n }), said(), paid()], /compute units/],
    ['an approval in place of the transfer', [...budget, said(), approve], /in place of the transfer/],
    ['a transfer that does not name its mint', [...budget, said(), oldTransfer], /another transfer/],
    ['an account opened that the plan does not open', [...budget, opened(), said(), paid()], /in place of the memo/],
  ])('%s', (_, instructions, why) => expect(judge(instructions, plain)).rejects.toThrow(why));

  test.each<[string, Parameters<typeof transferChecked>]>([
    ['mint', [{ source: treasury, authority: treasuryOwner }, { mint: named('other'), destination: ata }, 100n]],
    ['source', [{ source: named('other'), authority: treasuryOwner }, { mint, destination: ata }, 100n]],
    ['token program', [{ source: treasury, authority: treasuryOwner }, { mint, destination: ata }, 100n, TOKEN_2022_PROGRAM]],
  ])('another %s', (_, [from, to, amount, program]) =>
    expect(judge([...budget, said(), transferChecked(from, to, amount, program)], plain)).rejects.toThrow(/another transfer/),
  );

  test('another authority, fee payer or signer', async () => {
    const foreign = transferChecked({ source: treasury, authority: named('thief') }, { mint, destination: ata }, 100n);
    await expect(judge([...budget, said(), foreign], plain)).rejects.toThrow(/another signer/);
    const quiet = transferChecked({ source: treasury, authority: payer }, { mint, destination: ata }, 100n);
    await expect(judge([...budget, said(), quiet], plain)).rejects.toThrow(/another transfer/);
    await expect(judge([...budget, said(), paid()], plain, named('other'))).rejects.toThrow(/another fee payer/);
  });

  test('bytes that are no transaction', async () => {
    await expect(checkOutgoing(Buffer.from(getBase64Encoder().encode('AAAA')), plain)).rejects.toThrow(/does not decode/);
  });
});

describe('an account is opened only as the plan says:', () => {
  const other = named('other');
  test.each<[string, Instruction[], RegExp]>([
    ['it is missing', [...budget, said(), paid()], /in place of one that opens/],
    ['twice', [...budget, opened(), opened(), said(), paid()], /in place of the memo/],
    ['after the transfer', [...budget, said(), paid(), opened()], /in place of one that opens/],
    ['paid by the treasury’s owner', [...budget, opened(treasuryOwner), said(), paid()], /by another payer/],
    ['another account', [...budget, opened(payer, other), said(), paid()], /another account is opened/],
    ['for another owner', [...budget, opened(payer, ata, other), said(), paid()], /another account is opened/],
    ['of another mint', [...budget, opened(payer, ata, owner, other), said(), paid()], /another account is opened/],
    [
      'of another token program',
      [...budget, opened(payer, ata, owner, mint, TOKEN_2022_PROGRAM), said(), paid()],
      /another account is opened/,
    ],
    [
      'by the instruction that fails where it is there',
      [...budget, opened(payer, ata, owner, mint, TOKEN_PROGRAM, [0]), said(), paid()],
      /another instruction/,
    ],
    [
      'by the instruction that recovers nested accounts',
      [...budget, opened(payer, ata, owner, mint, TOKEN_PROGRAM, [2]), said(), paid()],
      /another instruction/,
    ],
  ])('%s', (_, instructions, why) => expect(judge(instructions, opening)).rejects.toThrow(why));

  test('and only at the address that owner, mint and token program give', async () => {
    const elsewhere = asTokenAccount(named('the address of a wallet'));
    const plan = planTo({ open: owner, destination: elsewhere });
    await expect(judge([...budget, opened(payer, elsewhere), said(), paid(elsewhere)], plan)).rejects.toThrow(
      /associated account/,
    );
    const newer = planTo({ open: owner }, { tokenProgram: TOKEN_2022_PROGRAM as TokenProgram });
    const body = [...budget, opened(payer, ata, owner, mint, TOKEN_2022_PROGRAM), said(), paid()];
    await expect(judge(body, newer)).rejects.toThrow(/associated account/);
  });
});
