-- The audit trail: every event of the log, one row each, chained by hashes per tenant. Written by the audit sink alone;
-- nobody changes or removes a row, and whoever does so all the same breaks the chain (./nikash audit verify).

-- Up Migration

do $$
begin
  if not exists (select from pg_roles where rolname = 'nikash_auditor') then
    create role nikash_auditor nologin nosuperuser nobypassrls;
  end if;
end $$;

create schema finance_audit;

create table finance_audit.trail (
  tenant_id      text not null,
  seq            bigint not null check (seq > 0),
  entry          text not null,
  hash           text not null check (hash ~ '^[0-9a-f]{64}$'),
  event_type     text not null generated always as (entry::jsonb ->> 'eventType') stored,
  aggregate_type text not null generated always as (entry::jsonb ->> 'aggregateType') stored,
  aggregate_id   text not null generated always as (entry::jsonb ->> 'aggregateId') stored,
  topic_id       text not null generated always as (entry::jsonb ->> 'topicId') stored,
  log_partition  integer not null generated always as ((entry::jsonb ->> 'partition')::integer) stored,
  log_offset     bigint not null generated always as ((entry::jsonb ->> 'offset')::bigint) stored,
  primary key (tenant_id, seq)
);
create index idx_trail_aggregate on finance_audit.trail (tenant_id, aggregate_type, aggregate_id, seq);
create unique index idx_trail_log on finance_audit.trail (tenant_id, topic_id, log_partition, log_offset);
comment on table finance_audit.trail is 'Every event of finance.events.v1 in the order of the log, chained: hash = sha256(hash of the row before, newline, entry).';
comment on column finance_audit.trail.seq is 'Place in the tenant''s chain, from 1 without gaps.';
comment on column finance_audit.trail.entry is 'Who, when, what and where in the log, as JSON text exactly as it was hashed. The other columns are made from it.';
comment on column finance_audit.trail.hash is 'SHA-256 of the row before''s hash (empty for the first), a newline, and entry, in hex.';

create table finance_audit.heads (
  tenant_id text primary key,
  seq       bigint not null check (seq > 0),
  hash      text not null
);
comment on table finance_audit.heads is 'Newest row of each chain: a chain whose last rows were removed does not end here.';

create table finance_audit.positions (
  topic_id    text not null,
  partition   integer not null,
  next_offset bigint not null check (next_offset >= 0),
  primary key (topic_id, partition)
);
comment on table finance_audit.positions is 'Next offset of the log to be written, moved in the transaction that writes the rows: each event is there once.';

create function finance_audit.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'finance_audit.trail is append-only: % is refused', tg_op using errcode = 'insufficient_privilege';
end $$;
create trigger trail_append_only before update or delete on finance_audit.trail
  for each row execute function finance_audit.refuse_change();
create trigger trail_no_truncate before truncate on finance_audit.trail
  for each statement execute function finance_audit.refuse_change();

alter table finance_audit.trail enable row level security;
alter table finance_audit.trail force row level security;
create policy own_tenant on finance_audit.trail for select
  using (tenant_id = current_setting('app.current_tenant', true));
create policy auditor_writes on finance_audit.trail to nikash_auditor
  using (current_setting('app.current_tenant', true) = '*') with check (current_setting('app.current_tenant', true) = '*');
alter table finance_audit.heads enable row level security;
alter table finance_audit.heads force row level security;
create policy own_tenant on finance_audit.heads for select
  using (tenant_id = current_setting('app.current_tenant', true));
create policy auditor_writes on finance_audit.heads to nikash_auditor
  using (current_setting('app.current_tenant', true) = '*') with check (current_setting('app.current_tenant', true) = '*');

-- What each event changed: the event of the same thing before it, and itself.
create view finance_audit.changes with (security_invoker = true) as
  select tenant_id, seq, event_type, aggregate_type, aggregate_id,
         entry::jsonb ->> 'actor' as actor, (entry::jsonb ->> 'recordedAt')::timestamptz as recorded_at,
         lag(entry::jsonb -> 'payload') over (partition by tenant_id, aggregate_type, aggregate_id order by seq) as before,
         entry::jsonb -> 'payload' as after
  from finance_audit.trail;
comment on view finance_audit.changes is 'Who changed what and when, with the event of the same thing before it.';

grant usage on schema finance_audit to nikash_auditor, nikash_reader;
grant select, insert on finance_audit.trail to nikash_auditor;
grant select, insert, update on finance_audit.heads, finance_audit.positions to nikash_auditor;
grant select on finance_audit.trail, finance_audit.heads, finance_audit.positions, finance_audit.changes to nikash_reader;
grant select on finance_audit.changes to nikash_auditor;

-- Down Migration

drop schema finance_audit cascade;
