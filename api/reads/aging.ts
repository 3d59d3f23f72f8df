/**
 * Receivables aging of one day. Two sources, one rule: today without extras comes from the figures that the processors
 * keep; any other day, currency groups, own edges and aged credits come from the facts, put into buckets by
 * schemas/rules/aging.ts. ClickHouse sums by anchor day first, so that what crosses the wire is bounded by days (and
 * customers, when asked for), not by invoices.
 *
 * A1: sum of buckets + unapplied = total. A2: `own-date` moves open credits into the bucket of their own date;
 *     unapplied is then 0 and total unchanged.
 */
import { type AgingBasis, ageItems, bucketLabels, DEFAULT_EDGES } from '../../schemas/rules/aging.ts'
import { type Amount, parseDecimal, toMoney } from '../../schemas/values/amount.ts'
import { type EpochDay, formatDay, parseDay } from '../../schemas/values/calendar.ts'
import { openItemsSql, unappliedSql } from '../../sinks/clickhouse/contract.ts'
import { type AgingValue, TOTAL_FIELD } from '../../sinks/redis/contract.ts'
import type { Services } from '../services.ts'

export type GroupBy = 'customer' | 'currency'

export interface AgingQuestion {
  readonly tenant: string
  readonly asOf: string | undefined
  readonly basis: AgingBasis
  readonly groupBy: GroupBy | undefined
  readonly ageCredits: 'none' | 'own-date'
  readonly edges: readonly number[]
  readonly signal?: AbortSignal
}

export interface AgingGroup {
  readonly key: string
  readonly name?: string
  readonly buckets: readonly Amount[]
  readonly unapplied: Amount
  readonly disputed: Amount
  readonly total: Amount
  readonly currency: string
  readonly openItems: number
}

export interface AgingFigures {
  readonly asOf: string
  readonly watermark: string | null
  readonly source: 'redis' | 'clickhouse'
  readonly labels: readonly string[]
  readonly whole: AgingGroup
  readonly groups: readonly AgingGroup[] | undefined
}

interface Row {
  readonly is_credit: boolean
  readonly grp: string
  readonly group_name: string
  readonly anchor_date: string
  readonly is_disputed: boolean
  readonly base: string
  readonly document: string
  readonly items: number
}

const GROUP_COLUMNS: Readonly<Record<GroupBy | 'none', readonly [key: string, name: string]>> = {
  none: ["''", "''"],
  customer: ['customer_id', 'customer_name'],
  currency: ['currency', "''"],
}

/** `document` is only meant inside one currency. */
function anchorsSql(groupBy: GroupBy | undefined, basis: AgingBasis): string {
  const [key, name] = GROUP_COLUMNS[groupBy ?? 'none']
  const anchor = basis === 'due' ? 'due_date' : 'invoice_date'
  return `
SELECT false AS is_credit, ${key} AS grp, max(${name}) AS group_name, ${anchor} AS anchor_date,
  disputed AS is_disputed, toString(sum(toDecimal128(open_base, 4))) AS base,
  toString(sum(toDecimal128(open_amount, 4))) AS document, toUInt32(count()) AS items
FROM (${openItemsSql}) AS open_items
GROUP BY grp, anchor_date, is_disputed
UNION ALL
SELECT true AS is_credit, ${key} AS grp, max(${name}) AS group_name, payment_date AS anchor_date,
  false AS is_disputed, toString(sum(toDecimal128(unapplied_base, 4))) AS base,
  toString(sum(toDecimal128(unapplied_amount, 4))) AS document, toUInt32(0) AS items
FROM (${unappliedSql}) AS credits
GROUP BY grp, anchor_date, is_disputed`
}

const isDefault = (edges: readonly number[]): boolean =>
  edges.length === DEFAULT_EDGES.length && edges.every((edge, i) => edge === DEFAULT_EDGES[i])

export async function readAging(services: Services, question: AgingQuestion): Promise<AgingFigures> {
  const simple =
    question.ageCredits === 'none' && question.groupBy !== 'currency' && isDefault(question.edges)
  if (simple) {
    const live = await readLive(services, question)
    if (live) return live
  }
  const { day } = await services.tenants.dayOf(question.tenant, question.asOf)
  return readFacts(services, question, day)
}

