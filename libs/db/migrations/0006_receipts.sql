-- One hash chain per agent record; the head is the last lock any transaction takes.

create table receipt_heads (
  agent_id text primary key references agents,
  next_nonce bigint not null default 0,
  last_hash text
);

create table receipts (
  hash text primary key check (hash ~ '^[0-9a-f]{64}$'),
  agent_id text not null references agents,
  account_id text not null references accounts,
  network text not null,
  nonce bigint not null,
  kind text not null check (kind in ('earn', 'refund', 'cashback', 'reversal')),
  body jsonb not null,
  payment_id text references payments,
  refund_id text references refunds,
  created_at timestamptz not null default now(),
  unique (agent_id, nonce)
);
create index receipts_by_payment on receipts (payment_id);
create trigger receipts_are_immutable before update or delete on receipts for each row execute function refuse_change();

-- The facilitator's own memory: what it co-signed, stored before it is sent, sent again and never signed anew.
create table facilitator_settlements (
  message_hash bytea primary key,
  network text not null,
  signature text not null unique,
  wire bytea not null,
  -- The sponsor's budgets are sums over these two: who authorised the payment, and on whose behalf it was settled.
  payer text not null,
  account text not null,
  lamports bigint not null check (lamports > 0),
  requirements jsonb not null,
  outcome text not null default 'sent' check (outcome in ('sent', 'confirmed', 'failed')),
  created_at timestamptz not null default now(),
  resolved_at timestamptz
);
create index facilitator_settlements_by_payer on facilitator_settlements (network, payer, created_at) include (lamports);
create index facilitator_settlements_by_account on facilitator_settlements (network, account, created_at) include (lamports);
