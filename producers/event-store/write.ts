/**
 * Owns the one statement that writes all that a group of commands decided. Refuses: deciding anything.
 * W1: an event, its outbox row, its state and the lines of its entry are one statement: all are there, or none.
 * W2: tables to which a group adds nothing are not in its statement: each costs the store as much as a row of it.
 */
import type { PoolClient } from 'pg'
import { formatDecimal, SCALE } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import type { AggregateRef } from '../kernel/operation.ts'
import type { Session } from '../kernel/session.ts'
import { newId } from './ids.ts'
import { asJson } from './json.ts'
import { STATE_VERSION } from './refold.ts'
import { SCHEMA_VERSION } from './upcast.ts'

export interface EventMetadata {
  readonly actor: string
  readonly correlationId: string | null
  readonly causationId: string | null
  readonly traceparent: string | null
}

/** Lines of the posted entries, from the events themselves: what Kafka gets and what SQL sums is the same. */
const JOURNAL_LINES = `, j as (
    insert into finance.journal_lines (tenant_id, journal_id, line, account_id, entry_date, kind, debit, credit, currency,
                                       amount, party_type, party_id, product_id, source_type, source_id, source_version, position)
    select $1, e.aggregate_id, l.line, l."accountId", date '1970-01-01' + (e.event_data->>'entryDate')::integer,
           e.event_data->>'kind', l.debit, l.credit, e.event_data->>'currency', l.amount,
           nullif(l."partyType", ''), nullif(l."partyId", ''), nullif(l."productId", ''),
           nullif(e.event_data->>'sourceType', ''), nullif(e.event_data->>'sourceId', ''),
           nullif((e.event_data->>'sourceVersion')::bigint, 0), e.position
    from e cross join lateral rows from (jsonb_to_recordset(e.event_data->'lines') as ("accountId" text, debit numeric,
           credit numeric, amount numeric, "partyType" text, "partyId" text, "productId" text))
         with ordinality as l("accountId", debit, credit, amount, "partyType", "partyId", "productId", line)
    where e.event_type = 'JournalEntryPosted'
  )`

/** $1 tenant, $2 instant, $3 events, $4 states. */
const EVENTS = `
  with e as (
    insert into finance.event_store (tenant_id, aggregate_type, aggregate_id, version, event_id, event_type,
                                     schema_version, event_data, metadata, occurred_at, recorded_at)
    select $1, r.type, r.id, r.version, r."eventId", r."eventType", ${SCHEMA_VERSION}, r.data, r.metadata,
           to_timestamp($2::double precision / 1000), to_timestamp($2::double precision / 1000)
    from rows from (jsonb_to_recordset($3) as (type text, id text, version bigint, "eventId" uuid, "eventType" text,
                    data jsonb, metadata jsonb))
         with ordinality as r(type, id, version, "eventId", "eventType", data, metadata, ord) order by r.ord
    returning position, aggregate_type, aggregate_id, version, event_type, event_data
  ), o as (
    insert into finance.outbox (position, tenant_id) select position, $1 from e
  ), a as (
    insert into finance.aggregates (tenant_id, aggregate_type, aggregate_id, version, state, state_version, created_digest,
                                    updated_at)
    select $1, r.type, r.id, r.version, r.state, ${STATE_VERSION}, r.digest, to_timestamp($2::double precision / 1000)
    from jsonb_to_recordset($4) as r(type text, id text, version bigint, state jsonb, digest text)
    on conflict (tenant_id, aggregate_type, aggregate_id)
    do update set version = excluded.version, state = excluded.state, state_version = excluded.state_version,
                  updated_at = excluded.updated_at
  )`

const NUMBERS = (rows: string) => `, n as (
    insert into finance.business_numbers (tenant_id, kind, number, aggregate_id)
    select $1, r.kind, r.number, r.id from jsonb_to_recordset(${rows}) as r(kind text, number text, id text)
  )`
const COUNTERS = (rows: string) => `, c as (
    update finance.counters c set value = greatest(c.value, r.value)
    from jsonb_to_recordset(${rows}) as r(kind text, period text, value bigint)
    where c.tenant_id = $1 and c.kind = r.kind and c.period = r.period
  )`
const ALLOCATIONS = (rows: string) => `, l as (
    insert into finance.allocations as l
           (tenant_id, source_type, source_id, source_version, target_type, target_id, amount, from_day, to_day)
    select $1, r.* from jsonb_to_recordset(${rows})
         as r("sourceType" text, "sourceId" text, "sourceVersion" bigint, "targetType" text, "targetId" text, amount numeric,
              "fromDay" date, "toDay" date)
    on conflict (tenant_id, source_type, source_id, source_version, target_type, target_id)
    do update set to_day = least(l.to_day, excluded.to_day)
  )`
const ANSWERS = (rows: string) => `, k as (
    insert into finance.idempotency_keys (tenant_id, key, fingerprint, status, response, created_at)
    select $1, r.key, r.fingerprint, r.status,
           jsonb_build_object('id', e.aggregate_id, 'version', e.version, 'position', e.position),
           to_timestamp($2::double precision / 1000)
    from jsonb_to_recordset(${rows}) as r(key text, fingerprint text, status integer, type text, id text, version bigint)
    join e on e.aggregate_type = r.type and e.aggregate_id = r.id and e.version = r.version
  )`
const POSITIONS = `
  select position from e order by position`

/** The answer of an accepted command, to be kept under its key: its last event says id, version and position. */
export interface NewAnswer extends AggregateRef {
  readonly key: string
  readonly fingerprint: string
  readonly status: number
  readonly version: number
}

/** Writes all that the session gathered; gives the position of each of its events, in order. */
export async function write(
  client: PoolClient,
  session: Session,
  metadataOf: (item: number) => EventMetadata,
  answers: readonly NewAnswer[],
): Promise<readonly number[]> {
  const aggregates = Array.from(session.changedAggregates.values(), (one) => ({
    type: one.type,
    id: one.id,
    version: one.version,
    state: asJson(one.state),
    digest: one.createdDigest,
  }))
  const events = session.events.map(({ item, aggregate: { type, id }, version, event }) => ({
    type,
    id,
    version,
    eventId: newId(session.nowMs),
    eventType: event.type,
    data: asJson(event.data),
    metadata: metadataOf(item),
  }))
  const allocations = Array.from(session.changedAllocations.values(), (one) => ({
    ...one,
    amount: formatDecimal(one.amount, SCALE),
    fromDay: formatDay(one.fromDay),
    toDay: one.toDay === null ? null : formatDay(one.toDay),
  }))
  const posts = session.events.some(({ event }) => event.type === 'JournalEntryPosted')
  // One JSON text per table: arrays of the driver would escape each document once more, and cost twice as much.
  const values = [session.tenantId, session.nowMs, JSON.stringify(events), JSON.stringify(aggregates)]
  let name = posts ? 'write-j' : 'write-'
  let text = posts ? EVENTS + JOURNAL_LINES : EVENTS
  const add = (letter: string, part: (rows: string) => string, rows: readonly unknown[]): void => {
    if (rows.length === 0) return
    values.push(JSON.stringify(rows))
    name += letter
    text += part(`$${values.length}`)
  }
  add('n', NUMBERS, session.newNumbers)
  add('c', COUNTERS, [...session.changedCounters.values()])
  add('l', ALLOCATIONS, allocations)
  add('k', ANSWERS, answers)
  const { rows } = await client.query<{ position: string }>({ name, text: text + POSITIONS, values })
  return rows.map((row) => Number(row.position))
}
