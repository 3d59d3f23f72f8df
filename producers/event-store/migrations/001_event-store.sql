-- The command side's store: events (append-only), the outbox of the relay, current state for quick loading, and what
-- must be unique or gap-free. Every table is a tenant's: row security is forced, also on the owner, and a session that
-- has not said whose it is sees nothing. Amounts in JSON are decimal text; days are days since 1970-01-01.

-- Up Migration

do $$
declare missing text;
begin
  foreach missing in array array['nikash_writer', 'nikash_reader'] loop
    if not exists (select from pg_roles where rolname = missing) then
      execute format('create role %I nologin nosuperuser nobypassrls', missing);
    end if;
  end loop;
end $$;

create schema if not exists finance;

create table finance.event_store (
  position       bigint generated always as identity primary key,
  tenant_id      text not null,
  aggregate_type text not null check (length(aggregate_type) between 1 and 64),
  aggregate_id   text not null check (length(aggregate_id) between 1 and 128),
  version        bigint not null check (version > 0),
  event_id       uuid not null,
  event_type     text not null,
  schema_version integer not null,
  event_data     jsonb not null,
  metadata       jsonb not null,
  occurred_at    timestamptz not null,
  recorded_at    timestamptz not null,
  constraint idx_event_aggregate unique (tenant_id, aggregate_type, aggregate_id, version)
);
create index idx_event_tenant on finance.event_store (tenant_id, recorded_at);
comment on table finance.event_store is 'All events of the command services, append-only. The unique key is the optimistic lock.';
comment on column finance.event_store.position is 'Order in which events were written. Taken before commit: a higher one can become visible first.';
comment on column finance.event_store.metadata is 'Actor, correlationId, causationId, traceparent, and what the published record has no field for.';

create function finance.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'finance.event_store is append-only: % is refused', tg_op using errcode = 'insufficient_privilege';
end $$;
create trigger event_store_append_only before update or delete on finance.event_store
  for each row execute function finance.refuse_change();
create trigger event_store_no_truncate before truncate on finance.event_store
  for each statement execute function finance.refuse_change();

