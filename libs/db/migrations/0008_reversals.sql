-- What is gone from the chain is taken back in the books by a transfer of its own (`reverses`): posted rows never change.
-- Such a transfer stands in a payment's counters on the other side of what it takes back, so whoever read the counters
-- alone would count both. What became of a payment's money is therefore said in one place, here, and read from here.

create view payment_balances as
select a.id as account, a.asset, a.credits_posted - undone.sum as captured, a.debits_posted - undone.sum as refunded,
  a.debits_pending as reserved, a.credits_posted - a.debits_posted - a.debits_pending as refundable
from ledger_accounts a
cross join lateral (
  select coalesce(sum(amount), 0) as sum from ledger_transfers
  where reverses is not null and (credit_account = a.id or debit_account = a.id)) undone
where a.code = 'payment';
