import type { RawAccount } from '../chain/account.ts';
import { addressText } from '../chain/base58.ts';
import { readHolding, readMint } from '../chain/holding.ts';
import { TOKEN } from '../chain/identity.ts';
import { type Nonce, readNonce } from '../chain/nonce.ts';
import { uiAmount } from './amount.ts';
import { parsedExtensions } from './parsed-extensions.ts';

const STATES = ['uninitialized', 'initialized', 'frozen'];

/** An account as `jsonParsed` tells it; null for what is not parsed and falls back to base64. */
export function parsedAccount(account: RawAccount, mintOf: (address: string) => RawAccount | null) {
  const nonce = readNonce(account);
  if (nonce) return { parsed: nonceInfo(nonce), program: 'nonce' };
  const parsed = mintInfo(account) ?? holdingInfo(account, mintOf);
  if (!parsed) return null;
  const extensions = account.owner === TOKEN ? [] : parsedExtensions(account.data);
  if (extensions.length > 0) parsed.info.extensions = extensions;
  return { parsed, program: account.owner === TOKEN ? 'spl-token' : 'spl-token-2022' };
}

const nonceInfo = ({ authority, hash }: Nonce): Parsed => ({
  info: { authority, blockhash: hash, feeCalculator: { lamportsPerSignature: '5000' } },
  type: 'initialized',
});

type Parsed = { info: Record<string, unknown>; type: string };

function mintInfo(account: RawAccount): Parsed | null {
  const mint = readMint(account);
  if (!mint) return null;
  return {
    info: {
      decimals: mint.decimals,
      freezeAuthority: mint.freezeAuthority,
      isInitialized: true,
      mintAuthority: mint.mintAuthority,
      supply: String(mint.supply),
    },
    type: 'mint',
  };
}

function holdingInfo(account: RawAccount, mintOf: (address: string) => RawAccount | null): Parsed | null {
  const holding = readHolding(account);
  const mint = holding && readMint(mintOf(holding.mint));
  if (!holding || !mint) return null;
  const { data } = account;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const option = (at: number) => view.getUint32(at, true) === 1;
  const delegated = view.getBigUint64(121, true);
  const info: Record<string, unknown> = {
    isNative: option(109),
    mint: holding.mint,
    owner: holding.owner,
    state: STATES[data[108] ?? 0],
    tokenAmount: uiAmount(holding.amount, mint.decimals),
  };
  if (option(72)) {
    info.delegate = addressText(data.subarray(76, 108));
    info.delegatedAmount = uiAmount(delegated, mint.decimals);
  }
  if (option(109)) info.rentExemptReserve = uiAmount(view.getBigUint64(113, true), mint.decimals);
  if (option(129)) info.closeAuthority = addressText(data.subarray(133, 165));
  return { info, type: 'account' };
}
