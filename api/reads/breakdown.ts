/**
 * A KPI of flows, taken apart: the documents of explain.ts, summed by what they are cut by. Shares their rows, so the parts
 * sum to the KPI as the documents do.
 * B1: parts + others = the KPI, exactly. B2: by product the base amount of a document is split by its lines: a line has what
 * the lines up to it are worth less what those before it are, each rounded as a document is, and what the lines do not
 * say (a document without lines) has no product. B3: documents that do not state what they are cut by are one part without
 * a key.
 */
import { minorDigits, type Amount, parseDecimal } from '../../schemas/values/amount.ts'
import { soldLinesSql } from '../../sinks/clickhouse/contract.ts'
import type { Services } from '../services.ts'
import { type Origin, ORIGINS, rowsSql, type Slice } from './explain.ts'

export const DIMENSIONS = ['customer', 'product', 'category', 'department', 'vendor'] as const
export type Dimension = (typeof DIMENSIONS)[number]

const REVENUE: Partial<Record<Dimension, Slice>> = {
  customer: ['customer_id', 'customer_name'],
  product: [`''`, `''`],
  category: ['toString(category)', 'toString(category)'],
}
const EXPENSES: Partial<Record<Dimension, Slice>> = {
  category: ['toString(category)', 'toString(category)'],
  department: ['toString(department)', 'toString(department)'],
  vendor: ['vendor_id', 'vendor_name'],
}

/** KPIs that can be taken apart: the input that they are, and what it can be cut by. */
export const BREAKDOWNS: Readonly<
  Record<string, { readonly input: string; readonly by: Partial<Record<Dimension, Slice>> }>
> = {
  totalRevenue: { input: 'paidInvoices', by: REVENUE },
  netRevenue: { input: 'invoiced', by: REVENUE },
  totalExpenses: { input: 'approvedExpenses', by: EXPENSES },
}

export interface BreakdownQuestion {
  readonly tenant: string
  readonly kpi: keyof typeof BREAKDOWNS
  readonly by: Dimension
  readonly from: string
  readonly to: string
  /** Day as of which invoices are paid. */
  readonly asOf: string
  readonly currency: string
  readonly limit: number
}

export interface BreakdownPart {
  /** Null: not stated by the documents. */
  readonly key: string | null
  readonly name: string | null
  readonly amount: Amount
}

export interface Breakdown {
  /** Largest first. */
  readonly parts: readonly BreakdownPart[]
  readonly others: { readonly amount: Amount; readonly count: number }
  readonly total: Amount
}

interface Row {
  readonly slice: string
  readonly title: string
  readonly amount: string
  readonly total: string
  readonly slices: number
}

/** B2. */
const productsSql = (rows: string, digits: number): string => `
  SELECT part.1 AS slice, '' AS title, part.2 AS amount
  FROM (
    SELECT toDecimal128(documents.amount, 4) AS whole, if(whole < 0, -1, 1) AS sign, documents.rate AS fx_rate,
      arrayMap(x -> ifNull(x.1, ''), lines.items) AS products,
      arrayMap(x -> round(x * toDecimal128(fx_rate, 8), ${digits}),
        arrayCumSum(arrayMap(x -> toDecimal128(x.2, 4), lines.items))) AS worth,
      arrayMap((now, before) -> sign * (now - before), worth, arrayPopBack(arrayPushFront(worth, 0))) AS parts,
      arrayPushBack(arrayZip(products, parts), ('', whole - arraySum(parts))) AS split
    FROM (${rows}) AS documents
    LEFT JOIN (${soldLinesSql(`SELECT id FROM (${rows})`)}) AS lines
      ON lines.id = documents.id AND lines.entity_name = if(startsWith(documents.kind, 'credit_note'), 'credit-note', 'invoice')
  )
  ARRAY JOIN split AS part`

function breakdownSql(origin: Origin, by: Dimension, cut: Slice, currency: string): string {
  const rows = rowsSql(origin, currency, cut)
  const parts = by === 'product' ? productsSql(rows, minorDigits(currency)) : rows
  const named =
    by === 'product'
      ? `LEFT JOIN (SELECT product_id, name FROM finance.dim_products WHERE tenant_id = {tenant:String}) AS master
  ON master.product_id = slices.slice`
      : ''
  return `
SELECT slice, ${named === '' ? 'slices.title' : 'master.name'} AS title, toString(slices.amount) AS amount,
  toString(slices.total) AS total, toUInt32(slices.slices) AS slices
FROM (
  SELECT slice, max(part_title) AS title, sum(part_amount) AS amount, sum(amount) OVER () AS total, count() OVER () AS slices
  FROM (SELECT slice, title AS part_title, toDecimal128(amount, 4) AS part_amount FROM (${parts}))
  GROUP BY slice
  HAVING sum(part_amount) != 0
  ORDER BY amount DESC, slice
  LIMIT {rows:UInt32}
) AS slices
${named}
ORDER BY slices.amount DESC, slice`
}

export async function readBreakdown(services: Services, question: BreakdownQuestion): Promise<Breakdown> {
  const { tenant, kpi, by, from, to, asOf, currency, limit } = question
  const known = BREAKDOWNS[kpi]
  const [origin, cut] = [ORIGINS[known?.input ?? ''], known?.by[by]]
  if (origin === undefined || cut === undefined) throw new Error(`${kpi} has no breakdown by ${by}`)
  const rows = await services.facts.remember(
    tenant,
    `breakdown|${[kpi, by, from, to, asOf, limit].join('|')}`,
    {
      compute: () =>
        services.clickhouse.rows<Row>({
          name: 'breakdown',
          sql: breakdownSql(origin, by, cut, currency),
          params: { tenant, from, to, asOf, rows: limit },
        }),
      rowsOf: (all) => all.length,
    },
  )
  const parts = rows.map(({ slice, title, amount }) => ({
    key: slice === '' ? null : slice,
    name: title === '' ? null : title,
    amount: parseDecimal(amount),
  }))
  const [first] = rows
  const total = parseDecimal(first?.total ?? '0')
  return {
    parts,
    others: {
      amount: total - parts.reduce((sum, { amount }) => sum + amount, 0n),
      count: (first?.slices ?? 0) - parts.length,
    },
    total,
  }
}
