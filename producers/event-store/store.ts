/**
 * Owns the SQL of the command side, for one transaction of one tenant. Everything a group of commands writes goes in one
 * statement; the store's order is the order of the rows.
 * O1: an event and its outbox row are one statement. O2: a position is drawn after the locks are held, so of two events
 *     where one knew of the other, the later has the higher position. O3: rows are locked in one order (type, id).
 */
import { randomFillSync } from 'node:crypto'
import type { PoolClient } from 'pg'
import { defaultsOf } from '../../schemas/codec/defaults.ts'
import { formatDecimal, parseDecimal, SCALE } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { uuidv7 } from '../../schemas/values/ids.ts'
import type { AggregateRef, CounterRef, NumberRef } from '../kernel/operation.ts'
import type { Session, StoredAggregate } from '../kernel/session.ts'
import type { Allocation, SourceType, TargetType } from '../payments/allocations.ts'
import type { TaxRateState } from '../reference/decide.ts'
import type { StoredAnswer } from './idempotency.ts'
import { asJson, fromJson } from './json.ts'
import { type AggregateRow, aggregatesOf, STATE_VERSION } from './refold.ts'
import { SCHEMA_VERSION } from './upcast.ts'

const ID_BYTES = 10
const random = Buffer.alloc(ID_BYTES * 400)
let used = random.length
export function newId(nowMs: number): string {
  if (used === random.length) {
    randomFillSync(random)
    used = 0
  }
  used += ID_BYTES
  return uuidv7(nowMs, random.subarray(used - ID_BYTES, used))
}

/** One look-up by key for each reference, whatever the planner believes of the table: a join may read all of a tenant. */
const aggregatesBy = (locking: string): string => `
  select a.* from unnest($2::text[], $3::text[]) as r(type, id) cross join lateral (
    select aggregate_type, aggregate_id, version, state, state_version, created_digest from finance.aggregates
    where tenant_id = $1 and aggregate_type = r.type and aggregate_id = r.id limit 1 ${locking}) a`

export interface Shared {
  readonly aggregates: readonly StoredAggregate[]
  readonly numbers: readonly (NumberRef & { readonly id: string })[]
  readonly answers: ReadonlyMap<string, StoredAnswer>
  /** How often the chart has changed; 0 = the tenant has none. */
  readonly chartVersion: number
  /** Changes of tax rates so far. */
  readonly taxRatesVersion: number
}

/** What is read without row locks, in one statement: aggregates, numbers, answers of keys, how new chart and tax rates are. */
export async function readShared(
  client: PoolClient,
  tenant: string,
  asked: {
    readonly aggregates: readonly AggregateRef[]
    readonly numbers: readonly NumberRef[]
    readonly keys: readonly string[]
  },
): Promise<Shared> {
  const { aggregates, numbers, keys } = asked
  const { rows } = await client.query<{
    aggregates: AggregateRow[] | null
    numbers: (NumberRef & { id: string })[] | null
    answers: (StoredAnswer & { key: string })[] | null
    chart: string | null
    tax_rates: string | null
  }>({
    name: 'read-shared',
    text: `select
      (select json_agg(x) from (${aggregatesBy('')}) x) as aggregates,
      (select json_agg(x) from (
        select n.* from unnest($4::text[], $5::text[]) as r(kind, number) cross join lateral (
          select kind, number, aggregate_id as id from finance.business_numbers
          where tenant_id = $1 and kind = r.kind and number = r.number limit 1) n) x) as numbers,
      (select json_agg(x) from (
        select k.* from unnest($6::text[]) as r(key) cross join lateral (
          select key, fingerprint, status, response as body from finance.idempotency_keys
          where tenant_id = $1 and key = r.key limit 1) k) x) as answers,
      (select value from finance.counters where tenant_id = $1 and kind = 'chart' and period = '') as chart,
      finance.tax_rates_version() as tax_rates`,
    values: [
      tenant,
      aggregates.map((r) => r.type),
      aggregates.map((r) => r.id),
      numbers.map((r) => r.kind),
      numbers.map((r) => r.number),
      keys,
    ],
  })
  const found = rows[0]
  return {
    aggregates: await aggregatesOf(client, tenant, found?.aggregates ?? []),
    numbers: found?.numbers ?? [],
    answers: new Map((found?.answers ?? []).map((answer) => [answer.key, answer])),
    chartVersion: Number(found?.chart ?? 0),
    taxRatesVersion: Number(found?.tax_rates ?? 0),
  }
}

