import { sql } from 'kysely';
import type { Reader } from '#libs/db/database';
import type { Currency, Network } from '#libs/money/assets';
import { type Atoms, mustAtoms } from '#libs/money/atoms';
import { asMint, asOwner, asTokenAccount, type Mint, type Owner, type TokenAccount } from '#libs/money/solana-types';
import type { StoredTemplate } from './template.ts';

/** What becomes of a paid call that the upstream does not answer well. */
export interface DeliveryPolicy {
  timeout_ms: number;
  on_failure: 'refund' | 'keep';
  refund_on_statuses: string[];
  refund_unknown: boolean;
  max_auto_refunds_per_payer_day: number;
  replay_seconds: number;
}

/** A payment link with its owner's treasury, as it stands. Payments bind to `id`; people see `slug`. */
export interface Link {
  id: string;
  slug: string;
  accountId: string;
  network: Network;
  label: string;
  description: string | null;
  method: string;
  price: string;
  amount: Atoms;
  currency: Currency;
  /** Beside `currency`. */
  alsoAccepts: Currency[];
  protocol: 'x402' | 'mpp';
  template: StoredTemplate;
  webhookUrl: string | null;
  wrapReceipt: boolean;
  metadata: Record<string, unknown>;
  delivery: DeliveryPolicy;
  disabledAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
  agent: { id: string; mint: string };
  treasury: {
    id: string;
    payTo: Owner;
    accounts: { mint: Mint; tokenAccount: TokenAccount; open: boolean }[];
  };
  counters: {
    calls: number;
    settled: number;
    refunds: number;
    lastCalledAt: Date | null;
    lastSettledAt: Date | null;
    lastTxSig: string | null;
    gross: Atoms;
    refunded: Atoms;
    cashback: Atoms;
  };
}

/** Links that stand, to be narrowed by the caller; deleted ones are left out. */
export const linkRows = (reader: Reader) =>
  reader
    .selectFrom('payment_links as l')
    .innerJoin('agents as a', 'a.id', 'l.agent_id')
    .innerJoin('treasuries as t', 't.id', 'a.treasury_id')
    .innerJoin('link_counters as c', 'c.link_id', 'l.id')
    .selectAll('l')
    .select(['a.mint', 't.id as treasury_id', 't.owner'])
    .select([
      'c.call_count',
      'c.settled_count',
      'c.refunded_count',
      'c.last_called_at',
      'c.last_settled_at',
      'c.last_tx_sig',
      'c.gross',
      'c.refunded',
      'c.cashback',
    ])
    .select(
      sql<{ mint: string; token_account: string; open: boolean }[]>`(select coalesce(json_agg(json_build_object(
        'mint', ta.mint, 'token_account', ta.token_account, 'open', ta.opened_at is not null)), '[]')
        from treasury_accounts ta where ta.treasury_id = t.id)`.as('accounts'),
    )
    .where('l.deleted_at', 'is', null);

export type LinkRow = Awaited<ReturnType<ReturnType<typeof linkRows>['execute']>>[number];

export function toLink(row: LinkRow): Link {
  return {
    id: row.id,
    slug: row.slug,
    accountId: row.account_id,
    network: row.network as Network,
    label: row.label,
    description: row.description,
    method: row.method,
    price: row.price,
    amount: mustAtoms(row.amount),
    currency: row.currency as Currency,
    alsoAccepts: row.accepts_currencies as Currency[],
    protocol: row.protocol as Link['protocol'],
    template: row.response as unknown as StoredTemplate,
    webhookUrl: row.webhook_url,
    wrapReceipt: row.wrap_receipt,
    metadata: row.metadata as Record<string, unknown>,
    delivery: row.delivery as unknown as DeliveryPolicy,
    disabledAt: row.disabled_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    agent: { id: row.agent_id, mint: row.mint },
    treasury: {
      id: row.treasury_id,
      payTo: asOwner(row.owner),
      accounts: row.accounts.map(account => ({
        mint: asMint(account.mint),
        tokenAccount: asTokenAccount(account.token_account),
        open: account.open,
      })),
    },
    counters: {
      calls: Number(row.call_count),
      settled: Number(row.settled_count),
      refunds: Number(row.refunded_count),
      lastCalledAt: row.last_called_at,
      lastSettledAt: row.last_settled_at,
      lastTxSig: row.last_tx_sig,
      gross: mustAtoms(row.gross),
      refunded: mustAtoms(row.refunded),
      cashback: mustAtoms(row.cashback),
    },
  };
}
