-- Customers, products, stock and targets in SQL; and tax rates, which are the same for every tenant.

-- Up Migration

-- Tax rates belong to no tenant ("~"). Row security stays as narrow as it is: these two functions step out of the
-- caller's tenant for one question each, and into it again.
create function finance.tax_rates_version() returns bigint language plpgsql as $$
declare
  caller text := current_setting('app.current_tenant', true);
  version bigint;
begin
  perform set_config('app.current_tenant', '~', true);
  select value into version from finance.counters where tenant_id = '~' and kind = 'reference' and period = 'tax-rates';
  perform set_config('app.current_tenant', caller, true);
  return version;
end $$;
comment on function finance.tax_rates_version is 'How often tax rates were set; null = never.';
create function finance.tax_rates() returns setof jsonb language plpgsql as $$
declare
  caller text := current_setting('app.current_tenant', true);
begin
  perform set_config('app.current_tenant', '~', true);
  return query select state from finance.aggregates where tenant_id = '~' and aggregate_type = 'tax-rate';
  perform set_config('app.current_tenant', caller, true);
end $$;
comment on function finance.tax_rates is 'All tax rates that were set, the same for every tenant.';

create or replace view finance.customers with (security_invoker = true) as
  select tenant_id, aggregate_id as customer_id, version, state->>'customerNumber' as customer_number,
         state->>'name' as name, state->>'nameBn' as name_bn, state->>'currency' as currency,
         (state->>'paymentTermsDays')::integer as payment_terms_days, (state->>'creditLimit')::numeric(18, 4) as credit_limit,
         state->>'country' as country, updated_at,
         state->>'tin' as tin, state->>'bin' as bin, state->>'nid' as nid,
         coalesce(state->>'district', '') as district, coalesce(state->>'division', '') as division,
         coalesce(state->>'segment', '') as segment, state->>'salespersonId' as salesperson_id,
         coalesce(state->>'kycStatus', 'UNKNOWN') as kyc_status, coalesce((state->>'loyaltyPoints')::bigint, 0) as loyalty_points,
         coalesce((state->>'active')::boolean, true) as active
  from finance.aggregates where aggregate_type = 'customer';
create view finance.products with (security_invoker = true) as
  select tenant_id, aggregate_id as product_id, version, state->>'sku' as sku, state->>'name' as name, state->>'nameBn' as name_bn,
         state->>'unit' as unit, state->>'category' as category, state->>'kind' as kind, state->>'hsCode' as hs_code,
         state->>'vatCode' as vat_code, (state->>'salePrice')::numeric(18, 4) as sale_price,
         (state->>'stocked')::boolean as stocked, (state->>'batchTracked')::boolean as batch_tracked,
         (state->>'reorderLevel')::numeric(18, 4) as reorder_level, (state->>'active')::boolean as active, updated_at
  from finance.aggregates where aggregate_type = 'product';
create view finance.stock with (security_invoker = true) as
  select tenant_id, aggregate_id as product_id, version, (state->>'quantity')::numeric(18, 4) as quantity,
         (state->>'value')::numeric(18, 4) as value, updated_at
  from finance.aggregates where aggregate_type = 'stock';
create view finance.stock_places with (security_invoker = true) as
  select a.tenant_id, a.aggregate_id as product_id, p->>'warehouse' as warehouse, p->>'batch' as batch,
         (p->>'quantity')::numeric(18, 4) as quantity
  from finance.aggregates a, jsonb_array_elements(a.state->'places') p where a.aggregate_type = 'stock';
create view finance.targets with (security_invoker = true) as
  select tenant_id, aggregate_id as target_id, version, state->>'measure' as measure, state->>'slice' as slice,
         date '1970-01-01' + (state->>'from')::integer as from_day, date '1970-01-01' + (state->>'to')::integer as to_day,
         (state->>'amount')::numeric(18, 4) as amount, state->>'unit' as unit, (state->>'withdrawn')::boolean as withdrawn, updated_at
  from finance.aggregates where aggregate_type = 'target';
grant select on finance.products, finance.stock, finance.stock_places, finance.targets to nikash_writer, nikash_reader;

-- Down Migration

drop view finance.products, finance.stock, finance.stock_places, finance.targets;
drop view finance.customers;
create view finance.customers with (security_invoker = true) as
  select tenant_id, aggregate_id as customer_id, version, state->>'customerNumber' as customer_number,
         state->>'name' as name, state->>'nameBn' as name_bn, state->>'currency' as currency,
         (state->>'paymentTermsDays')::integer as payment_terms_days, (state->>'creditLimit')::numeric(18, 4) as credit_limit,
         state->>'country' as country, updated_at
  from finance.aggregates where aggregate_type = 'customer';
grant select on finance.customers to nikash_writer, nikash_reader;
drop function finance.tax_rates, finance.tax_rates_version;
