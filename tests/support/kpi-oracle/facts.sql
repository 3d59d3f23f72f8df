-- Typed rows out of the raw events of one tenant. temp table ev (position, type, id, d jsonb) is there already: the payloads
-- as the command service stored them. Nothing of the product is called: no view, no function, no table but the events.
-- Days are counted from 1970-01-01, amounts are in the currency of their document, rates turn them into the base currency.

-- Half away from zero, exactly: a quotient that was rounded once already could be rounded to the wrong side.
create function pg_temp.ratio(n numeric, d numeric) returns numeric language sql immutable as $$
  select case when d <> 0 then
    (sign(n) * sign(d) * div(abs(n) * 200000000 + abs(d), 2 * abs(d)) / 100000000)::numeric(60, 8) end $$;
create function pg_temp.base(amount numeric, rate numeric) returns numeric language sql immutable as $$
  select round(amount * rate, 2) $$;
create function pg_temp.num(d jsonb, field text) returns numeric language sql immutable as $$
  select coalesce((d->>field)::numeric, 0) $$;
create function pg_temp.day(d jsonb, field text) returns integer language sql immutable as $$
  select (d->>field)::integer $$;

-- The window of so many days, or from the first of a month, quarter or fiscal year (July), that ends on a day; and as many
-- days before it: right before, or from the first of the month, quarter or year before, never past its end.
create function pg_temp.span(days integer, months integer, last date) returns table (f date, t date, bf date, bt date) language sql immutable as $$
  select f, last, bf, case when days is null then least(bf + (last - f), f - 1) else f - 1 end
  from (select case when days is not null then last - days + 1
                    when months = 12 then (date_trunc('year', last - interval '6 months') + interval '6 months')::date
                    else date_trunc(case months when 1 then 'month' else 'quarter' end, last)::date end as f) as begins
  cross join lateral (select case when days is not null then f - days else (f - make_interval(months => months))::date end as bf) as earlier $$;

-- An invoice is there once it is approved, and counts from its date.
create temp table invoices as
select distinct on (id) position as known, id, d->>'customerId' as customer, pg_temp.day(d, 'invoiceDate') as day,
       pg_temp.day(d, 'dueDate') as due, pg_temp.num(d, 'total') as total, pg_temp.num(d, 'subtotal') as subtotal,
       pg_temp.num(d, 'fxRate') as rate, d->'instalments' as parts
from ev where type = 'InvoiceApproved' or (type = 'InvoiceCreated' and d->>'status' = 'APPROVED')
order by id, position;

-- What customers paid or were credited. `total` is what it can settle.
create temp table credits as
select position as known, 'payment' as kind, id, pg_temp.day(d, 'paymentDate') as day, pg_temp.num(d, 'amount') as cash,
       0::numeric as subtotal, pg_temp.num(d, 'amount') + pg_temp.num(d, 'vdsWithheld') + pg_temp.num(d, 'tdsWithheld') as total,
       pg_temp.num(d, 'fxRate') as rate
from ev where type = 'PaymentReceived'
union all
select position, 'note', id, pg_temp.day(d, 'creditDate'), 0, pg_temp.num(d, 'subtotal'), pg_temp.num(d, 'total'), pg_temp.num(d, 'fxRate')
from ev where type = 'CreditNoteIssued';

-- Ends of documents; a payment that failed ends before it began.
create temp table ends as
select position as known,
       case type when 'InvoiceCancelled' then 'invoice' when 'CreditNoteCancelled' then 'note'
                 when 'ExpenseCancelled' then 'expense' else 'payment' end as kind, id,
       case type when 'PaymentReversed' then pg_temp.day(d, 'reversalDate') when 'PaymentFailed' then -1
                 else pg_temp.day(d, 'cancelledDate') end as day
from ev where type in ('InvoiceCancelled', 'CreditNoteCancelled', 'ExpenseCancelled', 'PaymentReversed', 'PaymentFailed');

create temp table allocations as
select position as known, case when type like 'Payment%' then 'payment' else 'note' end as kind, id as credit,
       a->>'invoiceId' as invoice, pg_temp.num(a, 'amount') as amount,
       coalesce(pg_temp.day(d, 'allocationDate'), pg_temp.day(d, 'paymentDate'), pg_temp.day(d, 'creditDate')) as day
from ev, jsonb_array_elements(d->'allocations') as a
where type in ('PaymentReceived', 'PaymentAllocated', 'CreditNoteIssued', 'CreditNoteAllocated');

create temp table write_offs as
select position as known, id as invoice, pg_temp.num(d, 'amount') as amount, pg_temp.day(d, 'writeOffDate') as day
from ev where type = 'InvoiceWrittenOff';