/** All tax rates that were set, for every tenant. */
export async function readTaxRates(client: PoolClient): Promise<readonly TaxRateState[]> {
  const { rows } = await client.query<{ state: unknown }>({
    name: 'read-tax-rates',
    text: 'select state from finance.tax_rates() as state',
  })
  return rows.map((row) => ({ ...defaultsOf('TaxRateSet'), ...(fromJson(row.state) as TaxRateState) }))
}

/** Locked until the end of the transaction (O3). */
export async function lockAggregates(
  client: PoolClient,
  tenant: string,
  refs: readonly AggregateRef[],
): Promise<readonly StoredAggregate[]> {
  if (refs.length === 0) return []
  const sorted = refs.toSorted((a, b) => compare(a.type, b.type) || compare(a.id, b.id))
  const { rows } = await client.query<AggregateRow>({
    name: 'lock-aggregates',
    text: aggregatesBy('for no key update'),
    values: [tenant, sorted.map((r) => r.type), sorted.map((r) => r.id)],
  })
  return aggregatesOf(client, tenant, rows)
}

/** Credit notes of invoices. The invoices are locked, so none is added meanwhile. */
export async function readCreditNotes(
  client: PoolClient,
  tenant: string,
  invoiceIds: readonly string[],
): Promise<readonly StoredAggregate[]> {
  if (invoiceIds.length === 0) return []
  const { rows } = await client.query<AggregateRow>({
    name: 'read-credit-notes',
    text: `select aggregate_type, aggregate_id, version, state, state_version, created_digest from finance.aggregates
           where tenant_id = $1 and aggregate_type = 'credit-note' and state->>'invoiceId' = any($2)`,
    values: [tenant, invoiceIds],
  })
  return aggregatesOf(client, tenant, rows)
}

interface AllocationRow {
  readonly source_type: SourceType
  readonly source_id: string
  readonly source_version: string
  readonly target_type: TargetType
  readonly target_id: string
  readonly amount: string
  readonly from_day: number
  readonly to_day: number | null
}

export async function readAllocations(
  client: PoolClient,
  tenant: string,
  refs: readonly AggregateRef[],
): Promise<readonly Allocation[]> {
  if (refs.length === 0) return []
  const { rows } = await client.query<AllocationRow>({
    name: 'read-allocations',
    text: `with r as (select * from unnest($2::text[], $3::text[]) as r(type, id)), a as (
             select a.* from r cross join lateral (select * from finance.allocations
               where tenant_id = $1 and source_type = r.type and source_id = r.id offset 0) a
             union
             select a.* from r cross join lateral (select * from finance.allocations
               where tenant_id = $1 and target_type = r.type and target_id = r.id offset 0) a)
           select source_type, source_id, source_version, target_type, target_id, amount,
                  from_day - date '1970-01-01' as from_day, to_day - date '1970-01-01' as to_day from a`,
    values: [tenant, refs.map((r) => r.type), refs.map((r) => r.id)],
  })
  return rows.map((row) => ({
    sourceType: row.source_type,
    sourceId: row.source_id,
    sourceVersion: Number(row.source_version),
    targetType: row.target_type,
    targetId: row.target_id,
    amount: parseDecimal(row.amount),
    fromDay: row.from_day,
    toDay: row.to_day,
  }))
}

/** Numbers that may be given again; before the write, which may give them. */
export async function freeNumbers(
  client: PoolClient,
  tenant: string,
  refs: readonly NumberRef[],
): Promise<void> {
  if (refs.length === 0) return
  await client.query({
    name: 'free-numbers',
    text: `delete from finance.business_numbers n using unnest($2::text[], $3::text[]) as r(kind, number)
           where n.tenant_id = $1 and n.kind = r.kind and n.number = r.number`,
    values: [tenant, refs.map((r) => r.kind), refs.map((r) => r.number)],
  })
}

