import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { tokenAccount } from '#apps/localnet/testing/wallets';
import { readExecuted } from '#libs/chain/executed';
import { asSignature, asTokenAccount } from '#libs/money/solana-types';
import type { Mark } from '#libs/transfers/prove';
import { USDC as ASSET } from '#test/support/books';
import { DeathLab } from '#test/support/death-lab';
import { readHistory } from './history.ts';
import { readMovement } from './movement.ts';

const FINAL = 60;
const USDC = ASSET.mint;
let lab: DeathLab;
let account = '';
beforeAll(async () => {
  lab = await DeathLab.start();
  account = await tokenAccount(lab.lab.treasury, USDC);
});
afterEach(() => lab.heal());
afterAll(() => lab.close());

async function here(): Promise<Mark> {
  const epoch = await lab.lab.result('getEpochInfo', { commitment: 'finalized' });
  return { finalizedSlot: BigInt(epoch.absoluteSlot), finalizedHeight: BigInt(epoch.blockHeight) };
}

/** So many payments into the account, final; their signatures, oldest first. */
async function paid(count: number, tag: string): Promise<string[]> {
  const signatures: string[] = [];
  for (let n = 0; n < count; n++) {
    const built = await lab.lab.payment(BigInt(n + 1), `${tag}${n}`);
    await lab.lab.send(built);
    signatures.push(built.signature);
    await lab.lab.jump(1);
  }
  await lab.lab.jump(FINAL);
  return signatures;
}

const signaturesOf = (history: Awaited<ReturnType<typeof readHistory>>): string[] =>
  history.kind === 'whole' ? history.listed.map(one => one.signature) : [history.why];

describe('what happened to an account since a mark', () => {
  test('is read oldest first, over pages, and from where it was read to there is nothing more', async () => {
    const from = await here();
    const sent = await paid(57, 'many');
    const history = await readHistory(lab.main, account, from);
    expect(signaturesOf(history)).toEqual(sent);
    if (history.kind !== 'whole') throw new Error('not whole');
    expect(history.to).toEqual(await here());
    expect(signaturesOf(await readHistory(lab.main, account, history.to))).toEqual([]);
    const all = signaturesOf(await readHistory(lab.main, account, null));
    expect(all).toEqual(expect.arrayContaining(sent));
  });

  test('what is not final yet is not read, and is read once it is', async () => {
    const from = await here();
    const built = await lab.lab.payment(3n, 'young');
    await lab.lab.send(built);
    await lab.lab.jump(5);
    const young = await readHistory(lab.main, account, from);
    expect(signaturesOf(young)).toEqual([]);
    if (young.kind !== 'whole') throw new Error('not whole');
    await lab.lab.jump(FINAL);
    expect(signaturesOf(await readHistory(lab.main, account, young.to))).toEqual([built.signature]);
  });

  test('of two nodes, one behind: no further than that one has come', async () => {
    const from = await here();
    const [first] = await paid(1, 'seen by both');
    await lab.lab.admin('POST /lag', { slots: FINAL / 2 });
    const [late] = await paid(1, 'seen by one');
    const history = await readHistory(lab.both, account, from);
    expect(signaturesOf(history)).toContain(first);
    if (history.kind !== 'whole') throw new Error('not whole');
    expect(history.to.finalizedSlot).toBeLessThan((await here()).finalizedSlot);
    await lab.lab.admin('POST /lag', { slots: 0 });
    const rest = await readHistory(lab.both, account, history.to);
    expect([...new Set([history, rest].flatMap(one => signaturesOf(one)))]).toEqual([first, late]);
  });

  test('a node that has not come as far as it was read before says nothing', async () => {
    const from = await here();
    await lab.lab.admin('POST /lag', { slots: 100 });
    expect(await readHistory(lab.lagging, account, from)).toEqual({ kind: 'unknown', why: 'behind' });
  });

  test('one node with a gap, and it is unknown, whatever the other has; without its blocks nothing is missed', async () => {
    const from = await here();
    const [signature] = await paid(1, 'in the gap');
    const slot = Number(from.finalizedSlot);
    await lab.fault({ kind: 'gap', node: 'lagging', from_slot: slot + 1, to_slot: slot + 20 });
    expect(await readHistory(lab.both, account, from)).toEqual({ kind: 'unknown', why: 'gap' });
    expect(signaturesOf(await readHistory(lab.main, account, from))).toEqual([signature]);
  });

  test('slots without blocks are no gap', async () => {
    const from = await here();
    await lab.lab.jump(500, true);
    const sent = await paid(1, 'after skipped slots');
    expect(signaturesOf(await readHistory(lab.main, account, from))).toEqual(sent);
  });
});

describe('what a transaction did to an account', () => {
  async function executed(signature: string) {
    const answer = await lab.main.ask('treasury.scan', rpc =>
      rpc.getTransaction(asSignature(signature), {
        commitment: 'finalized',
        maxSupportedTransactionVersion: 0,
        encoding: 'base64',
      }),
    );
    if (!answer?.meta) throw new Error('not there');
    return { answer, accounts: readExecuted(answer.transaction, answer.meta).after.map(one => one.account) };
  }

  test('a rise to the one, a fall to the other, each with where it went; nothing to a stranger', async () => {
    const [signature = ''] = await paid(1, 'movement');
    const { answer, accounts } = await executed(signature);
    const purse = accounts.find(one => one !== account) ?? '';
    const of = (token: string) => ({ account: asTokenAccount(token), mint: USDC });
    const rise = readMovement(signature, answer, of(account));
    expect(rise).toMatchObject({ change: 1n, other: { owner: lab.lab.buyer.address, tokenAccount: purse } });
    expect(rise?.messageHash).toHaveLength(32);
    expect(readMovement(signature, answer, of(purse))).toMatchObject({
      change: -1n,
      other: { owner: lab.lab.treasury.address, tokenAccount: account },
    });
    expect(readMovement(signature, answer, of(lab.lab.sponsor.address))).toBeNull();
  });
});
