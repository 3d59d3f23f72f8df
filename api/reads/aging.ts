/**
 * Aging of one day, of receivables or payables. Two sources, one rule: today without extras comes from the figures that the processors
 * keep; any other day, what was known at another time, other groups, own edges and aged credits come from the facts, put into buckets by
 * schemas/rules/aging.ts. ClickHouse sums by anchor day first, so that what crosses the wire is bounded by days (and
 * customers, when asked for), not by invoices.
 *
 * Payables have the same rows: an invoice is a bill there, and its customer the vendor.
 *
 * A1: sum of buckets + unapplied = total. A2: `own-date` moves open credits into the bucket of their own date;
 *     unapplied is then 0 and total unchanged. A3: an invoice with instalments is one open item, and ages by the due date
 *     of each of them; on posting basis as one.
 */
import { type AgingBasis, ageItems, bucketLabels, DEFAULT_EDGES } from '../../schemas/rules/aging.ts'
import { type Amount, parseDecimal, toMoney } from '../../schemas/values/amount.ts'
import { type EpochDay, formatDay, parseDay } from '../../schemas/values/calendar.ts'
import { type Knowledge, openPartsSqlOf, unappliedSqlOf } from '../../sinks/clickhouse/contract.ts'
import { type AgingValue, type AgingValues, TOTAL_FIELD } from '../../sinks/redis/contract.ts'
import type { Services } from '../services.ts'
import type { AgingSide, GroupBy } from './aging-sides.ts'
import { knownBefore } from './known-at.ts'

export interface AgingQuestion {
  readonly side: AgingSide
  readonly tenant: string
  readonly asOf: string | undefined
  /** Instant or day (known-at.ts); absent = by all that is known now. */
  readonly knownAt?: string | undefined
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
  /** Where the amounts are in another currency: the total in the base currency, at the rates of the documents. */
  readonly totalBase?: { readonly amount: Amount; readonly currency: string }
}

