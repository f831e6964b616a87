-- Short of funds: who waits for a treasury's money and in which order, who watches it, and what moves a treasury beside
-- payments and refunds (deposits and withdrawals, read from the chain's history).

-- Refunds in line for their treasury's money. A place is kept until the refund is signed: a wait for something passing
-- (an RPC, say) does not lose it. `passed` is what has been paid past it meanwhile; it bounds who may still pass. Written
-- only under the lock of `lock_funds`, so that of two who look at the same money one comes first.
create table funds_queue (
  refund_id text primary key references refunds,
  treasury_id text not null,
  mint text not null,
  amount numeric(20, 0) not null check (amount > 0),
  since timestamptz not null default clock_timestamp(),
  passed numeric not null default 0 check (passed >= 0),
  woken_at timestamptz
);
create index funds_queue_in_line on funds_queue (treasury_id, mint, since, refund_id);

-- A treasury's account (or, without one, the account that pays a network's fees) that somebody waits for. The row is there
-- as long as anybody does; past its due time its workflow is started again.
create table watches (
  workflow_id text primary key,
  network text not null,
  treasury_id text references treasuries,
  mint text,
  account_id text not null references accounts,
  due_at timestamptz not null,
  created_at timestamptz not null default now(),
  check ((treasury_id is null) = (mint is null))
);
create index watches_due on watches (due_at);
create index refunds_sponsor_short on refunds (network, created_at) where waiting ->> 'reason' = 'sponsor_short';

-- What the chain does not show yet in a treasury's balance: legs signed and not landed, and legs that landed after the slot
-- the balance was read at.
create index refunds_in_flight on refunds (treasury_id, asset) where status = 'processing';
alter table attempts add column landed_slot bigint;
create index attempts_landed on attempts (treasury_id, landed_slot) where landed_slot is not null;

create function taken_funds(p_treasury text, p_mint text, p_slot bigint, p_leg text) returns numeric language sql stable as $$
  select coalesce((select sum(l.amount - l.fee) from refunds r join legs l on l.refund_id = r.id and l.status = 'sent' and l.id <> p_leg
      where r.treasury_id = p_treasury and r.asset = p_mint and r.status = 'processing'), 0)
    + coalesce((select sum(l.amount - l.fee) from attempts t
      join attempt_legs al on al.attempt_id = t.id and not al.dead
      join legs l on l.id = al.leg_id and l.status = 'posted'
      join refunds r on r.id = l.refund_id and r.asset = p_mint
      where t.treasury_id = p_treasury and t.landed_slot > p_slot), 0)
$$;

-- Takes turns over one treasury's money until the transaction ends, and reads what of it is taken. One round trip: a lock
-- and what is read under it need two statements, each with a snapshot of its own.
create function lock_funds(p_treasury text, p_mint text, p_slot bigint, p_leg text)
returns table (taken numeric, queued boolean) language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('funds:' || p_treasury || ':' || p_mint, 0));
  return query select taken_funds(p_treasury, p_mint, p_slot, p_leg),
    exists (select from funds_queue q where q.treasury_id = p_treasury and q.mint = p_mint);
end $$;

-- How far the history of a token account has been read at finalized, from a node whose history was whole up to there.
alter table treasury_accounts
  add column scanned_slot bigint,
  add column scanned_height bigint,
  add column scanned_balance numeric(20, 0),
  add column scanned_at timestamptz;

-- What the scan left to a payment that is still open: booked by it, or, should it fail without it, by a later scan.
create table movements_left (
  treasury_id text not null,
  mint text not null,
  signature text not null,
  payment_id text not null references payments,
  primary key (treasury_id, mint, signature)
);

-- Takes turns over one transaction's effect on one treasury: whoever books it, scan or payment, sees what the other did.
-- Says which posting of a scan stands for it, not taken back.
create function lock_movement(p_treasury text, p_mint text, p_signature text)
returns text language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('movement:' || p_treasury || ':' || p_mint || ':' || p_signature, 0));
  return (select t.id from ledger_transfers t where t.id = 'seen:' || p_treasury || ':' || p_mint || ':' || p_signature
    and not exists (select from ledger_transfers u where u.reverses = t.id));
end $$;
