import type { Address } from '@solana/kit';
import { AccountState, getTokenEncoder } from '@solana-program/token';
import { type Chain, ChainUnavailable } from '#libs/chain/chain';
import { TOKEN_PROGRAM } from '#libs/chain/programs';

/** A chain on which wallets and their accounts are as the test says; every other question is out of reach. */
export interface SightedChain {
  chain: Chain;
  /** What the next looks see: nothing but wallets, a token account in place of the wallet, a frozen account; or no answer. */
  next: 'fit' | 'absent' | 'token_account' | 'frozen' | 'unavailable';
  /** How often it was asked. */
  looks: number;
}

export function sightedChain(): SightedChain {
  const sighted: SightedChain = { next: 'fit', looks: 0, chain: undefined as unknown as Chain };
  const ask = async <T>(): Promise<T> => {
    sighted.looks++;
    if (sighted.next === 'unavailable') throw new ChainUnavailable('no RPC answered');
    const wallet = { owner: sighted.next === 'token_account' ? TOKEN_PROGRAM : '11111111111111111111111111111111' };
    const state = sighted.next === 'frozen' ? AccountState.Frozen : AccountState.Initialized;
    const account = sighted.next === 'absent' ? null : { owner: TOKEN_PROGRAM, data: [tokenAccount({ state }), 'base64'] };
    return { value: [wallet, account] } as T;
  };
  const none = () => Promise.reject(new ChainUnavailable('no RPC answered'));
  sighted.chain = { network: 'solana-devnet', providers: 1, ask, askAll: none, askEach: none };
  return sighted;
}

/** The data of a classic token account, in base64. */
export function tokenAccount({
  state = AccountState.Initialized,
  amount = 0n,
}: {
  state?: AccountState;
  amount?: bigint;
}): string {
  const someone = '11111111111111111111111111111112' as Address;
  const bytes = getTokenEncoder().encode({
    mint: someone,
    owner: someone,
    amount,
    delegate: null,
    state,
    isNative: null,
    delegatedAmount: 0n,
    closeAuthority: null,
  });
  return Buffer.from(bytes).toString('base64');
}
