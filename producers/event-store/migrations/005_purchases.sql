-- Vendors, bills and payments to vendors as they stand. A vendor's own invoice number is given again when its bill is
-- cancelled, so the writer may take numbers out.

-- Up Migration

grant delete on finance.business_numbers to nikash_writer;
create policy kept_numbers on finance.business_numbers as restrictive for delete using (kind = 'vendor-invoice');
comment on table finance.business_numbers is
  'Human numbers, unique per tenant and kind. Kept for ever, but for the vendor''s own number of a bill that was cancelled.';

create view finance.vendors with (security_invoker = true) as
  select tenant_id, aggregate_id as vendor_id, version, state->>'vendorNumber' as vendor_number, state->>'name' as name,
         state->>'nameBn' as name_bn, state->>'tin' as tin, state->>'bin' as bin, state->>'tradeLicense' as trade_license,
         state->>'currency' as currency, (state->>'paymentTermsDays')::integer as payment_terms_days,
         state->>'country' as country, state->>'district' as district, state->>'division' as division,
         (state->>'withholdsVat')::boolean as withholds_vat, (state->>'withholdsTax')::boolean as withholds_tax,
         (state->>'rating')::integer as rating, (state->>'active')::boolean as active, updated_at
  from finance.aggregates where aggregate_type = 'vendor';
create view finance.bills with (security_invoker = true) as
  select a.tenant_id, a.aggregate_id as bill_id, a.version, a.state->>'status' as status,
         a.state->>'billNumber' as bill_number, a.state->>'vendorInvoiceNumber' as vendor_invoice_number,
         a.state->>'fiscalYear' as fiscal_year, a.state->>'vendorId' as vendor_id, a.state->>'vendorName' as vendor_name,
         a.state->>'currency' as currency, (a.state->>'fxRate')::numeric(18, 8) as fx_rate,
         date '1970-01-01' + (a.state->>'billDate')::integer as bill_date,
         date '1970-01-01' + (a.state->>'dueDate')::integer as due_date,
         (a.state->>'disputed')::boolean as disputed,
         (a.state->>'subtotal')::numeric(18, 4) as subtotal, (a.state->>'sdAmount')::numeric(18, 4) as sd_amount,
         (a.state->>'vatAmount')::numeric(18, 4) as vat_amount, (a.state->>'total')::numeric(18, 4) as total,
         (a.state->>'vdsWithheld')::numeric(18, 4) as vds_withheld, (a.state->>'tdsWithheld')::numeric(18, 4) as tds_withheld,
         p.payable,
         case a.state->>'status' when 'APPROVED' then p.payable - s.settled else 0 end as open_amount,
         s.written_off as written_off_amount,
         case when a.state->>'status' <> 'APPROVED' then null
              when s.settled >= p.payable then 'PAID'
              when s.settled > 0 then 'PARTIALLY_PAID' else 'OPEN' end as payment_status, a.updated_at
  from finance.aggregates a
  cross join lateral (
    select (a.state->>'total')::numeric(18, 4) - (a.state->>'vdsWithheld')::numeric(18, 4)
           - (a.state->>'tdsWithheld')::numeric(18, 4) as payable
  ) p
  cross join lateral (
    select coalesce(sum(l.amount), 0) as settled,
           coalesce(sum(l.amount) filter (where l.source_type = 'write-off'), 0) as written_off
    from finance.allocations l
    where l.tenant_id = a.tenant_id and l.target_type = 'bill' and l.target_id = a.aggregate_id and l.to_day is null
  ) s
  where a.aggregate_type = 'bill';
create view finance.vendor_payments with (security_invoker = true) as
  select a.tenant_id, a.aggregate_id as payment_id, a.version, a.state->>'status' as status,
         a.state->>'paymentNumber' as payment_number, a.state->>'vendorId' as vendor_id,
         a.state->>'vendorName' as vendor_name, a.state->>'method' as method, a.state->>'currency' as currency,
         (a.state->>'fxRate')::numeric(18, 8) as fx_rate,
         date '1970-01-01' + (a.state->>'paymentDate')::integer as payment_date,
         (a.state->>'amount')::numeric(18, 4) as amount, a.state->>'accountId' as account_id,
         case a.state->>'status' when 'SENT' then (a.state->>'amount')::numeric(18, 4) - coalesce(
           (select sum(l.amount) from finance.allocations l
            where l.tenant_id = a.tenant_id and l.source_type = 'payment' and l.source_id = a.aggregate_id
              and l.to_day is null), 0)
           else 0 end as unapplied_amount, a.updated_at
  from finance.aggregates a where a.aggregate_type = 'payment' and a.state->>'direction' = 'out';
create or replace view finance.expenses with (security_invoker = true) as
  select tenant_id, aggregate_id as expense_id, version, state->>'status' as status,
         state->>'expenseNumber' as expense_number, state->>'category' as category, state->>'vendorName' as vendor_name,
         state->>'department' as department, state->>'currency' as currency,
         date '1970-01-01' + (state->>'expenseDate')::integer as expense_date,
         (state->>'netAmount')::numeric(18, 4) as net_amount, (state->>'vatAmount')::numeric(18, 4) as vat_amount,
         (state->>'total')::numeric(18, 4) as total, updated_at, state->>'vendorId' as vendor_id,
         (state->>'fxRate')::numeric(18, 8) as fx_rate,
         coalesce((state->>'vdsWithheld')::numeric(18, 4), 0) as vds_withheld,
         coalesce((state->>'tdsWithheld')::numeric(18, 4), 0) as tds_withheld,
         state->>'paidFromAccountId' as paid_from_account_id, state->>'accountId' as account_id
  from finance.aggregates where aggregate_type = 'expense';
grant select on finance.vendors, finance.bills, finance.vendor_payments to nikash_writer, nikash_reader;

-- Down Migration

drop view finance.vendors, finance.bills, finance.vendor_payments, finance.expenses;
create view finance.expenses with (security_invoker = true) as
  select tenant_id, aggregate_id as expense_id, version, state->>'status' as status,
         state->>'expenseNumber' as expense_number, state->>'category' as category, state->>'vendorName' as vendor_name,
         state->>'department' as department, state->>'currency' as currency,
         date '1970-01-01' + (state->>'expenseDate')::integer as expense_date,
         (state->>'netAmount')::numeric(18, 4) as net_amount, (state->>'vatAmount')::numeric(18, 4) as vat_amount,
         (state->>'total')::numeric(18, 4) as total, updated_at
  from finance.aggregates where aggregate_type = 'expense';
grant select on finance.expenses to nikash_writer, nikash_reader;
drop policy kept_numbers on finance.business_numbers;
revoke delete on finance.business_numbers from nikash_writer;
comment on table finance.business_numbers is 'Human numbers, unique per tenant and kind.';
