import { readHolding, readMint } from '../chain/holding.ts';
import { TOKEN, TOKEN_2022 } from '../chain/identity.ts';
import { accountEncoding, accountJson } from './account-json.ts';
import { uiAmount } from './amount.ts';
import { invalidParams } from './error.ts';
import { accountAt, askedSlot, inContext, type Node } from './node.ts';
import { address, atLeast, type Config, config, list } from './params.ts';

const MAX_ACCOUNTS = 100;

export function getBalance(node: Node, params: unknown[]) {
  atLeast(params, 1);
  const key = address(params[0]);
  const slot = askedSlot(node, config(params[1]));
  return inContext(slot, accountAt(node, key, slot)?.lamports ?? 0n);
}

const told = (node: Node, key: string, slot: number, options: Config) => {
  const account = accountAt(node, key, slot);
  return account && accountJson(account, options, mint => accountAt(node, mint, slot));
};

export function getAccountInfo(node: Node, params: unknown[]) {
  atLeast(params, 1);
  const key = address(params[0]);
  const options = config(params[1]);
  const slot = askedSlot(node, options);
  accountEncoding(options);
  return inContext(slot, told(node, key, slot, options));
}

export function getMultipleAccounts(node: Node, params: unknown[]) {
  atLeast(params, 1);
  const asked = list(params[0]);
  if (asked.length > MAX_ACCOUNTS) throw invalidParams(`Too many inputs provided; max ${MAX_ACCOUNTS}`);
  const keys = asked.map(address);
  // Unlike getAccountInfo, this one answers in base64 unless asked otherwise.
  const options: Config = { encoding: 'base64', ...config(params[1]) };
  const slot = askedSlot(node, options);
  return inContext(
    slot,
    keys.map(key => told(node, key, slot, options)),
  );
}

export function getTokenAccountBalance(node: Node, params: unknown[]) {
  atLeast(params, 1);
  const key = address(params[0]);
  const slot = askedSlot(node, config(params[1]));
  const account = accountAt(node, key, slot);
  if (account === null) throw invalidParams('Invalid param: could not find account');
  const holding = readHolding(account);
  if (!holding) throw invalidParams('Invalid param: not a Token account');
  const mint = readMint(accountAt(node, holding.mint, slot));
  if (!mint) throw invalidParams('Invalid param: could not find mint');
  return inContext(slot, uiAmount(holding.amount, mint.decimals));
}

export function getTokenAccountsByOwner(node: Node, params: unknown[]) {
  atLeast(params, 2);
  const owner = address(params[0]);
  const options = config(params[2]);
  const slot = askedSlot(node, options);
  const wanted = tokenFilter(node, config(params[1]), slot);
  const candidates = new Set([...node.chain.store.tokenAccountsOf(owner), ...node.chain.past.writtenAfter(slot)]);
  const found = [...candidates].sort().flatMap(key => {
    const account = accountAt(node, key, slot);
    const holding = readHolding(account);
    if (!account || holding?.owner !== owner || holding.program !== wanted.program) return [];
    if (wanted.mint !== null && holding.mint !== wanted.mint) return [];
    return [{ account: accountJson(account, options, mint => accountAt(node, mint, slot)), pubkey: key }];
  });
  return inContext(slot, found);
}

function tokenFilter(node: Node, filter: Config, slot: number): { mint: string | null; program: string } {
  if (filter.mint !== undefined) {
    const mint = address(filter.mint);
    const account = accountAt(node, mint, slot);
    if (account === null) throw invalidParams('Invalid param: could not find mint');
    if (!readMint(account)) throw invalidParams('Invalid param: not a Token mint');
    return { mint, program: account.owner };
  }
  const program = address(filter.programId);
  if (program !== TOKEN && program !== TOKEN_2022) throw invalidParams('Invalid param: unrecognized Token program id');
  return { mint: null, program };
}
