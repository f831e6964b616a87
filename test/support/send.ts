import {
  appendTransactionMessageInstructions,
  assertIsTransactionWithBlockhashLifetime,
  createSolanaRpc,
  createTransactionMessage,
  getBase64EncodedWireTransaction,
  type Instruction,
  type KeyPairSigner,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
} from '@solana/kit';
import { eventually } from './eventually.ts';

/** Sends what no process of ours sends, paid for and signed by those named in it. Returns its signature once it is confirmed. */
export async function sendInstructions(rpcUrl: string, payer: KeyPairSigner, instructions: Instruction[]): Promise<string> {
  const rpc = createSolanaRpc(rpcUrl);
  const { value: lifetime } = await rpc.getLatestBlockhash({ commitment: 'confirmed' }).send();
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    blank => setTransactionMessageFeePayerSigner(payer, blank),
    paid => setTransactionMessageLifetimeUsingBlockhash(lifetime, paid),
    timed => appendTransactionMessageInstructions(instructions, timed),
  );
  const signed = await signTransactionMessageWithSigners(message);
  assertIsTransactionWithBlockhashLifetime(signed);
  const wire = getBase64EncodedWireTransaction(signed);
  const signature = await rpc.sendTransaction(wire, { encoding: 'base64', preflightCommitment: 'confirmed' }).send();
  await eventually(`${signature} is confirmed`, async () => {
    const { value } = await rpc.getSignatureStatuses([signature]).send();
    return value[0]?.err === null && (value[0].confirmationStatus === 'confirmed' || value[0].confirmationStatus === 'finalized');
  });
  return signature;
}
