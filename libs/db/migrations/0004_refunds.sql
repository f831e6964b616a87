-- A refund is an intent with its money reserved; legs are the transfers it takes; a signed transaction carries one
-- or more legs. The unique index over what is not proven dead is I2: at most one transaction lands for a leg.

create table refunds (
  id text primary key,
  account_id text not null references accounts,
  agent_id text not null references agents,
  payment_id text not null references payments,
  batch_id text,
  network text not null,
  status text not null check (status in ('requires_address', 'requires_approval', 'requires_signature', 'pending', 'processing',
    'succeeded', 'partially_succeeded', 'failed', 'canceled')),
  waiting jsonb,
  needs_attention boolean not null default false,
  amount numeric(20, 0) not null check (amount > 0),
  fee numeric(20, 0) not null default 0 check (fee >= 0 and fee < amount),
  currency text not null,
  asset text not null,
  token_program text not null,
  source text not null check (source in ('merchant', 'platform')),
  treasury_id text not null references treasuries,
  destination_owner text,
  destination_account text,
  destination_how text not null check (destination_how in ('payer', 'payer_reopened', 'redirect_signed', 'redirect_scope', 'unknown')),
  reason text not null check (reason in ('requested_by_customer', 'duplicate', 'fraudulent', 'undelivered', 'other')),
  reason_text text,
  external_id text,
  -- SHA-256 of what a repeat under the same external_id must equal.
  content_hash bytea not null,
  metadata jsonb not null default '{}',
  client_reference text,
  initiator_type text not null,
  initiator_id text not null,
  failure_code text,
  failure_message text,
  tx_sig text,
  receipt_hash text,
  carrier text not null,
  next_due_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  completed_at timestamptz,
  finalized_at timestamptz
);
create unique index refunds_external_id on refunds (payment_id, external_id) where external_id is not null;
create index refunds_by_account on refunds (account_id, network, created_at desc, id desc);
create index refunds_by_payment on refunds (payment_id, created_at desc, id desc);
create index refunds_open on refunds (next_due_at) where status not in ('succeeded', 'partially_succeeded', 'failed', 'canceled');
create index refunds_by_carrier on refunds (carrier);
create index refunds_attention on refunds (account_id, network, created_at desc) where needs_attention;

create table legs (
  id text primary key,
  refund_id text not null references refunds,
  leg int not null check (leg >= 0),
  amount numeric(20, 0) not null check (amount > 0),
  -- reserved: nothing signed; sent: signed bytes stored; landed: the chain moved it; posted: the books say so too.
  status text not null check (status in ('reserved', 'sent', 'landed', 'posted', 'voided')),
  reservation_id text not null references ledger_transfers,
  tx_sig text,
  slot bigint,
  block_time timestamptz,
  network_fee_lamports numeric(20, 0),
  receipt_hash text,
  finalized_at timestamptz,
  unique (refund_id, leg)
);

create table attempts (
  id text primary key,
  network text not null,
  treasury_id text not null references treasuries,
  number int not null check (number >= 1),
  signature text not null unique,
  wire bytea not null,
  last_valid_block_height bigint not null,
  fee_lamports numeric(20, 0) not null,
  -- Where the chain stood at finalized when the bytes were stored: from here absence is proven.
  finalized_slot bigint not null,
  finalized_height bigint not null,
  first_sent_at timestamptz,
  outcome text not null default 'live' check (outcome in ('live', 'landed', 'dead')),
  -- Why it is dead: expired and absent, or an error at finalized.
  verdict jsonb,
  created_at timestamptz not null default now(),
  resolved_at timestamptz
);

create table attempt_legs (
  attempt_id text not null references attempts,
  leg_id text not null references legs,
  dead boolean not null default false,
  primary key (attempt_id, leg_id)
);
create unique index attempt_legs_one_not_dead on attempt_legs (leg_id) where not dead;
