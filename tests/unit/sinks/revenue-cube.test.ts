/** finance.revenue_cube (C-1) against a table worked by hand: no invoice in two cells, no unpaid one in any. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { FinanceEvent } from '../../../schemas/generated/records.ts'
import { factRow } from '../../../sinks/clickhouse/facts-mapping.ts'
import { migrate } from '../../../sinks/clickhouse/migrate.ts'
import { type ChdbStore, openChdb } from './support/chdb-store.ts'
import { created, received, registered } from './support/events.ts'
import { quietLog } from './support/harness.ts'

type Cell = readonly [date: string, customer: string, category: string, product: string]

const sold = (id: string, [date, customer, category, productCategory]: Cell, total: string) => {
  const one = created(id, { date, customer, total })
  return { ...one, data: { ...one.data, category, productCategory } } as FinanceEvent
}
const paid = (id: string, customer: string, amount: string, date = '2026-01-20') =>
  received(`p-${id}`, { date, amount, customer, to: { [id]: amount } })

const EVENTS: FinanceEvent[] = [
  registered(),
  // One cell with two invoices, whose average needs its decimals; its neighbours differ in one dimension each.
  sold('a1', ['2026-01-05', 'c1', 'goods', 'rice'], '10'),
  sold('a2', ['2026-01-05', 'c1', 'goods', 'rice'], '10.01'),
  sold('b', ['2026-01-06', 'c1', 'goods', 'rice'], '20'),
  sold('c', ['2026-01-05', 'c2', 'goods', 'rice'], '40'),
  sold('d', ['2026-01-05', 'c1', 'services', 'rice'], '80'),
  sold('e', ['2026-01-05', 'c1', 'goods', 'oil'], '160'),
  // Paid in part, and not at all: no revenue in this sense.
  sold('f', ['2026-01-05', 'c1', 'goods', 'rice'], '320'),
  sold('g', ['2026-01-07', 'c3', 'goods', 'salt'], '640'),
  ...[
    ['a1', 'c1', '10'],
    ['a2', 'c1', '10.01'],
    ['b', 'c1', '20'],
    ['c', 'c2', '40'],
    ['d', 'c1', '80'],
    ['e', 'c1', '160'],
    ['f', 'c1', '319.99'],
  ].map(([id = '', customer = '', amount = '']) => paid(id, customer, amount)),
]

let store: ChdbStore
beforeAll(async () => {
  store = openChdb()
  await migrate(store, quietLog)
  const record = { topic: 'e', partition: 3, timestamp: 0, key: null, value: null, headers: {} }
  const rows = EVENTS.map((one, offset) => factRow(one, { ...record, offset }, 1))
  await store.insert({ table: 'finance.event_log', rows, token: 'all' })
})
afterAll(() => store.close())

describe('finance.revenue_cube', () => {
  it('has a cell for each day, customer, category and product category with a paid invoice', async () => {
    const cells = await store.query<Record<string, string | number>>(
      `SELECT toString(date) AS day, customer_id, category, product_category, toUInt32(invoice_count) AS n, toString(revenue) AS revenue, toString(average) AS average
FROM finance.revenue_cube ORDER BY revenue_cube.revenue, revenue_cube.date`,
    )
    expect(cells.map((cell) => Object.values(cell).join(' '))).toEqual([
      '2026-01-06 c1 goods rice 1 20 20',
      '2026-01-05 c1 goods rice 2 20.01 10.005',
      '2026-01-05 c2 goods rice 1 40 40',
      '2026-01-05 c1 services rice 1 80 80',
      '2026-01-05 c1 goods oil 1 160 160',
    ])
  })

  it('adds up along every dimension to the same total: that of the paid invoices', async () => {
    for (const dimension of ['date', 'customer_id', 'category', 'product_category']) {
      const [row] = await store.query<{ revenue: string; n: number }>(
        `SELECT toString(sum(part)) AS revenue, toUInt32(sum(count)) AS n FROM (
  SELECT ${dimension}, sum(revenue) AS part, sum(invoice_count) AS count FROM finance.revenue_cube GROUP BY ${dimension})`,
      )
      expect([dimension, row]).toEqual([dimension, { revenue: '320.01', n: 6 }])
    }
  })
})
