const AMOUNT_AT = 64;
const TOKEN_ACCOUNT_BYTES = 165;

/** What a token account holds, in atoms, from its data in base64; 0 for one that is not there. The same in both token programs. */
export function heldAmount(data: string | undefined): bigint {
  const bytes = Buffer.from(data ?? '', 'base64');
  return bytes.length < TOKEN_ACCOUNT_BYTES ? 0n : bytes.readBigUInt64LE(AMOUNT_AT);
}
