-- Double entry, two-phase. Transfers are immutable and named by their caller: a second posting of the same thing
-- is a primary key violation, not a second entry. Only accounts whose balance must be constrained have a counter
-- row (payments: this is I1); a constrained treasury row was measured at an eighth of the throughput, and the chain
-- constrains treasuries anyway. Counters are kept by the trigger, so no code path can move one without the other.

create table ledger_accounts (
  id text primary key,
  code text not null check (code in ('payment')),
  asset text not null,
  debits_pending numeric(20, 0) not null default 0 check (debits_pending >= 0),
  debits_posted numeric(20, 0) not null default 0 check (debits_posted >= 0),
  credits_pending numeric(20, 0) not null default 0 check (credits_pending >= 0),
  credits_posted numeric(20, 0) not null default 0 check (credits_posted >= 0),
  constraint never_over check (debits_pending + debits_posted <= credits_posted)
);

create table closed_dates (
  booked_on date primary key,
  closed_at timestamptz not null default now()
);

create table ledger_transfers (
  id text primary key,
  kind text not null check (kind in ('single', 'pending', 'post', 'void')),
  pending_id text references ledger_transfers,
  network text not null,
  asset text not null,
  amount numeric(20, 0) not null check (amount > 0),
  debit_account text not null,
  debit_code text not null,
  credit_account text not null,
  credit_code text not null,
  -- When it happened (block time for what the chain did), and the day of the books it belongs to.
  occurred_at timestamptz not null,
  booked_on date not null,
  source_type text not null,
  source_id text not null,
  signature text,
  reverses text references ledger_transfers,
  created_at timestamptz not null default now(),
  check (debit_account <> credit_account),
  check ((kind in ('post', 'void')) = (pending_id is not null)),
  constraint known_codes check (
    array[debit_code, credit_code] <@ array['treasury', 'payment', 'owner_funding', 'suspense', 'refund', 'cashback',
      'cashback_payable', 'fee_payable', 'platform_treasury', 'network_fee', 'rent', 'fee_payer', 'chain_loss'])
);
-- A pending transfer resolves once.
create unique index ledger_transfers_resolve_once on ledger_transfers (pending_id) where pending_id is not null;
create unique index ledger_transfers_reverse_once on ledger_transfers (reverses) where reverses is not null;
create index ledger_transfers_by_debit on ledger_transfers (debit_account, asset);
create index ledger_transfers_by_credit on ledger_transfers (credit_account, asset);
create index ledger_transfers_by_source on ledger_transfers (source_type, source_id);
create index ledger_transfers_by_day on ledger_transfers (booked_on);
create index ledger_transfers_reversing_debits on ledger_transfers (credit_account) where reverses is not null;
create index ledger_transfers_reversing_credits on ledger_transfers (debit_account) where reverses is not null;

create function ledger_check_transfer() returns trigger language plpgsql as $$
declare
  held ledger_transfers;
begin
  if exists (select 1 from closed_dates where booked_on = new.booked_on) then
    raise exception 'the books of % are closed', new.booked_on using errcode = 'check_violation', constraint = 'books_closed';
  end if;
  if new.pending_id is not null then
    select * into strict held from ledger_transfers where id = new.pending_id;
    if held.kind <> 'pending' or held.asset <> new.asset or held.amount <> new.amount
       or held.debit_account <> new.debit_account or held.credit_account <> new.credit_account then
      raise exception 'transfer % does not resolve %', new.id, held.id using errcode = 'check_violation';
    end if;
  end if;
  if new.reverses is not null then
    select * into strict held from ledger_transfers where id = new.reverses;
    if new.kind <> 'single' or held.kind not in ('single', 'post') or held.asset <> new.asset or held.amount <> new.amount
       or held.debit_account <> new.credit_account or held.credit_account <> new.debit_account then
      raise exception 'transfer % does not take back %', new.id, held.id using errcode = 'check_violation';
    end if;
  end if;
  return new;
end $$;
create trigger ledger_check before insert on ledger_transfers for each row execute function ledger_check_transfer();

create function ledger_count_transfer() returns trigger language plpgsql as $$
declare
  pending numeric := case new.kind when 'pending' then new.amount when 'post' then -new.amount when 'void' then -new.amount else 0 end;
  posted numeric := case when new.kind in ('single', 'post') then new.amount else 0 end;
begin
  if new.debit_code = 'payment' then
    update ledger_accounts set debits_pending = debits_pending + pending, debits_posted = debits_posted + posted
      where id = new.debit_account and asset = new.asset;
    if not found then raise exception 'no ledger account %', new.debit_account; end if;
  end if;
  if new.credit_code = 'payment' then
    update ledger_accounts set credits_pending = credits_pending + pending, credits_posted = credits_posted + posted
      where id = new.credit_account and asset = new.asset;
    if not found then raise exception 'no ledger account %', new.credit_account; end if;
  end if;
  return null;
end $$;
create trigger ledger_count after insert on ledger_transfers for each row execute function ledger_count_transfer();

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% rows are never updated or deleted', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger ledger_transfers_are_immutable before update or delete on ledger_transfers for each row execute function refuse_change();
create trigger ledger_transfers_are_kept before truncate on ledger_transfers for each statement execute function refuse_change();
