/** An amount of tokens as Solana's RPC tells it: atoms, decimals, and the number in two forms. */
export type UiAmount = { amount: string; decimals: number; uiAmount: number | null; uiAmountString: string };

/** Atoms with their decimal point, trailing zeros gone. */
export function decimalText(amount: bigint, decimals: number): string {
  if (decimals === 0) return String(amount);
  const digits = String(amount).padStart(decimals + 1, '0');
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`.replace(/\.?0+$/, '');
}

export function uiAmount(amount: bigint, decimals: number): UiAmount {
  const uiAmountString = decimalText(amount, decimals);
  return { amount: String(amount), decimals, uiAmount: Number(uiAmountString), uiAmountString };
}
