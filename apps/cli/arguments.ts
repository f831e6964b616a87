import { parseArgs } from 'node:util';
import { isScope, SCOPES, type Scope } from '#libs/accounts/scopes';

export const USAGE = `usage:
  ebb migrate
      brings the database of DATABASE_URL up to date
  ebb keys mint --account NAME --network devnet|mainnet [--label TEXT] [--scopes a,b|all] [--json]
      makes an API key, and the account if there is none of that name; the key is shown this once
`;

export interface MintCommand {
  kind: 'mint';
  account: string;
  network: 'solana-devnet' | 'solana-mainnet';
  label: string;
  scopes: readonly Scope[];
  json: boolean;
}

/** What a command line asks for. A fault is null when help was asked for. */
export type Command = { kind: 'migrate' } | MintCommand | { kind: 'usage'; fault: string | null };

/** Reads the words after the program's name. Pure; never throws. */
export function readCommand(words: string[]): Command {
  if (words.includes('--help') || words.includes('-h')) return { kind: 'usage', fault: null };
  if (words[0] === 'migrate') {
    return words.length === 1 ? { kind: 'migrate' } : usage(`migrate takes no arguments`);
  }
  if (words[0] === 'keys' && words[1] === 'mint') return readMint(words.slice(2));
  return usage(words.length === 0 ? 'a command is missing' : `no command ${words.slice(0, 2).join(' ')}`);
}

const usage = (fault: string): Command => ({ kind: 'usage', fault });

const OPTIONS = {
  account: { type: 'string' },
  network: { type: 'string' },
  label: { type: 'string' },
  scopes: { type: 'string' },
  json: { type: 'boolean' },
} as const;

function readMint(words: string[]): Command {
  let values: { account?: string; network?: string; label?: string; scopes?: string; json?: boolean };
  try {
    ({ values } = parseArgs({ args: words, options: OPTIONS, strict: true }));
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
  if (!values.account) return usage('--account is missing');
  if (values.network !== 'devnet' && values.network !== 'mainnet') return usage('--network must be devnet or mainnet');
  const scopes =
    values.scopes === undefined || values.scopes === 'all' ? SCOPES : values.scopes.split(',').map(text => text.trim());
  const unknown = scopes.find(scope => !isScope(scope));
  if (unknown !== undefined) return usage(`no scope "${unknown}"; there are ${SCOPES.join(', ')}`);
  return {
    kind: 'mint',
    account: values.account,
    network: `solana-${values.network}`,
    label: values.label ?? 'minted by command',
    scopes: scopes.filter(isScope),
    json: values.json ?? false,
  };
}
