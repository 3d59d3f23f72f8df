/**
 * Owns the SQL of the command side, for one transaction of one tenant. Everything a group of commands writes goes in one
 * statement; the store's order is the order of the rows.
 * O1: an event and its outbox row are one statement. O2: a position is drawn after the locks are held, so of two events
 *     where one knew of the other, the later has the higher position. O3: rows are locked in one order (type, id).
 */
import { randomFillSync } from 'node:crypto'
import type { PoolClient } from 'pg'
import { formatDecimal, parseDecimal, SCALE } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { uuidv7 } from '../../schemas/values/ids.ts'
import type { AggregateRef, CounterRef, NumberRef } from '../kernel/operation.ts'
import type { Session, StoredAggregate } from '../kernel/session.ts'
import type { Allocation } from '../payments/allocations.ts'
import type { StoredAnswer } from './idempotency.ts'
import { fromJson, toJson } from './json.ts'

const SCHEMA_VERSION = 1
const random = Buffer.alloc(10)
export const newId = (nowMs: number): string => uuidv7(nowMs, randomFillSync(random))

interface AggregateRow {
  readonly aggregate_type: string
  readonly aggregate_id: string
  readonly version: string | number
  readonly state: unknown
  readonly created_digest: string
}

const aggregateOf = (row: AggregateRow): StoredAggregate =>
  ({
    type: row.aggregate_type,
    id: row.aggregate_id,
    version: Number(row.version),
    state: fromJson(row.state),
    createdDigest: row.created_digest,
  }) as StoredAggregate

const AGGREGATES = `
  select a.aggregate_type, a.aggregate_id, a.version, a.state, a.created_digest
  from finance.aggregates a
  join unnest($2::text[], $3::text[]) as r(type, id) on a.aggregate_type = r.type and a.aggregate_id = r.id
  where a.tenant_id = $1`

export interface Shared {
  readonly aggregates: readonly StoredAggregate[]
  readonly numbers: readonly (NumberRef & { readonly id: string })[]
  readonly answers: ReadonlyMap<string, StoredAnswer>
}

/** What is read without locks, in one statement: aggregates, numbers, answers of Idempotency-Keys. */
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
  }>({
    name: 'read-shared',
    text: `select
      (select json_agg(x) from (${AGGREGATES}) x) as aggregates,
      (select json_agg(x) from (
        select n.kind, n.number, n.aggregate_id as id from finance.business_numbers n
        join unnest($4::text[], $5::text[]) as r(kind, number) on n.kind = r.kind and n.number = r.number
        where n.tenant_id = $1) x) as numbers,
      (select json_agg(x) from (
        select key, fingerprint, status, response as body from finance.idempotency_keys
        where tenant_id = $1 and key = any($6)) x) as answers`,
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
    aggregates: (found?.aggregates ?? []).map(aggregateOf),
    numbers: found?.numbers ?? [],
    answers: new Map((found?.answers ?? []).map((answer) => [answer.key, answer])),
  }
}

/** Locked until the end of the transaction (O3). */
export async function lockAggregates(
  client: PoolClient,
  tenant: string,
  refs: readonly AggregateRef[],
): Promise<readonly StoredAggregate[]> {
  if (refs.length === 0) return []
  const { rows } = await client.query<AggregateRow>({
    name: 'lock-aggregates',
    text: `${AGGREGATES} order by a.aggregate_type, a.aggregate_id for no key update of a`,
    values: [tenant, refs.map((r) => r.type), refs.map((r) => r.id)],
  })
  return rows.map(aggregateOf)
}

interface AllocationRow {
  readonly payment_id: string
  readonly payment_version: string
  readonly invoice_id: string
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
  const idsOf = (type: string) => refs.filter((r) => r.type === type).map((r) => r.id)
  const { rows } = await client.query<AllocationRow>({
    name: 'read-allocations',
    text: `select payment_id, payment_version, invoice_id, amount,
                  from_day - date '1970-01-01' as from_day, to_day - date '1970-01-01' as to_day
           from finance.allocations where tenant_id = $1 and (payment_id = any($2) or invoice_id = any($3))`,
    values: [tenant, idsOf('payment'), idsOf('invoice')],
  })
  return rows.map((row) => ({
    paymentId: row.payment_id,
    paymentVersion: Number(row.payment_version),
    invoiceId: row.invoice_id,
    amount: parseDecimal(row.amount),
    fromDay: row.from_day,
    toDay: row.to_day,
  }))
}

