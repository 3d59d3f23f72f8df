-- Tenants whose processing is stopped: why, and since when.

-- Up Migration

create or replace view finance.tenants with (security_invoker = true) as
  select aggregate_id as tenant_id, version, state->>'name' as name, state->>'zone' as zone,
         state->>'currency' as currency, state->>'fiscalYearStart' as fiscal_year_start, updated_at,
         state->>'stopped' as stopped
  from finance.aggregates where aggregate_type = 'tenant';

-- Down Migration

drop view finance.tenants;
create view finance.tenants with (security_invoker = true) as
  select aggregate_id as tenant_id, version, state->>'name' as name, state->>'zone' as zone,
         state->>'currency' as currency, state->>'fiscalYearStart' as fiscal_year_start, updated_at
  from finance.aggregates where aggregate_type = 'tenant';
grant select on finance.tenants to nikash_writer, nikash_reader;
