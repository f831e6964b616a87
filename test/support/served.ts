import { eventually } from './eventually.ts';
import { type Proof, type Shown, show } from './proofs.ts';

/**
 * What a buyer gets for a proof that was shown and is shown again until it is served: while the outcome is unknown they
 * are told to come again, and never to pay again. Throws at any other answer.
 */
export async function served(proof: Proof, url: string, shown: Promise<Shown> = show(proof, url)): Promise<Shown> {
  let next: Promise<Shown> | null = shown;
  return eventually(
    'the proof is served',
    async () => {
      const answer = await (next ?? show(proof, url));
      next = null;
      if (answer.status === 200) return answer;
      if (answer.status === 202 || answer.status === 409) return null;
      throw new Error(`the buyer was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    },
    60_000,
  );
}
