-- What settles a document is not always a payment: credit notes and write-offs do too, and bills are settled as invoices
-- are. Old rows are payments that settle invoices.

-- Up Migration

alter table finance.allocations rename column payment_id to source_id;
alter table finance.allocations rename column payment_version to source_version;
alter table finance.allocations rename column invoice_id to target_id;
alter table finance.allocations
  add column source_type text not null default 'payment' check (source_type in ('payment', 'credit-note', 'write-off')),
  add column target_type text not null default 'invoice' check (target_type in ('invoice', 'bill'));
alter table finance.allocations drop constraint allocations_pkey;
alter table finance.allocations
  add primary key (tenant_id, source_type, source_id, source_version, target_type, target_id);
drop index finance.idx_allocations_invoice;
create index idx_allocations_target on finance.allocations (tenant_id, target_type, target_id);
comment on table finance.allocations is
  'Which part of a payment, credit note or write-off settles which document: from from_day on, until before to_day where it ended.';
comment on column finance.allocations.source_id is 'The payment or credit note; of a write-off the document itself.';

create index idx_credit_notes_of_invoice on finance.aggregates (tenant_id, (state->>'invoiceId'))
  where aggregate_type = 'credit-note';

create or replace view finance.invoices with (security_invoker = true) as
  select a.tenant_id, a.aggregate_id as invoice_id, a.version, a.state->>'status' as status,
         a.state->>'invoiceNumber' as invoice_number, a.state->>'mushakNumber' as mushak_number,
         a.state->>'fiscalYear' as fiscal_year, a.state->>'customerId' as customer_id, a.state->>'customerName' as customer_name,
         a.state->>'currency' as currency, date '1970-01-01' + (a.state->>'invoiceDate')::integer as invoice_date,
         date '1970-01-01' + (a.state->>'dueDate')::integer as due_date,
         (a.state->>'subtotal')::numeric(18, 4) as subtotal, (a.state->>'vatAmount')::numeric(18, 4) as vat_amount,
         (a.state->>'total')::numeric(18, 4) as total,
         case a.state->>'status' when 'APPROVED' then (a.state->>'total')::numeric(18, 4) - s.settled else 0 end as open_amount,
         a.updated_at, (a.state->>'fxRate')::numeric(18, 8) as fx_rate,
         coalesce((a.state->>'discountAmount')::numeric(18, 4), 0) as discount_amount,
         coalesce((a.state->>'sdAmount')::numeric(18, 4), 0) as sd_amount,
         s.written_off as written_off_amount, coalesce((a.state->>'disputed')::boolean, false) as disputed,
         a.state->>'salespersonId' as salesperson_id,
         case when a.state->>'status' <> 'APPROVED' then null
              when s.settled >= (a.state->>'total')::numeric(18, 4) then 'PAID'
              when s.settled > 0 then 'PARTIALLY_PAID' else 'OPEN' end as payment_status
  from finance.aggregates a
  cross join lateral (
    select coalesce(sum(l.amount), 0) as settled,
           coalesce(sum(l.amount) filter (where l.source_type = 'write-off'), 0) as written_off
    from finance.allocations l
    where l.tenant_id = a.tenant_id and l.target_type = 'invoice' and l.target_id = a.aggregate_id and l.to_day is null
  ) s
  where a.aggregate_type = 'invoice';

create or replace view finance.payments with (security_invoker = true) as
  select a.tenant_id, a.aggregate_id as payment_id, a.version, a.state->>'status' as status,
         a.state->>'paymentNumber' as payment_number, a.state->>'customerId' as customer_id,
         a.state->>'customerName' as customer_name, a.state->>'method' as method, a.state->>'currency' as currency,
         date '1970-01-01' + (a.state->>'paymentDate')::integer as payment_date,
         (a.state->>'amount')::numeric(18, 4) as amount,
         case a.state->>'status' when 'RECEIVED' then (a.state->>'amount')::numeric(18, 4)
           + coalesce((a.state->>'vdsWithheld')::numeric(18, 4), 0) + coalesce((a.state->>'tdsWithheld')::numeric(18, 4), 0)
           - coalesce((select sum(l.amount) from finance.allocations l
                       where l.tenant_id = a.tenant_id and l.source_type = 'payment' and l.source_id = a.aggregate_id
                         and l.to_day is null), 0)
           else 0 end as unapplied_amount, a.updated_at, coalesce(a.state->>'direction', 'in') as direction,
         (a.state->>'fxRate')::numeric(18, 8) as fx_rate,
         coalesce((a.state->>'vdsWithheld')::numeric(18, 4), 0) as vds_withheld,
         coalesce((a.state->>'tdsWithheld')::numeric(18, 4), 0) as tds_withheld, a.state->>'accountId' as account_id,
         date '1970-01-01' + (a.state->>'statementDate')::integer as reconciled_on
  from finance.aggregates a where a.aggregate_type = 'payment' and coalesce(a.state->>'direction', 'in') = 'in';

create view finance.credit_notes with (security_invoker = true) as
  select a.tenant_id, a.aggregate_id as credit_note_id, a.version, a.state->>'status' as status,
         a.state->>'creditNoteNumber' as credit_note_number, a.state->>'mushakNumber' as mushak_number,
         a.state->>'fiscalYear' as fiscal_year, a.state->>'invoiceId' as invoice_id, a.state->>'customerId' as customer_id,
         a.state->>'customerName' as customer_name, a.state->>'currency' as currency,
         (a.state->>'fxRate')::numeric(18, 8) as fx_rate,
         date '1970-01-01' + (a.state->>'creditDate')::integer as credit_date,
         (a.state->>'subtotal')::numeric(18, 4) as subtotal, (a.state->>'sdAmount')::numeric(18, 4) as sd_amount,
         (a.state->>'vatAmount')::numeric(18, 4) as vat_amount, (a.state->>'total')::numeric(18, 4) as total,
         case a.state->>'status' when 'ISSUED' then (a.state->>'total')::numeric(18, 4) - coalesce(
           (select sum(l.amount) from finance.allocations l
            where l.tenant_id = a.tenant_id and l.source_type = 'credit-note' and l.source_id = a.aggregate_id
              and l.to_day is null), 0)
           else 0 end as unapplied_amount, a.updated_at
  from finance.aggregates a where a.aggregate_type = 'credit-note';
grant select on finance.credit_notes to nikash_writer, nikash_reader;

-- Down Migration

-- Row security is forced on the owner too: without this it would see no row, and lose some.
alter table finance.allocations no force row level security;
do $$
begin
  if exists (select from finance.allocations where source_type <> 'payment' or target_type <> 'invoice') then
    raise exception 'finance.allocations has settlements that the older form can''t hold: nothing was changed';
  end if;
end $$;
alter table finance.allocations force row level security;
drop view finance.credit_notes;
drop view finance.invoices;
drop view finance.payments;
drop index finance.idx_credit_notes_of_invoice;
drop index finance.idx_allocations_target;
alter table finance.allocations drop constraint allocations_pkey;
alter table finance.allocations drop column source_type, drop column target_type;
alter table finance.allocations rename column source_id to payment_id;
comment on column finance.allocations.payment_id is null;
alter table finance.allocations rename column source_version to payment_version;
alter table finance.allocations rename column target_id to invoice_id;
alter table finance.allocations add primary key (tenant_id, payment_id, payment_version, invoice_id);
create index idx_allocations_invoice on finance.allocations (tenant_id, invoice_id);
comment on table finance.allocations is 'Which part of a payment settles which invoice: from from_day on, until before to_day where it ended.';
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
grant select on finance.invoices, finance.payments to nikash_writer, nikash_reader;