async function readLive(services: Services, question: AgingQuestion): Promise<AgingFigures | undefined> {
  const { tenant, asOf, basis, groupBy } = question
  const values = groupBy ? await services.live.agingByCustomer(tenant) : undefined
  const total = groupBy ? values?.total : await services.live.agingTotal(tenant)
  if (!total || (asOf !== undefined && asOf !== total.asOf)) return undefined
  const group = (key: string, value: AgingValue): AgingGroup => ({
    key,
    ...(value.customerName === undefined ? {} : { name: value.customerName }),
    buckets: value[basis].map((text) => parseDecimal(text)),
    unapplied: parseDecimal(value.unapplied),
    disputed: parseDecimal(value.disputed),
    total: parseDecimal(value.total),
    currency: value.currency,
    openItems: value.openItems,
  })
  return {
    asOf: total.asOf,
    watermark: new Date(total.logTime).toISOString(),
    source: 'redis',
    labels: bucketLabels(DEFAULT_EDGES),
    whole: group(TOTAL_FIELD, total),
    groups: values ? sorted([...values.customers].map(([id, value]) => group(id, value))) : undefined,
  }
}

async function readFacts(services: Services, question: AgingQuestion, day: EpochDay): Promise<AgingFigures> {
  const { tenant, basis, groupBy, edges, ageCredits, signal } = question
  const [rows, settings] = await Promise.all([
    services.clickhouse.rows<Row>({
      name: 'aging',
      sql: anchorsSql(groupBy, basis),
      params: { tenant, asOf: formatDay(day) },
      ...(signal ? { signal } : {}),
    }),
    services.tenants.settings(tenant),
  ])
  const make = (
    key: string,
    own: readonly Row[],
    column: 'base' | 'document',
    currency: string,
  ): AgingGroup => {
    const amountOf = (row: Row): Amount => parseDecimal(row[column])
    const credits = own.filter((row) => row.is_credit)
    const items = own.filter((row) => !row.is_credit)
    const aged = items.map((row) => ({ anchor: parseDay(row.anchor_date), amount: amountOf(row) }))
    if (ageCredits === 'own-date') {
      for (const row of credits) aged.push({ anchor: parseDay(row.anchor_date), amount: -amountOf(row) })
    }
    const sum = (some: readonly Row[]): Amount => some.reduce((total, row) => total + amountOf(row), 0n)
    const name = own.find((row) => row.group_name !== '')?.group_name
    return {
      key,
      ...(name === undefined ? {} : { name }),
      buckets: ageItems(aged, day, edges),
      unapplied: ageCredits === 'own-date' ? 0n : -sum(credits),
      disputed: sum(items.filter((row) => row.is_disputed)),
      total: sum(items) - sum(credits),
      currency,
      openItems: items.reduce((count, row) => count + row.items, 0),
    }
  }
  return {
    asOf: formatDay(day),
    watermark: null,
    source: 'clickhouse',
    labels: bucketLabels(edges),
    whole: make(TOTAL_FIELD, rows, 'base', settings.currency),
    groups: groupBy
      ? sorted(
          [...Map.groupBy(rows, (row) => row.grp)].map(([key, own]) =>
            groupBy === 'currency'
              ? make(key, own, 'document', key)
              : make(key, own, 'base', settings.currency),
          ),
        )
      : undefined,
  }
}

/** Largest total first; equal totals by key, so that pages have one order. */
const sorted = (groups: AgingGroup[]): AgingGroup[] =>
  groups.sort((a, b) => (a.total === b.total ? (a.key < b.key ? -1 : 1) : a.total > b.total ? -1 : 1))

export const answerOf = (group: AgingGroup, labels: readonly string[]) => ({
  buckets: labels.map((label, i) => ({ label, amount: toMoney(group.buckets[i] ?? 0n, group.currency) })),
  unapplied: toMoney(group.unapplied, group.currency),
  disputed: toMoney(group.disputed, group.currency),
  total: toMoney(group.total, group.currency),
  openItems: group.openItems,
})
