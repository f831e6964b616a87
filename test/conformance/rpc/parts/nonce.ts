import {
  appendTransactionMessageInstructions,
  createTransactionMessage,
  getBase64EncodedWireTransaction,
  getSignatureFromTransaction,
  type Instruction,
  type Nonce,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingDurableNonce,
  signTransactionMessageWithSigners,
} from '@solana/kit';
import {
  getCreateAccountInstruction,
  getInitializeNonceAccountInstruction,
  SYSTEM_PROGRAM_ADDRESS,
} from '@solana-program/system';
import type { Built } from '#apps/localnet/testing/wallets';
import type { World } from '../world.ts';

const PARSED = { encoding: 'jsonParsed', commitment: 'confirmed' };

/** Transactions that live by a durable nonce instead of a blockhash: they never expire, and even a failed one uses its nonce up. */
export async function nonces(world: World): Promise<void> {
  const { asker, build, sponsor, nonce, usd, buyer } = world;
  await asker.land(
    await build([
      getCreateAccountInstruction({
        payer: sponsor,
        newAccount: nonce,
        lamports: 1_447_680n,
        space: 80n,
        programAddress: SYSTEM_PROGRAM_ADDRESS,
      }),
      getInitializeNonceAccountInstruction({ nonceAccount: nonce.address, nonceAuthority: sponsor.address }),
    ]),
  );
  await asker.call('nonce account, parsed', 'getAccountInfo', nonce.address, PARSED);
  const current = async (): Promise<string> =>
    (await asker.call(null, 'getAccountInfo', nonce.address, PARSED)).result.value.data.parsed.info.blockhash;
  const byNonce = async (instructions: Instruction[], value: string): Promise<Built> => {
    const message = pipe(
      createTransactionMessage({ version: 0 }),
      m => setTransactionMessageFeePayerSigner(sponsor, m),
      m =>
        setTransactionMessageLifetimeUsingDurableNonce(
          { nonce: value as Nonce, nonceAccountAddress: nonce.address, nonceAuthorityAddress: sponsor.address },
          m,
        ),
      m => appendTransactionMessageInstructions(instructions, m),
    );
    const tx = await signTransactionMessageWithSigners(message);
    const wire = getBase64EncodedWireTransaction(tx);
    const bytes = new Uint8Array(Buffer.from(wire, 'base64'));
    return {
      wire,
      bytes,
      signature: getSignatureFromTransaction(tx),
      message: new Uint8Array(tx.messageBytes),
      lifetime: { blockhash: value, lastValidBlockHeight: 0 },
    };
  };
  const first = await current();
  const paid = await byNonce(world.pay(usd.buyer, usd.treasury, buyer, 14n), first);
  await asker.call('simulate: by nonce', 'simulateTransaction', paid.wire, { encoding: 'base64', commitment: 'confirmed' });
  await asker.send('send: by nonce', paid);
  await asker.until(paid);
  await asker.call('transaction: by nonce', 'getTransaction', paid.signature, {
    commitment: 'confirmed',
    maxSupportedTransactionVersion: 0,
    encoding: 'jsonParsed',
  });
  await asker.send('send: nonce used up', await byNonce(world.pay(usd.buyer, usd.treasury, buyer, 15n), first));
  const second = await current();
  await asker.land(await byNonce(world.pay(usd.buyer, usd.treasury, buyer, 999_000_000n), second), 'fail');
  await asker.send('send: nonce used up by a failure', await byNonce(world.pay(usd.buyer, usd.treasury, buyer, 16n), second));
}
