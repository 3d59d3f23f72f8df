-- Which code folded a state. A state of older code is folded anew from its events when it is next needed.

-- Up Migration

alter table finance.aggregates add column state_version integer not null default 0;
comment on column finance.aggregates.state_version is 'Version of the code that folded the state; an older one is folded anew from the events when it is read.';

-- Down Migration

alter table finance.aggregates drop column state_version;