create temp table due_changes as
select position as known, id as invoice, pg_temp.day(d, 'dueDate') as due, pg_temp.day(d, 'effectiveDate') as day
from ev where type = 'InvoiceDueDateChanged';

create temp table expenses as
select position as known, id, pg_temp.day(d, 'expenseDate') as day, pg_temp.base(pg_temp.num(d, 'netAmount'), pg_temp.num(d, 'fxRate')) as net
from ev where type = 'ExpenseApproved';

-- Lines of the journal: debits less credits. `paid`: the entry has a line on a cash account, so it is a cash movement.
create temp table lines as
select position as known, pg_temp.day(d, 'entryDate') as day, d->>'kind' as kind, l->>'accountClass' as class,
       l->>'accountSubtype' as subtype, l->>'cashFlow' as activity, pg_temp.num(l, 'debit') as debit, pg_temp.num(l, 'credit') as credit,
       pg_temp.num(l, 'debit') - pg_temp.num(l, 'credit') as net,
       bool_or(l->>'accountSubtype' in ('CASH', 'BANK', 'MFS')) over (partition by position) as paid
from ev, jsonb_array_elements(d->'lines') as l where type = 'JournalEntryPosted';

-- What the journal says of a day, by the day on which it was known. Profit: income above zero; a year's close is none.
create temp table ledger as
with said as (
  select *, subtype in ('CASH', 'BANK', 'MFS') as cash, class in ('INCOME', 'EXPENSE') and kind <> 'CLOSING' as flow,
         subtype in ('SHORT_TERM_DEBT', 'CURRENT_PART_OF_LONG_TERM_DEBT', 'LONG_TERM_DEBT') as debt,
         case when kind = 'OPENING' then 'FINANCING'
              when activity in ('OPERATING', 'INVESTING', 'FINANCING') then activity
              when subtype in ('MARKETABLE_SECURITIES', 'FIXED_ASSET', 'ACCUMULATED_DEPRECIATION', 'OTHER_ASSET') then 'INVESTING'
              when subtype like '%DEBT' or class = 'EQUITY' or subtype = 'INTEREST_EXPENSE' then 'FINANCING'
              else 'OPERATING' end as moves
  from lines)
select known, day,
       coalesce(-sum(net) filter (where flow), 0) as profit,
       coalesce(-sum(net) filter (where flow and subtype in ('REVENUE', 'RETURNS', 'DISCOUNT')), 0) as revenue,
       coalesce(sum(net) filter (where flow and subtype = 'COGS'), 0) as cost,
       coalesce(sum(net) filter (where flow and subtype = 'INTEREST_EXPENSE'), 0) as interest,
       coalesce(sum(net) filter (where flow and subtype = 'INCOME_TAX'), 0) as tax,
       coalesce(sum(net) filter (where flow and subtype in ('DEPRECIATION', 'AMORTISATION')), 0) as worn,
       coalesce(sum(net) filter (where cash), 0) as cash,
       coalesce(sum(net) filter (where subtype in ('RECEIVABLE', 'ALLOWANCE')), 0) as owed,
       coalesce(sum(net) filter (where cash or subtype in ('MARKETABLE_SECURITIES', 'RECEIVABLE', 'ALLOWANCE')), 0) as quick,
       coalesce(sum(net) filter (where subtype = 'INVENTORY'), 0) as stock,
       coalesce(sum(net) filter (where cash or subtype in
         ('MARKETABLE_SECURITIES', 'RECEIVABLE', 'ALLOWANCE', 'INVENTORY', 'TAX_RECEIVABLE', 'OTHER_CURRENT_ASSET')), 0) as current_assets,
       coalesce(sum(net) filter (where class = 'ASSET'), 0) as assets,
       coalesce(-sum(net) filter (where class = 'LIABILITY'), 0) as liabilities,
       coalesce(-sum(net) filter (where class = 'LIABILITY' and subtype not in ('LONG_TERM_DEBT', 'OTHER_LIABILITY')), 0) as current_liabilities,
       coalesce(-sum(net) filter (where debt), 0) as debt,
       coalesce(-sum(net) filter (where subtype = 'PAYABLE'), 0) as payables,
       coalesce(-sum(net) filter (where subtype = 'PAYABLE' and not paid and kind <> 'OPENING'), 0) as bought,
       coalesce(-sum(net) filter (where paid and not cash and moves = 'OPERATING'), 0) as operating,
       coalesce(-sum(net) filter (where paid and not cash and moves = 'INVESTING'), 0) as investing,
       coalesce(-sum(net) filter (where paid and not cash and moves = 'FINANCING'), 0) as financing,
       coalesce(sum(case when kind = 'REVERSAL' then -credit else debit end) filter (where debt and paid and kind <> 'OPENING'), 0) as repaid
from said group by known, day;