/** Last serials, locked until the end: the next document of the tenant's year waits here. */
export async function lockCounters(
  client: PoolClient,
  tenant: string,
  refs: readonly CounterRef[],
): Promise<readonly (CounterRef & { readonly value: number })[]> {
  if (refs.length === 0) return []
  const sorted = refs.toSorted((a, b) => compare(a.kind, b.kind) || compare(a.period, b.period))
  const { rows } = await client.query<CounterRef & { value: string }>({
    name: 'lock-counters',
    text: `insert into finance.counters as c (tenant_id, kind, period, value)
           select $1, r.kind, r.period, 0 from unnest($2::text[], $3::text[]) as r(kind, period)
           on conflict (tenant_id, kind, period) do update set value = c.value
           returning c.kind, c.period, c.value`,
    values: [tenant, sorted.map((r) => r.kind), sorted.map((r) => r.period)],
  })
  return rows.map((row) => ({ ...row, value: Number(row.value) }))
}
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export interface EventMetadata {
  readonly actor: string
  readonly correlationId: string | null
  readonly causationId: string | null
  readonly traceparent: string | null
}

/** Lines of the posted entries, from the events themselves: what Kafka gets and what SQL sums is the same. */
const JOURNAL_LINES = `
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
    where e.event_type = 'JournalEntryPosted'`

const WRITE = `
  with e as (
    insert into finance.event_store (tenant_id, aggregate_type, aggregate_id, version, event_id, event_type,
                                     schema_version, event_data, metadata, occurred_at, recorded_at)
    select $1, r.type, r.id, r.version, r."eventId", r."eventType", ${SCHEMA_VERSION}, r.data, r.metadata,
           to_timestamp($2::double precision / 1000), to_timestamp($2::double precision / 1000)
    from rows from (jsonb_to_recordset($3) as (type text, id text, version bigint, "eventId" uuid, "eventType" text,
                    data jsonb, metadata jsonb))
         with ordinality as r(type, id, version, "eventId", "eventType", data, metadata, ord) order by r.ord
    returning position, aggregate_type, aggregate_id, version, event_type, event_data
  ), j as (${JOURNAL_LINES}
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
  ), n as (
    insert into finance.business_numbers (tenant_id, kind, number, aggregate_id)
    select $1, r.kind, r.number, r.id from jsonb_to_recordset($5) as r(kind text, number text, id text)
  ), c as (
    update finance.counters c set value = greatest(c.value, r.value)
    from jsonb_to_recordset($6) as r(kind text, period text, value bigint)
    where c.tenant_id = $1 and c.kind = r.kind and c.period = r.period
  ), l as (
    insert into finance.allocations as l
           (tenant_id, source_type, source_id, source_version, target_type, target_id, amount, from_day, to_day)
    select $1, r.* from jsonb_to_recordset($7)
         as r("sourceType" text, "sourceId" text, "sourceVersion" bigint, "targetType" text, "targetId" text, amount numeric,
              "fromDay" date, "toDay" date)
    on conflict (tenant_id, source_type, source_id, source_version, target_type, target_id)
    do update set to_day = least(l.to_day, excluded.to_day)
  ), k as (
    insert into finance.idempotency_keys (tenant_id, key, fingerprint, status, response, created_at)
    select $1, r.key, r.fingerprint, r.status,
           jsonb_build_object('id', e.aggregate_id, 'version', e.version, 'position', e.position),
           to_timestamp($2::double precision / 1000)
    from jsonb_to_recordset($8) as r(key text, fingerprint text, status integer, type text, id text, version bigint)
    join e on e.aggregate_type = r.type and e.aggregate_id = r.id and e.version = r.version
  )
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
  // One JSON text per table: arrays of the driver would escape each document once more, and cost twice as much.
  const { rows } = await client.query<{ position: string }>({
    name: 'write',
    text: WRITE,
    values: [
      session.tenantId,
      session.nowMs,
      JSON.stringify(events),
      JSON.stringify(aggregates),
      JSON.stringify(session.newNumbers),
      JSON.stringify([...session.changedCounters.values()]),
      JSON.stringify(allocations),
      JSON.stringify(answers),
    ],
  })
  return rows.map((row) => Number(row.position))
}
