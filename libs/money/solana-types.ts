import type { Address, Signature as KitSignature } from '@solana/kit';

declare const kind: unique symbol;

/** A wallet or PDA that owns token accounts. Passing it where a token account is meant burns funds, so it does not compile. */
export type Owner = Address & { readonly [kind]: 'owner' };
export type TokenAccount = Address & { readonly [kind]: 'token account' };
export type Mint = Address & { readonly [kind]: 'mint' };
export type TokenProgram = Address & { readonly [kind]: 'token program' };
export type Signature = KitSignature;

export const asOwner = (address: string): Owner => address as Owner;
export const asTokenAccount = (address: string): TokenAccount => address as TokenAccount;
export const asMint = (address: string): Mint => address as Mint;
export const asSignature = (text: string): Signature => text as Signature;
