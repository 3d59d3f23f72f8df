/**
 * Owns the SQL of the command side, for one transaction of one tenant: reading and locking. Everything a group of
 * commands writes goes in one statement (write.ts); the store's order is the order of the rows.
 * O1: an event and its outbox row are one statement. O2: a position is drawn after the locks are held, so of two events
 *     where one knew of the other, the later has the higher position. O3: rows are locked in one order (type, id).
 */
import type { PoolClient } from 'pg'
import { defaultsOf } from '../../schemas/codec/defaults.ts'
import { parseDecimal } from '../../schemas/values/amount.ts'
import type { AggregateRef, CounterRef, NumberRef } from '../kernel/operation.ts'
import type { StoredAggregate } from '../kernel/session.ts'
import type { Allocation, SourceType, TargetType } from '../payments/allocations.ts'
import type { TaxRateState } from '../reference/decide.ts'
import type { StoredAnswer } from './idempotency.ts'
import { fromJson } from './json.ts'
import { type AggregateRow, aggregatesOf } from './refold.ts'

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

type Serials = readonly (CounterRef & { readonly value: number })[]

/** `text` takes $1 tenant, $2 kinds and $3 periods, in the order in which they are locked (O3). */
async function lockSerials(
  client: PoolClient,
  tenant: string,
  refs: readonly CounterRef[],
  statement: { readonly name: string; readonly text: string },
): Promise<Serials> {
  if (refs.length === 0) return []
  const sorted = refs.toSorted((a, b) => compare(a.kind, b.kind) || compare(a.period, b.period))
  const values = [tenant, sorted.map((r) => r.kind), sorted.map((r) => r.period)]
  const { rows } = await client.query<CounterRef & { value: string }>({ ...statement, values })
  return rows.map((row) => ({ ...row, value: Number(row.value) }))
}

/** Last serials of those counters that are there, locked until the end. */
export const lockKnownCounters = (
  client: PoolClient,
  tenant: string,
  refs: readonly CounterRef[],
): Promise<Serials> =>
  lockSerials(client, tenant, refs, {
    name: 'lock-known-counters',
    text: `select c.* from unnest($2::text[], $3::text[]) as r(kind, period) cross join lateral (
             select kind, period, value from finance.counters
             where tenant_id = $1 and kind = r.kind and period = r.period limit 1 for no key update) c`,
  })

/** Last serials, locked until the end: the next document of the tenant's year waits here. The first one begins at 0. */
export const lockCounters = (
  client: PoolClient,
  tenant: string,
  refs: readonly CounterRef[],
): Promise<Serials> =>
  lockSerials(client, tenant, refs, {
    name: 'lock-counters',
    text: `insert into finance.counters as c (tenant_id, kind, period, value)
           select $1, r.kind, r.period, 0 from unnest($2::text[], $3::text[]) as r(kind, period)
           on conflict (tenant_id, kind, period) do update set value = c.value
           returning c.kind, c.period, c.value`,
  })

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
