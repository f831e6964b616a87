-- A refund of several transfers: what each keeps back as a fee, and where each went (a redirect moves only what has not moved,
-- so legs of one refund may have gone to different places). `amount` stays the gross; the chain moves amount - fee.
alter table legs
  add column fee numeric(20, 0) not null default 0,
  add column destination_owner text,
  add column destination_account text,
  add constraint legs_fee_below_amount check (fee >= 0 and fee < amount);
create index legs_by_transaction on legs (tx_sig) where tx_sig is not null;

-- An account's own treasury, beside those of its agents: a key of ours, one per account and network.
alter table treasuries drop constraint treasuries_check;
alter table treasuries add constraint treasuries_key_is_ours check ((kind in ('managed', 'platform')) = (sealed_key is not null));
drop index treasuries_one_per_key;
create unique index treasuries_one_per_key on treasuries (network, owner) where sealed_key is not null;
create unique index treasuries_one_platform on treasuries (account_id, network) where kind = 'platform';

-- What our fee payer has signed for on an account's behalf: its budgets are sums over these.
create table fee_payer_spends (
  id text primary key,
  account_id text not null references accounts,
  network text not null,
  lamports bigint not null check (lamports >= 0),
  created_at timestamptz not null default now()
);
create index fee_payer_spends_by_account on fee_payer_spends (account_id, network, created_at) include (lamports);
