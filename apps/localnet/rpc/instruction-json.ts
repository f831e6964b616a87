import { base58 } from '../chain/base58.ts';
import { ATA, MEMO, MEMO_1, SYSTEM, TOKEN, TOKEN_2022 } from '../chain/identity.ts';
import { memoText } from '../chain/memo.ts';
import { parseAta, parseSystem } from './parsed-system.ts';
import { type ParsedInstruction, parseToken } from './parsed-token.ts';

const PROGRAMS: Record<string, { name: string; parse(data: Uint8Array, accounts: string[]): ParsedInstruction | string | null }> =
  {
    [TOKEN]: { name: 'spl-token', parse: parseToken },
    [TOKEN_2022]: { name: 'spl-token', parse: parseToken },
    [ATA]: { name: 'spl-associated-token-account', parse: parseAta },
    [SYSTEM]: { name: 'system', parse: parseSystem },
    [MEMO]: { name: 'spl-memo', parse: memoText },
    [MEMO_1]: { name: 'spl-memo', parse: memoText },
  };

/** An instruction as `jsonParsed` tells it: parsed where the program is known, otherwise with its accounts resolved. */
export function instructionJson(
  ix: { programIdIndex: number; accounts: number[]; data: Uint8Array },
  keys: string[],
  stackHeight: number,
) {
  const programId = keys[ix.programIdIndex] ?? '';
  const accounts = ix.accounts.map(i => keys[i] ?? '');
  const program = PROGRAMS[programId];
  const parsed = program?.parse(ix.data, accounts) ?? null;
  if (program && parsed !== null) return { parsed, program: program.name, programId, stackHeight };
  return { accounts, data: base58(ix.data), programId, stackHeight };
}
