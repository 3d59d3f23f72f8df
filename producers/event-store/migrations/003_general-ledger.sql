-- The general ledger in SQL: the lines of every posted journal entry, written by the statement that writes the entry's
-- event, and the read models on it. Amounts are in the tenant's base currency, `amount` in the entry's own.

-- Up Migration

create table finance.journal_lines (
  tenant_id      text not null,
  journal_id     text not null,
  line           integer not null,
  account_id     text not null,
  entry_date     date not null,
  kind           text not null,
  debit          numeric(18, 4) not null check (debit >= 0),
  credit         numeric(18, 4) not null check (credit >= 0),
  currency       text not null,
  amount         numeric(18, 4) not null check (amount >= 0),
  party_type     text,
  party_id       text,
  product_id     text,
  source_type    text,
  source_id      text,
  source_version bigint,
  position       bigint not null,
  primary key (tenant_id, journal_id, line),
  constraint journal_lines_one_side check ((debit > 0) <> (credit > 0))
);
create index idx_journal_tenant_date on finance.journal_lines (tenant_id, entry_date);
create index idx_journal_account on finance.journal_lines (tenant_id, account_id, entry_date);
comment on table finance.journal_lines is 'Lines of posted journal entries, append-only: sum of debits = sum of credits, over any tenant, entry and day.';
comment on column finance.journal_lines.kind is 'MANUAL, DOCUMENT, REVERSAL, OPENING or CLOSING.';
comment on column finance.journal_lines.amount is 'The same in the entry''s currency; 0 where only the base currency moves (exchange differences, rounding).';
comment on column finance.journal_lines.position is 'Position in event_store of the entry''s event.';

create function finance.refuse_change_of_lines() returns trigger language plpgsql as $$
begin
  raise exception 'finance.journal_lines is append-only: % is refused', tg_op using errcode = 'insufficient_privilege';
end $$;
create trigger journal_lines_append_only before update or delete on finance.journal_lines
  for each row execute function finance.refuse_change_of_lines();
create trigger journal_lines_no_truncate before truncate on finance.journal_lines
  for each statement execute function finance.refuse_change_of_lines();

alter table finance.journal_lines enable row level security;
alter table finance.journal_lines force row level security;
create policy tenant_isolation on finance.journal_lines
  using (tenant_id = current_setting('app.current_tenant', true))
  with check (tenant_id = current_setting('app.current_tenant', true));
do $$
declare t text;
begin
  foreach t in array array['event_store', 'outbox', 'aggregates', 'business_numbers', 'counters', 'allocations', 'idempotency_keys'] loop
    execute format('alter policy own_tenant on finance.%I rename to tenant_isolation', t);
  end loop;
end $$;

create unique index idx_account_code on finance.aggregates (tenant_id, (state->>'code')) where aggregate_type = 'account';
create index idx_journal_openings on finance.aggregates (tenant_id)
  where aggregate_type = 'journal-entry' and state->>'kind' = 'OPENING';
create index idx_invoice_tenant_date on finance.aggregates (tenant_id, (date '1970-01-01' + (state->>'invoiceDate')::integer))
  where aggregate_type = 'invoice';
create index idx_payment_tenant_status on finance.aggregates (tenant_id, (state->>'status')) where aggregate_type = 'payment';

create view finance.chart_of_accounts with (security_invoker = true) as
  select tenant_id, aggregate_id as account_id, version, state->>'code' as account_code, state->>'name' as account_name,
         state->>'nameBn' as account_name_bn, state->>'accountClass' as account_class, state->>'subtype' as account_subtype,
         state->>'cashFlow' as cash_flow, state->>'parentId' as parent_id, state->>'currency' as currency,
         state->>'control' as control, (state->>'active')::boolean as is_active, updated_at
  from finance.aggregates where aggregate_type = 'account';
comment on view finance.chart_of_accounts is 'Accounts as they stand.';

create view finance.journal_entries with (security_invoker = true) as
  select tenant_id, aggregate_id as journal_id, version, state->>'status' as status, state->>'journalNumber' as journal_number,
         date '1970-01-01' + (state->>'entryDate')::integer as entry_date, state->>'fiscalYear' as fiscal_year,
         state->>'kind' as kind, state->>'description' as description, state->>'currency' as currency,
         (state->>'fxRate')::numeric(18, 8) as fx_rate, (state->>'total')::numeric(18, 4) as total,
         nullif(state->>'sourceType', '') as source_type, nullif(state->>'sourceId', '') as source_id,
         nullif((state->>'sourceVersion')::bigint, 0) as source_version, state->>'reversesId' as reverses_id,
         state->>'reversalId' as reversal_id, updated_at
  from finance.aggregates where aggregate_type = 'journal-entry';
comment on view finance.journal_entries is 'Journal entries as they stand; the lines of posted ones are in journal_lines.';

create view finance.account_balances with (security_invoker = true) as
  select a.tenant_id, a.account_id, a.account_code, a.account_name, a.account_class as account_type, a.account_subtype,
         coalesce(l.debit, 0) as total_debit, coalesce(l.credit, 0) as total_credit,
         case when a.account_class in ('ASSET', 'EXPENSE') then coalesce(l.debit - l.credit, 0)
              else coalesce(l.credit - l.debit, 0) end as balance
  from finance.chart_of_accounts a
  left join (select tenant_id, account_id, sum(debit) as debit, sum(credit) as credit
             from finance.journal_lines group by tenant_id, account_id) l
    on l.tenant_id = a.tenant_id and l.account_id = a.account_id;
comment on view finance.account_balances is 'Every account with its sums over all days; balance = debit - credit for ASSET and EXPENSE, credit - debit otherwise.';

create function finance.trial_balance(as_of date)
returns table (account_id text, account_code text, account_name text, account_type text, debit numeric, credit numeric)
language sql stable as $$
  select a.account_id, a.account_code, a.account_name, a.account_class, greatest(l.net, 0), greatest(-l.net, 0)
  from finance.chart_of_accounts a
  join (select j.tenant_id, j.account_id, sum(j.debit - j.credit) as net from finance.journal_lines j
        where j.entry_date <= as_of group by j.tenant_id, j.account_id) l
    on l.tenant_id = a.tenant_id and l.account_id = a.account_id
  where l.net <> 0 order by a.account_code
$$;
comment on function finance.trial_balance is 'Accounts with a balance at the end of a day: the sum of debit is the sum of credit.';

grant select, insert on finance.journal_lines to nikash_writer;
grant select on finance.journal_lines to nikash_reader;
grant select on finance.chart_of_accounts, finance.journal_entries, finance.account_balances to nikash_writer, nikash_reader;

-- Down Migration

drop function finance.trial_balance(date);
drop view finance.account_balances, finance.journal_entries, finance.chart_of_accounts;
drop index finance.idx_account_code, finance.idx_journal_openings, finance.idx_invoice_tenant_date, finance.idx_payment_tenant_status;
drop table finance.journal_lines;
drop function finance.refuse_change_of_lines();
do $$
declare t text;
begin
  foreach t in array array['event_store', 'outbox', 'aggregates', 'business_numbers', 'counters', 'allocations', 'idempotency_keys'] loop
    execute format('alter policy tenant_isolation on finance.%I rename to own_tenant', t);
  end loop;
end $$;