export interface AgingFigures {
  readonly asOf: string
  /** Last millisecond of what is known; null = now. */
  readonly knownAt: string | null
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

const NO_GROUP = ["''", "''"] as const

const GROUP_COLUMNS: Readonly<Record<GroupBy | 'none', readonly [key: string, name: string]>> = {
  none: NO_GROUP,
  customer: ['customer_id', 'customer_name'],
  vendor: ['customer_id', 'customer_name'],
  currency: ['currency', "''"],
  salesperson: ['salesperson_id', "''"],
}

export const agingItemsSql = (
  { book }: AgingSide,
  groupBy: GroupBy | 'none',
  knowledge: Knowledge,
): string => {
  const [key, name] = GROUP_COLUMNS[groupBy]
  return `
SELECT ${key} AS grp, max(${name}) AS group_name, invoice_date, due_date, disputed AS is_disputed,
  toString(sum(toDecimal128(open_base, 4))) AS base, toString(sum(toDecimal128(open_amount, 4))) AS document,
  toUInt32(countIf(is_first)) AS items
FROM (${openPartsSqlOf(book, knowledge)}) AS open_parts
GROUP BY grp, invoice_date, due_date, is_disputed`
}

/** Nobody sold a payment. */
export const agingCreditsSql = (
  { book }: AgingSide,
  groupBy: GroupBy | 'none',
  knowledge: Knowledge,
): string => {
  const [key, name] = groupBy === 'salesperson' ? NO_GROUP : GROUP_COLUMNS[groupBy]
  return `
SELECT ${key} AS grp, max(${name}) AS group_name, payment_date,
  toString(sum(toDecimal128(unapplied_base, 4))) AS base, toString(sum(toDecimal128(unapplied_amount, 4))) AS document
FROM (${unappliedSqlOf(book, knowledge)}) AS credits
GROUP BY grp, payment_date`
}

const isDefault = (edges: readonly number[]): boolean =>
  edges.length === DEFAULT_EDGES.length && edges.every((edge, i) => edge === DEFAULT_EDGES[i])

export async function readAging(services: Services, question: AgingQuestion): Promise<AgingFigures> {
  const live = await readLiveAging(services, question)
  if (live) return live
  const day = await services.tenants.dayOf(question.tenant, question.asOf)
  return readAgingOfFacts(services, question, day)
}

/** Figures of live values; the same object for the same values. */
const figuresKnown = new WeakMap<AgingValue, Partial<Record<AgingBasis, AgingFigures>>>()

/** Undefined where the processors keep no such figures, or Redis does not have them. */
export async function readLiveAging(
  services: Services,
  question: AgingQuestion,
): Promise<AgingFigures | undefined> {
  const { tenant, asOf, basis, groupBy, side } = question
  const simple =
    question.knownAt === undefined &&
    question.ageCredits === 'none' &&
    (groupBy === undefined || groupBy === side.party) &&
    isDefault(question.edges)
  if (!simple) return undefined
  const values = groupBy ? await services.live.agingByCustomer(tenant, side.live) : undefined
  const total = groupBy ? values?.total : await services.live.agingTotal(tenant, side.live)
  if (!total || (asOf !== undefined && asOf !== total.asOf)) return undefined
  if (values) return figuresOf(total, basis, values)
  const before = figuresKnown.get(total)
  const figures = before?.[basis] ?? figuresOf(total, basis)
  figuresKnown.set(total, { ...before, [basis]: figures })
  return figures
}

function figuresOf(total: AgingValue, basis: AgingBasis, values?: AgingValues): AgingFigures {
  const group = (key: string, value: AgingValue): AgingGroup => ({
    key,
    ...nameOf(value),
    buckets: value[basis].map((text) => parseDecimal(text)),
    unapplied: parseDecimal(value.unapplied),
    disputed: parseDecimal(value.disputed),
    total: parseDecimal(value.total),
    currency: value.currency,
    openItems: value.openItems,
  })
  return {
    asOf: total.asOf,
    knownAt: null,
    watermark: new Date(total.logTime).toISOString(),
    source: 'redis',
    labels: bucketLabels(DEFAULT_EDGES),
    whole: group(TOTAL_FIELD, total),
    groups: values ? sorted([...values.customers].map(([id, value]) => group(id, value))) : undefined,
  }
}

function nameOf({ customerName, vendorName }: AgingValue): { name?: string } {
  const name = customerName ?? vendorName
  return name === undefined ? {} : { name }
}

export async function readAgingOfFacts(
  services: Services,
  question: AgingQuestion,
  day: EpochDay,
): Promise<AgingFigures> {
  const { side, tenant, groupBy, edges } = question
  const asOf = formatDay(day)
  const grouping = groupBy ?? 'none'
  const settings = await services.tenants.settings(tenant)
  const before = question.knownAt === undefined ? null : knownBefore(question.knownAt, settings.zone)
  const knowledge = before === null ? 'now' : 'then'
  const params = { tenant, asOf, ...(before === null ? {} : { knownBefore: before }) }
  const ask = <Row>(name: string, sql: string) => services.clickhouse.rows<Row>({ name, sql, params })
  const [items, credits] = await services.facts.remember(
    tenant,
    `aging|${side.name}|${asOf}|${before ?? ''}|${grouping}`,
    {
      compute: () =>
        Promise.all([
          ask<ItemRow>('aging_items', agingItemsSql(side, grouping, knowledge)),
          ask<CreditRow>('aging_credits', agingCreditsSql(side, grouping, knowledge)),
        ]),
      rowsOf: ([items, credits]) => items.length + credits.length,
    },
  )
  const whole = { key: TOTAL_FIELD, items, credits, column: 'base', currency: settings.currency } as const
  return {
    asOf,
    knownAt: before === null ? null : new Date(before - 1).toISOString(),
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
      const group = sumsOf({ ...own, ...unit }, question, day)
      return inDocuments ? { ...group, totalBase: { amount: totalOf(own, 'base'), currency: base } } : group
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

/** What is open less what is unapplied. */
const totalOf = ({ items, credits }: Pick<Slice, 'items' | 'credits'>, column: Slice['column']): Amount =>
  items.reduce((sum, row) => sum + parseDecimal(row[column]), 0n) -
  credits.reduce((sum, row) => sum + parseDecimal(row[column]), 0n)

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
    total: totalOf({ items, credits }, column),
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
  ...(group.totalBase && { totalBase: toMoney(group.totalBase.amount, group.totalBase.currency) }),
})
