/**
 * What the API reads from the facts, over chdb: documents behind a KPI sum to the figure that they explain, and aging
 * by own edges is that of the plain books, for random companies of a command service.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readAging } from '../../../../api/reads/aging.ts'
import { RECEIVABLES } from '../../../../api/reads/aging-sides.ts'
import { ORIGINS, pageSql, type SourceRow, totalSql, type TotalRow } from '../../../../api/reads/explain.ts'
import type { Services } from '../../../../api/services.ts'
import { ageItems } from '../../../../schemas/rules/aging.ts'
import { parseDecimal } from '../../../../schemas/values/amount.ts'
import { formatDay, parseDay } from '../../../../schemas/values/calendar.ts'
import { factRow } from '../../../../sinks/clickhouse/facts-mapping.ts'
import { migrate } from '../../../../sinks/clickhouse/migrate.ts'
import { type ChdbStore, openChdb } from '../../sinks/support/chdb-store.ts'
import { T } from '../../sinks/support/events.ts'
import { quietLog } from '../../sinks/support/harness.ts'
import { booksOn, controlAccountOn, figuresUpTo } from '../../sinks/support/plain-books.ts'
import { FIRST, history, SPAN } from '../../sinks/support/random-books.ts'

const SEED = Number(process.env['NIKASH_SEED'] ?? 20_261_128)
const events = history(SEED)
const ASOF = FIRST + Math.floor(SPAN * 0.8)
const FROM = FIRST + Math.floor(SPAN * 0.3)
let store: ChdbStore

beforeAll(async () => {
  store = openChdb()
  await migrate(store, quietLog)
  const record = { topic: 'e', partition: 0, timestamp: 0, key: null, value: null, headers: {} }
  const rows = events.map((event, offset) => factRow(event, { ...record, offset }, 1))
  await store.insert({ table: 'finance.event_log', rows, token: 'all' })
}, 60_000)
afterAll(() => store.close())

const REVENUE = ['invoice', 'invoice_cancelled', 'credit_note', 'credit_note_cancelled'] as const

const sumOf = (pick: 'netRevenue' | 'sales' | 'paidRevenue' | 'cashIn' | 'expenses'): bigint =>
  [...figuresUpTo(events, ASOF, FIRST)].reduce(
    (sum, [day, figures]) => (day >= FROM ? sum + figures[pick] : sum),
    0n,
  )

describe(`the documents behind a KPI (seed ${SEED})`, () => {
  const params = { tenant: T, from: formatDay(FROM), to: formatDay(ASOF), asOf: formatDay(ASOF) }
  it.each([
    ['invoiced', () => sumOf('netRevenue'), REVENUE],
    ['sales', () => sumOf('sales'), REVENUE],
    ['paidInvoices', () => sumOf('paidRevenue'), ['invoice', 'credit_note']],
    ['receipts', () => sumOf('cashIn'), ['payment', 'payment_reversed']],
    ['approvedExpenses', () => sumOf('expenses'), ['expense', 'expense_cancelled']],
    [
      'closingReceivables',
      () => controlAccountOn(events, ASOF),
      ['open_invoice', 'unapplied_payment', 'unapplied_credit_note'],
    ],
  ] as const)('sum to its input %s', async (input, expected, kinds) => {
    const origin = ORIGINS[input]
    if (origin === undefined) throw new Error(`no origin of ${input}`)
    const [total] = await store.query<TotalRow>(totalSql(origin, 'BDT'), params)
    expect(parseDecimal(total?.amount ?? '')).toBe(expected())
    // The store of tests has text alone for parameters.
    const sql = pageSql(origin, 'BDT').replace('{rows:UInt32}', '1000')
    const page = { afterDay: '1900-01-01', afterId: '', afterKind: '' }
    const rows = await store.query<SourceRow>(sql, { ...params, ...page })
    expect(rows).toHaveLength(total?.rows ?? Number.NaN)
    expect(rows.reduce((sum, { amount }) => sum + parseDecimal(amount), 0n)).toBe(expected())
    expect(kinds).toEqual(expect.arrayContaining([...new Set(rows.map(({ kind }) => kind))]))
  })
})

describe(`aging from the facts (seed ${SEED})`, () => {
  const services = {
    live: { agingTotal: async () => undefined, agingByCustomer: async () => undefined },
    tenants: {
      dayOf: async (_: string, asOf: string) => parseDay(asOf),
      settings: async () => ({ currency: 'BDT' }),
    },
    facts: { remember: (_: string, __: string, { compute }: { compute: () => unknown }) => compute() },
    clickhouse: {
      rows: ({ sql, params }: { sql: string; params: Record<string, string> }) => store.query(sql, params),
    },
  } as unknown as Services

  it.each(['due', 'posting'] as const)('is that of the plain books, on basis %s', async (basis) => {
    const edges = [10, 45]
    const question = {
      side: RECEIVABLES,
      tenant: T,
      asOf: formatDay(ASOF),
      basis,
      groupBy: 'customer',
      ageCredits: 'none',
      edges,
    } as const
    const { whole, groups } = await readAging(services, question)
    const { items } = booksOn(events, ASOF)
    const born = new Map(
      events.flatMap(({ data }) =>
        'invoiceDate' in data ? [[data.aggregateId, data.invoiceDate] as const] : [],
      ),
    )
    const aged = items.flatMap(({ id, base, parts }) =>
      basis === 'due'
        ? parts.map((part) => ({ anchor: part.due, amount: part.base }))
        : [{ anchor: born.get(id) ?? 0, amount: base }],
    )
    expect(whole.buckets).toEqual(ageItems(aged, ASOF, edges))
    expect([whole.openItems, whole.total]).toEqual([items.length, controlAccountOn(events, ASOF)])
    expect(groups?.reduce((sum, group) => sum + group.openItems, 0)).toBe(items.length)
  })
})
