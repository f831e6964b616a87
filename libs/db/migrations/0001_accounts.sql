-- Who may act, and whose money it is. A key's prefix fixes its network; only its hash is kept, so a stolen
-- database opens nothing. Treasury keys lie under envelope encryption (libs/secrets).

create table accounts (
  id text primary key,
  name text not null,
  status text not null default 'active' check (status in ('active', 'suspended')),
  settings jsonb not null default '{}',
  created_at timestamptz not null default now()
);

create table api_keys (
  id text primary key,
  account_id text not null references accounts,
  network text not null check (network in ('solana-devnet', 'solana-mainnet')),
  label text not null,
  hash bytea not null unique,
  prefix text not null,
  last_four text not null,
  scopes text[] not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now()
);

create table treasuries (
  id text primary key,
  account_id text not null references accounts,
  network text not null check (network in ('solana-devnet', 'solana-mainnet')),
  kind text not null check (kind in ('managed', 'delegated', 'self', 'platform')),
  owner text not null,
  -- Sealed 64-byte key pair; only managed treasuries have one.
  sealed_key bytea,
  carrier text,
  next_due_at timestamptz,
  created_at timestamptz not null default now(),
  -- Two accounts may register one mint: its PDA is then the owner of a treasury of each. A key of ours is one treasury's.
  unique (account_id, network, owner),
  check ((kind = 'managed') = (sealed_key is not null))
);
create unique index treasuries_one_per_key on treasuries (network, owner) where kind = 'managed';

-- The token accounts a treasury takes money in. A link answers 503 treasury_opening until its own is open.
create table treasury_accounts (
  treasury_id text not null references treasuries,
  mint text not null,
  token_program text not null,
  token_account text not null,
  opened_at timestamptz,
  primary key (treasury_id, mint)
);
create index treasury_accounts_by_address on treasury_accounts (token_account);

create table agents (
  id text primary key,
  account_id text not null references accounts,
  network text not null check (network in ('solana-devnet', 'solana-mainnet')),
  mint text not null,
  label text not null,
  treasury_id text not null references treasuries,
  created_at timestamptz not null default now(),
  -- Two accounts may register the same mint and see nothing of each other.
  unique (account_id, network, mint)
);
create index agents_by_account on agents (account_id, network, created_at desc, id desc);
