-- A payment row is the claim on a proof: its unique message hash is I9. It is written before anything is submitted,
-- with the proof's bytes, and everything that says what the proof is bound to (link, price, offer).

create table payment_links (
  id text primary key,
  slug text not null,
  account_id text not null references accounts,
  agent_id text not null references agents,
  network text not null check (network in ('solana-devnet', 'solana-mainnet')),
  label text not null,
  description text,
  method text not null check (method in ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')),
  price text not null,
  amount numeric(20, 0) not null check (amount > 0),
  currency text not null,
  accepts_currencies text[] not null default '{}',
  protocol text not null check (protocol in ('x402', 'mpp')),
  response jsonb not null,
  webhook_url text,
  wrap_receipt boolean not null default false,
  metadata jsonb not null default '{}',
  delivery jsonb not null default '{}',
  disabled_at timestamptz,
  deleted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index payment_links_slug on payment_links (network, slug) where deleted_at is null;
create index payment_links_by_account on payment_links (account_id, network, created_at desc, id desc);

-- Apart from the link, so that counting a call never locks the link itself.
create table link_counters (
  link_id text primary key references payment_links,
  call_count bigint not null default 0,
  settled_count bigint not null default 0,
  refunded_count bigint not null default 0,
  last_called_at timestamptz,
  last_settled_at timestamptz,
  last_tx_sig text,
  gross numeric(20, 0) not null default 0,
  refunded numeric(20, 0) not null default 0,
  cashback numeric(20, 0) not null default 0
);

create table payments (
  id text primary key,
  account_id text not null references accounts,
  agent_id text not null references agents,
  treasury_id text not null references treasuries,
  link_id text not null references payment_links,
  network text not null,
  protocol text not null check (protocol in ('x402', 'mpp')),
  protocol_version text not null,
  status text not null check (status in ('pending', 'settled', 'partially_refunded', 'refunded', 'failed')),
  -- The proof. A signature is no identity: a buyer can sign one message twice.
  message_hash bytea not null unique,
  wire bytea not null,
  memo text not null,
  -- Claimed with the secret that only its offer's reader has: then it is answered to nobody without it.
  secret_shown boolean not null,
  -- The offer the proof is bound to, as the facilitator and the receipt need it.
  requirements jsonb not null,
  requirements_hash text not null,
  request jsonb not null,
  price numeric(20, 0) not null check (price > 0),
  asset text not null,
  token_program text not null,
  currency text not null,
  pay_to_account text not null,
  -- Where the chain stood when the bytes were first stored: from here absence is proven.
  seen_height bigint not null,
  seen_slot bigint not null,
  finalized_height bigint not null,
  finalized_slot bigint not null,
  -- The submission mark: only a refusal before it is a refusal.
  submitted_at timestamptz,
  -- What the chain said.
  captured numeric(20, 0),
  payer_owner text,
  payer_account text,
  payer_how text,
  tx_sig text unique,
  slot bigint,
  block_time timestamptz,
  network_fee_lamports numeric(20, 0),
  receipt_hash text,
  failure_code text,
  failure_message text,
  waiting jsonb,
  needs_attention boolean not null default false,
  carrier text not null,
  next_due_at timestamptz,
  delivery_status text not null default 'pending' check (delivery_status in ('pending', 'forwarding', 'delivered', 'failed', 'unknown')),
  delivery_http_status int,
  delivery_error text,
  answered_at timestamptz,
  client_reference text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  settled_at timestamptz,
  finalized_at timestamptz,
  check ((status in ('pending', 'failed')) or (captured is not null and tx_sig is not null))
);
create index payments_by_account on payments (account_id, network, created_at desc, id desc);
create index payments_by_agent on payments (agent_id, created_at desc, id desc);
create index payments_by_link on payments (link_id, created_at desc, id desc);
create index payments_by_payer on payments (account_id, payer_owner, created_at desc);
create index payments_by_receipt on payments (receipt_hash);
create index payments_by_carrier on payments (carrier);
create index payments_open on payments (next_due_at) where status = 'pending';
create index payments_unfinal on payments (network, slot) where tx_sig is not null and finalized_at is null;

-- What the buyer was answered, kept so that a lost answer can be had again.
create table payment_answers (
  payment_id text primary key references payments,
  status int not null,
  mime_type text not null,
  body bytea,
  kept_until timestamptz not null
);
