-- A refund to a closed token account may open the owner's associated account again, and our fee payer pays the rent. An
-- owner who closes it afterwards keeps that rent, so it is done at most once for an owner and a mint, whoever's refund it is
-- for. The claim is made with the attempt that opens the account, in one transaction; it is as good as that attempt: one
-- that is proven dead has opened nothing, and its claim may be taken over.
create table reopened_accounts (
  network text not null check (network in ('solana-devnet', 'solana-mainnet')),
  owner text not null,
  mint text not null,
  attempt_id text not null references attempts deferrable initially deferred,
  refund_id text not null references refunds,
  claimed_at timestamptz not null default now(),
  primary key (network, owner, mint)
);

-- What the fee payer paid above the network fee, from the landed transaction's balances; null where they did not say.
alter table legs add column rent_lamports numeric(20, 0) check (rent_lamports >= 0);
