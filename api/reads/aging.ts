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

interface ItemRow {
  readonly grp: string
  readonly group_name: string
  readonly invoice_date: string
  readonly due_date: string
  readonly is_disputed: boolean
  readonly base: string
  /** In the document's currency; meant only inside one currency. */
  readonly document: string
  readonly items: number
}

interface CreditRow {
  readonly grp: string
  readonly group_name: string
  readonly payment_date: string
  readonly base: string
  readonly document: string
}

const GROUP_COLUMNS: Readonly<Record<GroupBy | 'none', readonly [key: string, name: string]>> = {
  none: ["''", "''"],
  customer: ['customer_id', 'customer_name'],
  currency: ['currency', "''"],
}

const itemsSql = (groupBy: GroupBy | 'none'): string => {
  const [key, name] = GROUP_COLUMNS[groupBy]
  return `
SELECT ${key} AS grp, max(${name}) AS group_name, invoice_date, due_date, disputed AS is_disputed,
  toString(sum(toDecimal128(open_base, 4))) AS base, toString(sum(toDecimal128(open_amount, 4))) AS document,
  toUInt32(count()) AS items
FROM (${openItemsSql}) AS open_items
GROUP BY grp, invoice_date, due_date, is_disputed`
}

const creditsSql = (groupBy: GroupBy | 'none'): string => {
  const [key, name] = GROUP_COLUMNS[groupBy]
  return `
SELECT ${key} AS grp, max(${name}) AS group_name, payment_date,
  toString(sum(toDecimal128(unapplied_base, 4))) AS base, toString(sum(toDecimal128(unapplied_amount, 4))) AS document
FROM (${unappliedSql}) AS credits
GROUP BY grp, payment_date`
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
  const day = await services.tenants.dayOf(question.tenant, question.asOf)
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
  const { tenant, groupBy, edges } = question
  const asOf = formatDay(day)
  const grouping = groupBy ?? 'none'
  const ask = <Row>(name: string, sql: string) =>
    services.clickhouse.rows<Row>({ name, sql, params: { tenant, asOf } })
  const [[items, credits], settings] = await Promise.all([
    services.facts.remember(tenant, `aging|${asOf}|${grouping}`, {
      compute: () =>
        Promise.all([
          ask<ItemRow>('aging_items', itemsSql(grouping)),
          ask<CreditRow>('aging_credits', creditsSql(grouping)),
        ]),
      rowsOf: ([items, credits]) => items.length + credits.length,
    }),
    services.tenants.settings(tenant),
  ])
  const whole = { key: TOTAL_FIELD, items, credits, column: 'base', currency: settings.currency } as const
  return {
    asOf,
    watermark: null,
    source: 'clickhouse',
    labels: bucketLabels(edges),
    whole: sumsOf(whole, question, day),
    groups: groupBy ? groupsOf(items, credits, question, day, settings.currency) : undefined,
  }
}

function groupsOf(
  items: readonly ItemRow[],
  credits: readonly CreditRow[],
  question: AgingQuestion,
  day: EpochDay,
  base: string,
): AgingGroup[] {
  const itemsBy = Map.groupBy(items, (row) => row.grp)
  const creditsBy = Map.groupBy(credits, (row) => row.grp)
  const keys = new Set([...itemsBy.keys(), ...creditsBy.keys()])
  const inDocuments = question.groupBy === 'currency'
  return sorted(
    [...keys].map((key) => {
      const own = { key, items: itemsBy.get(key) ?? [], credits: creditsBy.get(key) ?? [] }
      const unit = inDocuments
        ? ({ column: 'document', currency: key } as const)
        : ({ column: 'base', currency: base } as const)
      return sumsOf({ ...own, ...unit }, question, day)
    }),
  )
}

interface Slice {
  readonly key: string
  readonly items: readonly ItemRow[]
  readonly credits: readonly CreditRow[]
  readonly column: 'base' | 'document'
  readonly currency: string
}

/** A1, A2. */
function sumsOf(
  { key, items, credits, column, currency }: Slice,
  question: AgingQuestion,
  day: EpochDay,
): AgingGroup {
  const { basis, edges, ageCredits } = question
  const aged = items.map((row) => ({
    anchor: parseDay(basis === 'due' ? row.due_date : row.invoice_date),
    amount: parseDecimal(row[column]),
  }))
  const open = aged.reduce((sum, { amount }) => sum + amount, 0n)
  const credit = credits.reduce((sum, row) => sum + parseDecimal(row[column]), 0n)
  const ownDate = ageCredits === 'own-date'
  if (ownDate) {
    for (const row of credits)
      aged.push({ anchor: parseDay(row.payment_date), amount: -parseDecimal(row[column]) })
  }
  const name = [...items, ...credits].find((row) => row.group_name !== '')?.group_name
  return {
    key,
    ...(name === undefined ? {} : { name }),
    buckets: ageItems(aged, day, edges),
    unapplied: ownDate ? 0n : -credit,
    disputed: items.reduce((sum, row) => (row.is_disputed ? sum + parseDecimal(row[column]) : sum), 0n),
    total: open - credit,
    currency,
    openItems: items.reduce((count, row) => count + row.items, 0),
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
