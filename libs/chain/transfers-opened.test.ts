import { type Address, getAddressEncoder } from '@solana/kit';
import { describe, expect, test } from 'vitest';
import { TOKEN_PROGRAM } from './programs.ts';
import { buyer, call, mint, paidBy, pays, settle, source, treasury } from './settled.fixture.ts';
import { instruction, named, transferChecked, u64 } from './transaction.fixture.ts';

describe('an account opened and closed within the transaction stands in no balances: its InitializeAccount names the owner', () => {
  const owner = named('passing owner');
  const passing = named('passing account');
  const close = instruction(
    TOKEN_PROGRAM,
    [
      [passing, 'w'],
      [buyer, 'w'],
      [owner, 's'],
    ],
    Uint8Array.from([9]),
  );
  const fund = transferChecked({ source, authority: buyer }, { mint, destination: passing }, 100n);
  const ownerBytes = [...getAddressEncoder().encode(owner)];
  const pay = pays(100n, passing, owner);

  test.each([
    ['InitializeAccount', instruction(TOKEN_PROGRAM, [[passing, 'w'], mint, owner, named('rent')], Uint8Array.from([1]))],
    [
      'InitializeAccount2',
      instruction(TOKEN_PROGRAM, [[passing, 'w'], mint, named('rent')], Uint8Array.from([16, ...ownerBytes])),
    ],
    ['InitializeAccount3', instruction(TOKEN_PROGRAM, [[passing, 'w'], mint], Uint8Array.from([18, ...ownerBytes]))],
  ])('%s at the top level', (_, open) => {
    expect(settle([{ outer: open }, { outer: fund }, { outer: pay }, { outer: close }])).toMatchObject(
      paidBy(owner, passing, 'initialize'),
    );
  });

  test('InitializeAccount3 that the associated-token program called', () => {
    const open = {
      outer: call('ata', passing),
      inner: [{ call: instruction(TOKEN_PROGRAM, [[passing, 'w'], mint], Uint8Array.from([18, ...ownerBytes])) }],
    };
    expect(settle([open, { outer: fund }, { outer: pay }, { outer: close }])).toMatchObject(paidBy(owner, passing, 'initialize'));
  });

  test('closed, and opened again for someone else: the owner at the time of the transfer', () => {
    const reopened = instruction(TOKEN_PROGRAM, [[passing, 'w'], mint, named('later'), named('rent')], Uint8Array.from([1]));
    const first = instruction(TOKEN_PROGRAM, [[passing, 'w'], mint, owner, named('rent')], Uint8Array.from([1]));
    expect(
      settle([{ outer: first }, { outer: fund }, { outer: pay }, { outer: close }, { outer: reopened }, { outer: close }]),
    ).toMatchObject(paidBy(owner, passing, 'initialize'));
  });
});

describe('the batch instruction of the newer Token program', () => {
  const part = (accounts: number, data: number[]) => [accounts, data.length, ...data];
  const checked = (amount: bigint) => part(4, [12, ...u64(amount), 6]);
  const one = (from: Address, by: Address) => [[from, 'w'], mint, [treasury, 'w'], [by, 's']] as [Address, 'w'][];

  test('a transfer inside it is found', () => {
    const friend = named('friend');
    const batch = instruction(
      TOKEN_PROGRAM,
      [[source, 'w'], [friend, 'w'], [buyer, 's'], ...one(source, buyer)],
      Uint8Array.from([255, ...part(3, [3, ...u64(5n)]), ...checked(100n)]),
    );
    expect(settle([{ outer: batch }])).toMatchObject(paidBy(buyer));
  });

  test('two transfers to us inside it: nobody can be told', () => {
    const batch = instruction(
      TOKEN_PROGRAM,
      [...one(source, buyer), ...one(named('second'), named('other'))],
      Uint8Array.from([255, ...checked(60n), ...checked(40n)]),
    );
    expect(settle([{ outer: batch }])).toMatchObject({
      kind: 'not_derivable',
      captured: 100n,
      reason: expect.stringContaining('more than one'),
    });
  });

  test.each([
    ['cut short', [255, 4, 10, 12]],
    ['with more accounts than it has', [255, ...part(9, [12, ...u64(100n), 6])]],
    ['inside a batch', [255, ...part(4, [255, ...checked(100n)])]],
  ])('one that cannot be read says nothing: %s', (_, data) => {
    const batch = instruction(TOKEN_PROGRAM, one(source, buyer), Uint8Array.from(data));
    expect(settle([{ outer: batch }])).toMatchObject({ kind: 'not_derivable', captured: 100n });
  });
});