create table finance.outbox (
  position    bigint primary key,
  tenant_id   text not null,
  inserted_at timestamptz not null default clock_timestamp()
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
comment on table finance.outbox is 'Events that Kafka has not acknowledged yet. The relay deletes a row after the acknowledgement, never before.';

create table finance.aggregates (
  tenant_id      text not null,
  aggregate_type text not null,
  aggregate_id   text not null,
  version        bigint not null,
  state          jsonb not null,
  created_digest text not null,
  updated_at     timestamptz not null,
  primary key (tenant_id, aggregate_type, aggregate_id)
) with (fillfactor = 80);
comment on table finance.aggregates is 'State after the last event of each stream: the fold of event_store, kept in the same transaction.';
comment on column finance.aggregates.created_digest is 'SHA-256 of the creating command: tells a repeated creation from another one with the same id.';

create table finance.business_numbers (
  tenant_id    text not null,
  kind         text not null,
  number       text not null,
  aggregate_id text not null,
  primary key (tenant_id, kind, number)
);
comment on table finance.business_numbers is 'Human numbers, unique per tenant and kind.';

create table finance.counters (
  tenant_id text not null,
  kind      text not null,
  period    text not null,
  value     bigint not null check (value >= 0),
  primary key (tenant_id, kind, period)
) with (fillfactor = 50);
comment on table finance.counters is 'Last serial given per fiscal year. Raised in the transaction that uses it, so a rollback leaves no gap.';

create table finance.allocations (
  tenant_id       text not null,
  payment_id      text not null,
  payment_version bigint not null,
  invoice_id      text not null,
  amount          numeric(18, 4) not null check (amount > 0),
  from_day        date not null,
  to_day          date,
  primary key (tenant_id, payment_id, payment_version, invoice_id)
);
create index idx_allocations_invoice on finance.allocations (tenant_id, invoice_id);
comment on table finance.allocations is 'Which part of a payment settles which invoice: from from_day on, until before to_day where it ended.';

create table finance.idempotency_keys (
  tenant_id   text not null,
  key         text not null,
  fingerprint text not null,
  status      integer not null,
  response    jsonb not null,
  created_at  timestamptz not null,
  primary key (tenant_id, key)
);
create index idx_idempotency_age on finance.idempotency_keys (tenant_id, created_at);
comment on table finance.idempotency_keys is 'Answers of commands by Idempotency-Key, written in the command''s own transaction, kept for a week.';

-- One rule for all tables: a session sees the rows of app.current_tenant and of nobody else.
do $$
declare t text;
begin
  foreach t in array array['event_store', 'outbox', 'aggregates', 'business_numbers', 'counters', 'allocations', 'idempotency_keys'] loop
    execute format('alter table finance.%I enable row level security', t);
    execute format('alter table finance.%I force row level security', t);
    execute format(
      'create policy own_tenant on finance.%I using (tenant_id = current_setting(''app.current_tenant'', true)) '
      'with check (tenant_id = current_setting(''app.current_tenant'', true))', t);
  end loop;
end $$;
-- "*" is no tenant's id: the relay reads and empties the outbox of all, and operators list tenants. Nothing else opens to it.
create policy relay_reads on finance.event_store for select using (current_setting('app.current_tenant', true) = '*');
create policy relay_reads on finance.outbox for select using (current_setting('app.current_tenant', true) = '*');
create policy relay_empties on finance.outbox for delete using (current_setting('app.current_tenant', true) = '*');
create policy operators_list_tenants on finance.aggregates for select
  using (aggregate_type = 'tenant' and current_setting('app.current_tenant', true) = '*');

create view finance.tenants with (security_invoker = true) as
  select aggregate_id as tenant_id, version, state->>'name' as name, state->>'zone' as zone,
         state->>'currency' as currency, state->>'fiscalYearStart' as fiscal_year_start, updated_at
  from finance.aggregates where aggregate_type = 'tenant';
create view finance.customers with (security_invoker = true) as
  select tenant_id, aggregate_id as customer_id, version, state->>'customerNumber' as customer_number,
         state->>'name' as name, state->>'nameBn' as name_bn, state->>'currency' as currency,
         (state->>'paymentTermsDays')::integer as payment_terms_days, (state->>'creditLimit')::numeric(18, 4) as credit_limit,
         state->>'country' as country, updated_at
  from finance.aggregates where aggregate_type = 'customer';
create view finance.invoices with (security_invoker = true) as
  select a.tenant_id, a.aggregate_id as invoice_id, a.version, a.state->>'status' as status,
         a.state->>'invoiceNumber' as invoice_number, a.state->>'mushakNumber' as mushak_number,
         a.state->>'fiscalYear' as fiscal_year, a.state->>'customerId' as customer_id, a.state->>'customerName' as customer_name,
         a.state->>'currency' as currency, date '1970-01-01' + (a.state->>'invoiceDate')::integer as invoice_date,
         date '1970-01-01' + (a.state->>'dueDate')::integer as due_date,
         (a.state->>'subtotal')::numeric(18, 4) as subtotal, (a.state->>'vatAmount')::numeric(18, 4) as vat_amount,
         (a.state->>'total')::numeric(18, 4) as total,
         case a.state->>'status' when 'APPROVED' then (a.state->>'total')::numeric(18, 4) - coalesce(
           (select sum(l.amount) from finance.allocations l
            where l.tenant_id = a.tenant_id and l.invoice_id = a.aggregate_id and l.to_day is null), 0)
           else 0 end as open_amount, a.updated_at
  from finance.aggregates a where a.aggregate_type = 'invoice';
create view finance.payments with (security_invoker = true) as
  select a.tenant_id, a.aggregate_id as payment_id, a.version, a.state->>'status' as status,
         a.state->>'paymentNumber' as payment_number, a.state->>'customerId' as customer_id,
         a.state->>'customerName' as customer_name, a.state->>'method' as method, a.state->>'currency' as currency,
         date '1970-01-01' + (a.state->>'paymentDate')::integer as payment_date,
         (a.state->>'amount')::numeric(18, 4) as amount,
         case a.state->>'status' when 'RECEIVED' then (a.state->>'amount')::numeric(18, 4) - coalesce(
           (select sum(l.amount) from finance.allocations l
            where l.tenant_id = a.tenant_id and l.payment_id = a.aggregate_id and l.to_day is null), 0)
           else 0 end as unapplied_amount, a.updated_at
  from finance.aggregates a where a.aggregate_type = 'payment';
create view finance.expenses with (security_invoker = true) as
  select tenant_id, aggregate_id as expense_id, version, state->>'status' as status,
         state->>'expenseNumber' as expense_number, state->>'category' as category, state->>'vendorName' as vendor_name,
         state->>'department' as department, state->>'currency' as currency,
         date '1970-01-01' + (state->>'expenseDate')::integer as expense_date,
         (state->>'netAmount')::numeric(18, 4) as net_amount, (state->>'vatAmount')::numeric(18, 4) as vat_amount,
         (state->>'total')::numeric(18, 4) as total, updated_at
  from finance.aggregates where aggregate_type = 'expense';

grant usage on schema finance to nikash_writer, nikash_reader;
grant select, insert on finance.event_store, finance.business_numbers to nikash_writer;
grant select, insert, delete on finance.outbox, finance.idempotency_keys to nikash_writer;
grant select, insert, update on finance.aggregates, finance.counters, finance.allocations to nikash_writer;
grant select on finance.event_store, finance.aggregates, finance.business_numbers, finance.counters, finance.allocations to nikash_reader;
grant select on finance.tenants, finance.customers, finance.invoices, finance.payments, finance.expenses to nikash_writer, nikash_reader;

-- Down Migration

drop schema finance cascade;
