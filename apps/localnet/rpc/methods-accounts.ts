import type { Moment } from '../chain/heads.ts';
import { readHolding, readMint } from '../chain/holding.ts';
import { TOKEN, TOKEN_2022 } from '../chain/identity.ts';
import { accountEncoding, accountJson } from './account-json.ts';
import { uiAmount } from './amount.ts';
import { invalidParams } from './error.ts';
import { asked, inContext, type Node } from './node.ts';
import { address, atLeast, type Config, config, list } from './params.ts';

const MAX_ACCOUNTS = 100;

export function getBalance(node: Node, params: unknown[]) {
  atLeast(params, 1);
  const key = address(params[0]);
  const at = asked(node, config(params[1]));
  return inContext(at, node.chain.account(key, at)?.lamports ?? 0n);
}

const told = (node: Node, key: string, at: Moment, options: Config) => {
  const account = node.chain.account(key, at);
  return account && accountJson(account, options, mint => node.chain.account(mint, at));
};

export function getAccountInfo(node: Node, params: unknown[]) {
  atLeast(params, 1);
  const key = address(params[0]);
  const options = config(params[1], 'RpcAccountInfoConfig');
  const at = asked(node, options);
  accountEncoding(options);
  return inContext(at, told(node, key, at, options));
}

export function getMultipleAccounts(node: Node, params: unknown[]) {
  atLeast(params, 1);
  const inputs = list(params[0]);
  if (inputs.length > MAX_ACCOUNTS) throw invalidParams(`Too many inputs provided; max ${MAX_ACCOUNTS}`);
  const keys = inputs.map(address);
  // Unlike getAccountInfo, this one answers in base64 unless asked otherwise.
  const options: Config = { encoding: 'base64', ...config(params[1], 'RpcAccountInfoConfig') };
  const at = asked(node, options);
  return inContext(
    at,
    keys.map(key => told(node, key, at, options)),
  );
}

export function getTokenAccountBalance(node: Node, params: unknown[]) {
  atLeast(params, 1);
  const key = address(params[0]);
  const at = asked(node, config(params[1], 'CommitmentConfig'));
  const account = node.chain.account(key, at);
  if (account === null) throw invalidParams('Invalid param: could not find account');
  const holding = readHolding(account);
  if (!holding) throw invalidParams('Invalid param: not a Token account');
  const mint = readMint(node.chain.account(holding.mint, at));
  if (!mint) throw invalidParams('Invalid param: could not find mint');
  return inContext(at, uiAmount(holding.amount, mint.decimals));
}

export function getTokenAccountsByOwner(node: Node, params: unknown[]) {
  atLeast(params, 2);
  const owner = address(params[0]);
  const options = config(params[2], 'RpcAccountInfoConfig');
  const at = asked(node, options);
  const wanted = tokenFilter(node, config(params[1]), at);
  const candidates = new Set([...node.chain.store.tokenAccountsOf(owner), ...node.chain.past.writtenAfter(at.slot)]);
  const found = [...candidates].sort().flatMap(key => {
    const account = node.chain.account(key, at);
    const holding = readHolding(account);
    if (!account || holding?.owner !== owner || holding.program !== wanted.program) return [];
    if (wanted.mint !== null && holding.mint !== wanted.mint) return [];
    return [{ account: accountJson(account, options, mint => node.chain.account(mint, at)), pubkey: key }];
  });
  return inContext(at, found);
}

function tokenFilter(node: Node, filter: Config, at: Moment): { mint: string | null; program: string } {
  if (filter.mint !== undefined) {
    const mint = address(filter.mint);
    const account = node.chain.account(mint, at);
    if (account === null) throw invalidParams('Invalid param: could not find mint');
    if (!readMint(account)) throw invalidParams('Invalid param: Token mint could not be unpacked');
    return { mint, program: account.owner };
  }
  if (filter.programId === undefined) throw invalidParams('Invalid params: invalid value: map, expected map with a single key.');
  const program = address(filter.programId);
  if (program !== TOKEN && program !== TOKEN_2022) throw invalidParams('Invalid param: unrecognized Token program id');
  return { mint: null, program };
}
