-- What an import made is found by its id: the events of imports, and of undoing them, by correlation.

-- Up Migration

create index idx_event_import on finance.event_store (tenant_id, (metadata->>'correlationId'), position)
  where metadata->>'actor' like 'import%' and metadata->>'correlationId' is not null;

-- Down Migration

drop index finance.idx_event_import;
