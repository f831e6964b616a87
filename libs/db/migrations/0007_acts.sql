-- What people and programs do to a refund beside what carries it out. An act is one transaction with its effect; its id
-- makes a repeat (an update the server runs again after a reset, a retried activity) the same act.

create table acts (
  id text primary key,
  account_id text not null references accounts,
  refund_id text not null references refunds,
  kind text not null check (kind in ('cancel', 'retry', 'resolve', 'redirect', 'metadata')),
  actor_type text not null,
  actor_id text not null,
  arguments jsonb not null default '{}',
  status_before text not null,
  status_after text not null,
  client_reference text,
  created_at timestamptz not null default now()
);
create index acts_by_refund on acts (refund_id, created_at);
create trigger acts_are_immutable before update or delete on acts for each row execute function refuse_change();

-- A payer's signature moves one refund once: the nonce it signed is used for ever.
create table redirect_nonces (
  network text not null,
  owner text not null,
  nonce text not null,
  refund_id text not null references refunds,
  used_at timestamptz not null default now(),
  primary key (network, owner, nonce)
);

-- How many attempts of a leg an operator has set aside with `retry`: counting starts anew from there.
alter table legs add column attempts_set_aside int not null default 0 check (attempts_set_aside >= 0);

-- Where books and chain differ, until a person has closed it. `object` is what it is about.
create table breaks (
  id text primary key,
  account_id text not null references accounts,
  network text not null,
  kind text not null,
  object_type text not null,
  object_id text not null,
  asset text,
  expected numeric(20, 0),
  found numeric(20, 0),
  detail jsonb not null default '{}',
  status text not null default 'open' check (status in ('open', 'explained', 'closed')),
  assignee text,
  explanation text,
  opened_at timestamptz not null default now(),
  closed_at timestamptz,
  -- The same difference is opened once, however often it is found.
  unique (kind, object_id),
  check ((status = 'closed') = (closed_at is not null))
);
create index breaks_open on breaks (account_id, network, opened_at desc) where status <> 'closed';
