-- What was promised and must leave the database: workflow starts and wakes, in the transaction of the promise.
-- Events are written in the same transaction as the change they tell (I6).

create table outbox (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('start', 'wake')),
  workflow_type text not null,
  workflow_id text not null,
  input jsonb not null,
  search jsonb not null default '{}',
  summary text not null default '',
  account_id text not null,
  priority smallint not null default 3 check (priority between 1 and 5),
  created_at timestamptz not null default now(),
  next_at timestamptz not null default now(),
  leased_until timestamptz,
  attempts int not null default 0,
  last_error text
);
create index outbox_due on outbox (next_at, priority);
create index outbox_by_account on outbox (account_id, priority, next_at);
create index outbox_by_workflow on outbox (workflow_id);

create table event_sequences (
  object_id text primary key,
  n bigint not null
);

create table events (
  id text primary key,
  ts timestamptz not null default now(),
  -- Ids commit out of order: streams are read below pg_snapshot_xmin.
  xact xid8 not null default pg_current_xact_id(),
  kind text not null,
  network text not null,
  account_id text not null references accounts,
  agent text,
  actor_type text not null,
  actor_id text not null,
  object_type text not null,
  object_id text not null,
  sequence bigint not null,
  related jsonb not null default '{}',
  client_reference text,
  tx_sig text,
  amount numeric(20, 0),
  asset text,
  data jsonb not null,
  unique (object_id, sequence)
);
create index events_by_account on events (account_id, network, ts desc, id desc);
create trigger events_are_immutable before update or delete on events for each row execute function refuse_change();

create table idempotency_keys (
  account_id text not null references accounts,
  route text not null,
  key text not null,
  body_hash bytea not null,
  status int not null,
  -- json, not jsonb: the first answer comes back as it was, its members in their order.
  body json not null,
  created_at timestamptz not null default now(),
  primary key (account_id, route, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

-- One row per keyed request; usage is computed from these.
create table api_requests (
  id text primary key,
  ts timestamptz not null default now(),
  account_id text not null references accounts,
  api_key_id text not null references api_keys,
  network text not null,
  method text not null,
  path text not null,
  status int not null,
  latency_ms int not null
);
create index api_requests_by_key on api_requests (api_key_id, ts);

-- How each workflow ended: visibility and history are gone after retention and are never books.
create table workflow_outcomes (
  workflow_id text not null,
  run_id text not null,
  type text not null,
  outcome text not null,
  object_id text not null,
  started_at timestamptz not null,
  ended_at timestamptz not null default now(),
  primary key (workflow_id, run_id)
);
create index workflow_outcomes_by_object on workflow_outcomes (object_id);
