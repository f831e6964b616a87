import { getTransactionDecoder } from '@solana/kit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memo, signed, signedLegacy, wallet } from '../testing/wallets.ts';
import { decodeTransaction, sanitizeProblem, WireError } from './wire.ts';

const LIFETIME = { blockhash: '4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY', lastValidBlockHeight: 1 };

test('a transaction is taken apart as kit takes it apart', async () => {
  const [payer, other] = [await wallet(31), await wallet(32)];
  for (const build of [signed, signedLegacy]) {
    const { bytes, signature, message } = await build(payer, LIFETIME, [memo('hello', other)]);
    const tx = decodeTransaction(bytes);
    expect(tx.staticKeys.slice(0, 2)).toEqual([payer.address, other.address]);
    expect(tx.blockhash).toBe(LIFETIME.blockhash);
    expect(new TextDecoder().decode(tx.instructions[0]?.data)).toBe('hello');
    expect(Buffer.from(tx.message).equals(message)).toBe(true);
    expect(
      Buffer.from(tx.signatures[0] ?? []).equals(
        Buffer.from(getTransactionDecoder().decode(bytes).signatures[payer.address] ?? []),
      ),
    ).toBe(true);
    expect(signature.length).toBeGreaterThan(80);
    expect(sanitizeProblem(tx)).toBeNull();
  }
});

test('bytes that are no transaction are refused with a WireError and nothing else', async () => {
  const { bytes } = await signed(await wallet(31), LIFETIME, [memo('hello')]);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, value, length) => {
      const changed = new Uint8Array(bytes);
      changed[at] = value;
      try {
        sanitizeProblem(decodeTransaction(changed.subarray(0, length)));
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    }),
  );
});
