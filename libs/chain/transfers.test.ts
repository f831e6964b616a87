import { type Address, getAddressEncoder, getBase58Decoder } from '@solana/kit';
import { describe, expect, test } from 'vitest';
import { mustDecode } from './decode.ts';
import type { TransactionAnswer } from './executed.ts';
import { TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from './programs.ts';
import {
  buyer,
  call,
  held,
  merchant,
  mint,
  paidBy,
  pays,
  program,
  settle,
  source,
  sponsor,
  squads,
  to,
  treasury,
} from './settled.fixture.ts';
import { answerOf, instruction, named, transferChecked, u64 } from './transaction.fixture.ts';
import { settledTransfer } from './transfers.ts';

describe('who paid is the owner of the sole transfer’s source', () => {
  test('the plain payment, with where and when it landed', () => {
    expect(settle([{ outer: pays(100n) }])).toEqual({
      ...paidBy(buyer),
      slot: 46n,
      blockTime: new Date('2026-11-21T10:20:14.000Z'),
      feeLamports: 10_000n,
    });
  });

  test('a delegate signs: the owner of the source paid, not the signer', () => {
    expect(settle([{ outer: pays(100n, source, named('delegate')) }])).toMatchObject(paidBy(buyer));
  });

  test('the old Transfer and Token-2022 count the same', () => {
    const old = instruction(
      TOKEN_PROGRAM,
      [
        [source, 'w'],
        [treasury, 'w'],
        [buyer, 's'],
      ],
      Uint8Array.from([3, ...u64(100n)]),
    );
    expect(settle([{ outer: old }])).toMatchObject(paidBy(buyer));
    const newer = transferChecked({ source, authority: buyer }, { mint, destination: treasury }, 100n, TOKEN_2022_PROGRAM);
    expect(settle([{ outer: newer }])).toMatchObject(paidBy(buyer));
  });

  test('a program moves it with the buyer’s signature', () => {
    expect(
      settle([{ outer: instruction(program('router'), [[buyer, 's']], Uint8Array.of()), inner: [{ call: pays(100n) }] }]),
    ).toMatchObject(paidBy(buyer));
  });

  test('a smart wallet moves its own vault', () => {
    const vault = named('vault');
    const moved = transferChecked({ source, authority: vault, signs: false }, { mint, destination: treasury }, 100n);
    const before = [held(source, vault, 500n), held(treasury, merchant, 7n)];
    const after = [held(source, vault, 400n), held(treasury, merchant, 107n)];
    expect(
      settle([{ outer: instruction(squads, [], Uint8Array.of()), inner: [{ call: moved }] }], { before, after }),
    ).toMatchObject(paidBy(vault));
  });

  test('the treasury’s account is opened by the payment itself', () => {
    const opened = settle([{ outer: pays(100n) }], {
      before: [held(source, buyer, 500n)],
      after: [held(source, buyer, 400n), held(treasury, merchant, 100n)],
    });
    expect(opened).toMatchObject(paidBy(buyer));
  });

  test('transfers between others do not matter', () => {
    const other = transferChecked({ source, authority: buyer }, { mint, destination: named('friend') }, 33n);
    expect(settle([{ outer: other }, { outer: pays(100n) }])).toMatchObject(paidBy(buyer));
  });

  test('a transfer of nothing to us does not count', () => {
    expect(settle([{ outer: pays(0n, named('stranger')) }, { outer: pays(100n) }])).toMatchObject(paidBy(buyer));
  });
});

describe('not derivable: the money is there, the payer is in doubt', () => {
  const doubtful = (reason: string) => ({ kind: 'not_derivable', captured: 100n, reason: expect.stringContaining(reason) });

  test('two transfers reached us', () => {
    expect(settle([{ outer: pays(60n) }, { outer: pays(40n, named('second'), named('other')) }])).toMatchObject(
      doubtful('more than one'),
    );
  });

  test('tokens also left the account', () => {
    const back = transferChecked({ source: treasury, authority: merchant }, { mint, destination: source }, 20n);
    expect(settle([{ outer: pays(120n) }, { outer: back }])).toMatchObject(doubtful('also left'));
  });

  test('it was minted to us', () => {
    const minted = instruction(
      TOKEN_PROGRAM,
      [
        [mint, 'w'],
        [treasury, 'w'],
        [named('issuer'), 's'],
      ],
      Uint8Array.from([7, ...u64(100n)]),
    );
    expect(settle([{ outer: minted }])).toMatchObject(doubtful('other than a transfer'));
  });

  test('a pool or an escrow paid: its program moved an account of its own', () => {
    const pool = named('pool');
    const moved = transferChecked({ source, authority: pool, signs: false }, { mint, destination: treasury }, 100n);
    expect(settle([{ outer: call('swap'), inner: [{ call: moved }] }])).toMatchObject(doubtful('an account of its own'));
  });

  test('a pool that a smart wallet called through a swap is not the wallet', () => {
    const moved = transferChecked({ source, authority: named('pool'), signs: false }, { mint, destination: treasury }, 100n);
    const outer = instruction(squads, [], Uint8Array.of());
    expect(settle([{ outer, inner: [{ call: call('swap') }, { at: 3, call: moved }] }])).toMatchObject(
      doubtful('an account of its own'),
    );
    expect(
      settle([
        {
          outer,
          inner: [
            { at: null, call: call('swap') },
            { at: null, call: moved },
          ],
        },
      ]),
    ).toMatchObject(doubtful('an account of its own'));
  });

  test('the mint withheld a fee on the way', () => {
    const after = [held(source, buyer, 399n), held(treasury, merchant, 107n)];
    expect(settle([{ outer: pays(101n) }], { after })).toMatchObject(doubtful('not what the balance rose by'));
  });

  test('a stated fee is taken off', () => {
    const withFee = instruction(
      TOKEN_2022_PROGRAM,
      [[source, 'w'], mint, [treasury, 'w'], [buyer, 's']],
      Uint8Array.from([26, 1, ...u64(101n), 6, ...u64(1n)]),
    );
    expect(settle([{ outer: withFee }])).toMatchObject(paidBy(buyer));
  });

  test('the source got another owner in the same transaction', () => {
    const given = instruction(
      TOKEN_PROGRAM,
      [
        [source, 'w'],
        [buyer, 's'],
      ],
      Uint8Array.from([6, 2, 1, ...getAddressEncoder().encode(named('heir'))]),
    );
    const after = [held(source, named('heir'), 400n), held(treasury, merchant, 107n)];
    expect(settle([{ outer: pays(100n) }, { outer: given }], { after })).toMatchObject(doubtful('changed its owner'));
    expect(settle([{ outer: given }, { outer: pays(100n) }], { after })).toMatchObject({ kind: 'not_derivable' });
  });

  test('the node recorded no inner instructions', () => {
    const answer = answerOf(
      sponsor,
      [{ outer: pays(100n) }],
      [held(source, buyer, 500n)],
      [held(source, buyer, 400n), held(treasury, merchant, 100n)],
    );
    const silent = { ...answer, meta: answer.meta && { ...answer.meta, innerInstructions: null } };
    expect(settledTransfer(silent, to)).toMatchObject(doubtful('no inner instructions'));
  });

  test('the balance rose and no instruction that we can read did it', () => {
    expect(settle([{ outer: call('unknown', treasury) }])).toMatchObject(doubtful('no transfer'));
  });
});

describe('nothing', () => {
  test('a transaction that failed on chain moved nothing, whatever its instructions say', () => {
    const answer = answerOf(sponsor, [{ outer: pays(100n) }], [], []);
    const failed = { ...answer, meta: answer.meta && { ...answer.meta, err: { InstructionError: [0, { Custom: 1 }] } } };
    expect(settledTransfer(failed, to)).toMatchObject({
      kind: 'nothing',
      error: { InstructionError: [0, { Custom: 1 }] },
      feeLamports: 10_000n,
    });
  });

  test('another token in the same account index is not ours', () => {
    const answer = answerOf(
      sponsor,
      [{ outer: pays(100n) }],
      [],
      [{ ...held(treasury, merchant, 100n), mint: named('other mint') }],
    );
    expect(settledTransfer(answer, to)).toMatchObject({ kind: 'nothing', error: null });
  });
});

test('encoding json says the same as base64', () => {
  const before = [held(source, buyer, 500n), held(treasury, merchant, 7n)];
  const after = [held(source, buyer, 400n), held(treasury, merchant, 107n)];
  const answer = answerOf(sponsor, [{ outer: call('router', buyer), inner: [{ call: pays(100n) }] }], before, after);
  if ('message' in answer.transaction) throw new Error('not base64');
  expect(settledTransfer(asJson(answer, answer.transaction[0]), to)).toEqual(settledTransfer(answer, to));
});

function asJson(answer: TransactionAnswer, wire: string): TransactionAnswer {
  const { accounts, signers, instructions } = mustDecode(wire);
  const places = (list: readonly (string | null)[]) => list.map(one => accounts.indexOf(one as Address));
  return {
    ...answer,
    transaction: {
      message: {
        accountKeys: accounts.map(String),
        header: { numRequiredSignatures: signers.length },
        instructions: instructions.map(one => ({
          programIdIndex: places([one.program])[0] ?? -1,
          accounts: places(one.accounts),
          data: getBase58Decoder().decode(one.data),
        })),
      },
    },
  };
}