/** Last serials, locked until the end: the next document of the tenant's year waits here. */
export async function lockCounters(
  client: PoolClient,
  tenant: string,
  refs: readonly CounterRef[],
): Promise<readonly (CounterRef & { readonly value: number })[]> {
  if (refs.length === 0) return []
  const sorted = refs.toSorted((a, b) =>
    a.kind === b.kind ? compare(a.period, b.period) : compare(a.kind, b.kind),
  )
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

const WRITE = `
  with e as (
    insert into finance.event_store (tenant_id, aggregate_type, aggregate_id, version, event_id, event_type,
                                     schema_version, event_data, metadata, occurred_at, recorded_at)
    select $1, r.type, r.id, r.version, r.event_id, r.event_type, ${SCHEMA_VERSION}, r.data, r.metadata,
           to_timestamp($2::double precision / 1000), to_timestamp($2::double precision / 1000)
    from unnest($3::text[], $4::text[], $5::bigint[], $6::uuid[], $7::text[], $8::jsonb[], $9::jsonb[])
         with ordinality as r(type, id, version, event_id, event_type, data, metadata, ord) order by r.ord
    returning position, aggregate_type, aggregate_id, version
  ), o as (
    insert into finance.outbox (position, tenant_id) select position, $1 from e
  ), a as (
    insert into finance.aggregates (tenant_id, aggregate_type, aggregate_id, version, state, created_digest, updated_at)
    select $1, r.type, r.id, r.version, r.state, r.digest, to_timestamp($2::double precision / 1000)
    from unnest($10::text[], $11::text[], $12::bigint[], $13::jsonb[], $14::text[]) as r(type, id, version, state, digest)
    on conflict (tenant_id, aggregate_type, aggregate_id)
    do update set version = excluded.version, state = excluded.state, updated_at = excluded.updated_at
  ), n as (
    insert into finance.business_numbers (tenant_id, kind, number, aggregate_id)
    select $1, r.kind, r.number, r.id from unnest($15::text[], $16::text[], $17::text[]) as r(kind, number, id)
  ), c as (
    update finance.counters c set value = greatest(c.value, r.value)
    from unnest($18::text[], $19::text[], $20::bigint[]) as r(kind, period, value)
    where c.tenant_id = $1 and c.kind = r.kind and c.period = r.period
  ), l as (
    insert into finance.allocations as l (tenant_id, payment_id, payment_version, invoice_id, amount, from_day, to_day)
    select $1, r.payment_id, r.version, r.invoice_id, r.amount, r.from_day, r.to_day
    from unnest($21::text[], $22::bigint[], $23::text[], $24::numeric[], $25::date[], $26::date[])
         as r(payment_id, version, invoice_id, amount, from_day, to_day)
    on conflict (tenant_id, payment_id, payment_version, invoice_id)
    do update set to_day = least(l.to_day, excluded.to_day)
  ), k as (
    insert into finance.idempotency_keys (tenant_id, key, fingerprint, status, response, created_at)
    select $1, r.key, r.fingerprint, r.status,
           jsonb_build_object('id', e.aggregate_id, 'version', e.version, 'position', e.position),
           to_timestamp($2::double precision / 1000)
    from unnest($27::text[], $28::text[], $29::integer[], $30::text[], $31::text[], $32::bigint[])
         as r(key, fingerprint, status, type, id, version)
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
  const { events } = session
  const aggregates = [...session.changedAggregates.values()]
  const counters = [...session.changedCounters.values()]
  const allocations = [...session.changedAllocations.values()]
  const { rows } = await client.query<{ position: string }>({
    name: 'write',
    text: WRITE,
    values: [
      session.tenantId,
      session.nowMs,
      events.map((e) => e.aggregate.type),
      events.map((e) => e.aggregate.id),
      events.map((e) => e.version),
      events.map(() => newId(session.nowMs)),
      events.map((e) => e.event.type),
      events.map((e) => toJson(e.event.data)),
      events.map((e) => JSON.stringify({ ...metadataOf(e.item), ...e.event.notes })),
      aggregates.map((a) => a.type),
      aggregates.map((a) => a.id),
      aggregates.map((a) => a.version),
      aggregates.map((a) => toJson(a.state)),
      aggregates.map((a) => a.createdDigest),
      session.newNumbers.map((n) => n.kind),
      session.newNumbers.map((n) => n.number),
      session.newNumbers.map((n) => n.id),
      counters.map((c) => c.kind),
      counters.map((c) => c.period),
      counters.map((c) => c.value),
      allocations.map((l) => l.paymentId),
      allocations.map((l) => l.paymentVersion),
      allocations.map((l) => l.invoiceId),
      allocations.map((l) => formatDecimal(l.amount, SCALE)),
      allocations.map((l) => formatDay(l.fromDay)),
      allocations.map((l) => (l.toDay === null ? null : formatDay(l.toDay))),
      answers.map((k) => k.key),
      answers.map((k) => k.fingerprint),
      answers.map((k) => k.status),
      answers.map((k) => k.type),
      answers.map((k) => k.id),
      answers.map((k) => k.version),
    ],
  })
  return rows.map((row) => Number(row.position))
}
