import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { FinanceEvent } from '../../../schemas/generated/records.ts'
import { bucketIndex, DEFAULT_EDGES } from '../../../schemas/rules/aging.ts'
import { minorDigits, parseDecimal } from '../../../schemas/values/amount.ts'
import { formatDay, parseDay } from '../../../schemas/values/calendar.ts'
import { digitsOf } from '../../../sinks/clickhouse/as-of.ts'
import {
  type AgingRow,
  agingSql,
  type DailyFiguresRow,
  dailyFiguresSql,
  type OpenItemRow,
  openItemsSql,
  type UnappliedRow,
  unappliedSql,
} from '../../../sinks/clickhouse/contract.ts'
import { factRow } from '../../../sinks/clickhouse/facts-mapping.ts'
import { migrate } from '../../../sinks/clickhouse/migrate.ts'
import { type ChdbStore, openChdb } from './support/chdb-store.ts'
import {
  allocated,
  approved,
  cancelled,
  created,
  failed,
  moved,
  received,
  registered,
  reversed,
  T,
} from './support/events.ts'
import { quietLog } from './support/harness.ts'
import { booksOn, controlAccountOn, figuresUpTo } from './support/plain-books.ts'
import { FIRST, history, SPAN } from './support/random-books.ts'

let store: ChdbStore
beforeAll(async () => {
  store = openChdb()
  await migrate(store, quietLog)
})
afterAll(() => store.close())
beforeEach(() => store.command('TRUNCATE TABLE finance.event_log'))

async function book(events: readonly FinanceEvent[]): Promise<void> {
  const rows = events.map((event, offset) =>
    factRow(
      event,
      { topic: 'e', partition: 0, offset, timestamp: 0, key: null, value: null, headers: {} },
      1,
    ),
  )
  await store.insert({ table: 'finance.event_log', rows, token: String(Math.random()) })
}

const at = (asOf: string | number) => ({
  tenant: T,
  asOf: typeof asOf === 'number' ? formatDay(asOf) : asOf,
  edges: DEFAULT_EDGES,
})
const openOn = async (asOf: string | number): Promise<Record<string, string>> => {
  const rows = await store.query<OpenItemRow>(openItemsSql, at(asOf))
  return Object.fromEntries(rows.map((row) => [row.invoice_id, row.open_amount]))
}
const unappliedOn = async (asOf: string): Promise<Record<string, string>> => {
  const rows = await store.query<UnappliedRow>(unappliedSql, at(asOf))
  return Object.fromEntries(rows.map((row) => [row.payment_id, row.unapplied_amount]))
}

/** What is open and unapplied on days, by hand. */
interface Case {
  readonly title: string
  readonly events: readonly FinanceEvent[]
  readonly days: Readonly<
    Record<string, { open: Record<string, string>; unapplied?: Record<string, string> }>
  >
}

const I = created('i', { date: '2026-03-10', due: '2026-04-09', total: '100' })

const CASES: readonly Case[] = [
  {
    title: 'an invoice counts from its date, that day included',
    events: [I],
    days: { '2026-03-09': { open: {} }, '2026-03-10': { open: { i: '100' } } },
  },
  {
    title: 'a draft counts when it is approved, from the invoice date, with what the approval says',
    events: [
      created('i', { date: '2026-03-10', total: '90', status: 'DRAFT' }),
      created('never', { date: '2026-03-10', total: '90', status: 'DRAFT' }),
      approved('i', { date: '2026-03-11', total: '100', on: '2026-05-01' }),
    ],
    days: { '2026-03-10': { open: {} }, '2026-03-11': { open: { i: '100' } } },
  },
  {
    title: 'a payment settles from its day, and the rest of it is unapplied',
    events: [I, received('p', { date: '2026-03-20', amount: '70', to: { i: '60' } })],
    days: {
      '2026-03-19': { open: { i: '100' } },
      '2026-03-20': { open: { i: '40' }, unapplied: { p: '10' } },
    },
  },
  {
    title:
      'an allocation before the invoice date waits for the invoice, and its money is unapplied until then',
    events: [I, received('p', { date: '2026-03-01', amount: '100', to: { i: '100' } })],
    days: {
      '2026-02-28': { open: {} },
      '2026-03-09': { open: {}, unapplied: { p: '100' } },
      '2026-03-10': { open: {} },
    },
  },
  {
    title: 'an allocation to an invoice that nobody knows stays unapplied',
    events: [I, received('p', { date: '2026-03-20', amount: '100', to: { elsewhere: '100' } })],
    days: { '2026-03-20': { open: { i: '100' }, unapplied: { p: '100' } } },
  },
  {
    title: 'a later allocation counts from its own day',
    events: [
      I,
      received('p', { date: '2026-03-20', amount: '100' }),
      allocated('p', '2026-03-25', { i: '30' }),
    ],
    days: {
      '2026-03-24': { open: { i: '100' }, unapplied: { p: '100' } },
      '2026-03-25': { open: { i: '70' }, unapplied: { p: '70' } },
    },
  },
  {
    title: 'a reversal ends money and settlements on its day',
    events: [
      I,
      received('p', { date: '2026-03-20', amount: '80', to: { i: '60' } }),
      reversed('p', '2026-03-27'),
    ],
    days: {
      '2026-03-26': { open: { i: '40' }, unapplied: { p: '20' } },
      '2026-03-27': { open: { i: '100' } },
    },
  },
  {
    title: 'a reversal dated before the payment means that it never counted',
    events: [
      I,
      received('p', { date: '2026-03-20', amount: '80', to: { i: '60' } }),
      reversed('p', '2026-03-01'),
    ],
    days: { '2026-03-20': { open: { i: '100' } }, '2026-04-20': { open: { i: '100' } } },
  },
  {
    title: 'a failed payment counts on no day, before the failure was known neither',
    events: [
      I,
      received('p', { date: '2026-03-20', amount: '80', to: { i: '60' } }),
      failed('p', '2026-03-27'),
    ],
    days: { '2026-03-21': { open: { i: '100' } }, '2026-03-28': { open: { i: '100' } } },
  },
  {
    title: 'a cancelled invoice leaves on its day and gives the money back to the payment',
    events: [
      I,
      received('p', { date: '2026-03-20', amount: '60', to: { i: '60' } }),
      cancelled('i', '2026-03-30'),
    ],
    days: {
      '2026-03-29': { open: { i: '40' } },
      '2026-03-30': { open: {}, unapplied: { p: '60' } },
    },
  },
  {
    title: 'an invoice cancelled before its date never counts',
    events: [I, cancelled('i', '2026-03-01')],
    days: { '2026-03-10': { open: {} }, '2026-04-10': { open: {} } },
  },
  {
    title: 'a future date is welcome and counts when the day comes',
    events: [created('i', { date: '2031-01-01', total: '5' })],
    days: { '2030-12-31': { open: {} }, '2031-01-01': { open: { i: '5' } } },
  },
]

describe('receivables as of a day, in SQL', () => {
  for (const { title, events, days } of CASES) {
    it(title, async () => {
      await book([registered(), ...events])
      for (const [day, { open, unapplied }] of Object.entries(days)) {
        expect({ day, open: await openOn(day), unapplied: await unappliedOn(day) }).toEqual({
          day,
          open,
          unapplied: unapplied ?? {},
        })
      }
    })
  }

  it('uses a new due date from its effective date on; of two, the one with the later effective date', async () => {
    await book([
      registered(),
      I,
      moved('i', '2026-06-30', '2026-05-01', 2),
      moved('i', '2026-05-15', '2026-04-01', 3),
    ])
    const due = async (day: string) => (await store.query<OpenItemRow>(openItemsSql, at(day)))[0]?.due_date
    expect(await due('2026-03-31')).toBe('2026-04-09')
    expect(await due('2026-04-01')).toBe('2026-05-15')
    expect(await due('2026-04-30')).toBe('2026-05-15')
    expect(await due('2026-05-01')).toBe('2026-06-30')
  })

  it('turns what is open into the base currency, half away from zero', async () => {
    // 10.10 at 1.05 = 10.605; 0.01 at 0.5 = 0.005; 0.01 at 0.49 = 0.0049.
    const usd = (id: string, total: string, rate: bigint) =>
      created(id, { date: '2026-03-10', total, currency: 'USD', rate })
    await book([
      registered(),
      usd('a', '10.10', 105_000_000n),
      usd('b', '0.01', 50_000_000n),
      usd('c', '0.01', 49_000_000n),
    ])
    const rows = await store.query<OpenItemRow>(openItemsSql, at('2026-03-10'))
    expect(rows.map((row) => [row.invoice_id, row.open_base])).toEqual([
      ['a', '10.61'],
      ['b', '0.01'],
      ['c', '0'],
    ])
  })

  it('puts an invoice into the bucket of its age, on both bases', async () => {
    await book([
      registered(),
      created('i', { date: '2026-03-01', due: '2026-03-31', total: '100', disputed: true }),
      received('p', { date: '2026-03-05', amount: '30' }),
    ])
    const row = async (day: string) => (await store.query<AgingRow>(agingSql, at(day)))[0]
    expect(await row('2026-03-31')).toMatchObject({
      due: ['100', '0', '0', '0', '0'],
      posting: ['0', '100', '0', '0', '0'],
    })
    expect(await row('2026-04-01')).toMatchObject({
      due: ['0', '100', '0', '0', '0'],
      posting: ['0', '0', '100', '0', '0'],
    })
    expect(await row('2026-04-30')).toMatchObject({
      due: ['0', '100', '0', '0', '0'],
      posting: ['0', '0', '100', '0', '0'],
    })
    expect(await row('2026-05-01')).toMatchObject({
      due: ['0', '0', '100', '0', '0'],
      posting: ['0', '0', '0', '100', '0'],
    })
    expect(await row('2026-06-30')).toMatchObject({
      due: ['0', '0', '0', '0', '100'],
      posting: ['0', '0', '0', '0', '100'],
    })
    expect(await row('2026-06-30')).toMatchObject({
      unapplied: '-30',
      disputed: '100',
      total: '70',
      open_items: 1,
    })
  })

  it('knows nothing of other tenants', async () => {
    await book([registered(), created('i', { date: '2026-03-01', total: '1', tenant: 'other' })])
    expect(await openOn('2026-04-01')).toEqual({})
  })

  it('knows the minor digits of every currency as schemas/values does', async () => {
    const codes = [
      'BDT',
      'USD',
      'JPY',
      'KRW',
      'VND',
      'CLP',
      'ISK',
      'UGX',
      'XAF',
      'XOF',
      'PYG',
      'RWF',
      'KWD',
      'BHD',
      'OMR',
      'JOD',
      'TND',
      'IQD',
      'LYD',
      'EUR',
    ]
    const [found] = await store.query<Record<string, number>>(
      `SELECT ${codes.map((code) => `${digitsOf(`'${code}'`)} AS ${code}`).join(', ')}`,
    )
    expect(found).toEqual(Object.fromEntries(codes.map((code) => [code, minorDigits(code)])))
  })
})

const SEEDS = Number(process.env['NIKASH_SEED'] ?? 20_261_123)

describe('receivables as of a day, in SQL against a plain recomputation', () => {
  for (let n = 0; n < 2; n++) {
    const seed = SEEDS + n
    it(`agrees on every amount of random books (seed ${seed})`, async () => {
      const events = history(seed)
      await book(events)
      for (let step = 0; step < 6; step++) {
        const day = FIRST + Math.floor((step * SPAN) / 5)
        const { items, credits } = booksOn(events, day)
        const open = await store.query<OpenItemRow>(openItemsSql, at(day))
        const byId = <R extends { id: string }>(rows: readonly R[]) =>
          [...rows].sort((a, b) => (a.id < b.id ? -1 : 1))
        expect({
          day,
          items: byId(
            open.map((row) => ({
              id: row.invoice_id,
              customer: row.customer_id,
              due: parseDay(row.due_date),
              open: parseDecimal(row.open_amount),
              base: parseDecimal(row.open_base),
              disputed: row.disputed,
            })),
          ),
        }).toEqual({ day, items: byId(items) })
        const left = await store.query<UnappliedRow>(unappliedSql, at(day))
        expect({
          day,
          credits: byId(
            left.map((row) => ({
              id: row.payment_id,
              left: parseDecimal(row.unapplied_amount),
              base: parseDecimal(row.unapplied_base),
            })),
          ),
        }).toEqual({ day, credits: byId(credits) })
        const aging = await store.query<AgingRow>(agingSql, at(day))
        const buckets = Array.from({ length: 5 }, () => 0n)
        for (const item of items) {
          const index = bucketIndex(day, item.due, DEFAULT_EDGES)
          buckets[index] = (buckets[index] ?? 0n) + item.base
        }
        const summed = (pick: (row: AgingRow) => string) =>
          aging.reduce((sum, row) => sum + parseDecimal(pick(row)), 0n)
        expect(buckets.map((_, i) => summed((row) => row.due[i] ?? '0'))).toEqual(buckets)
        expect(summed((row) => row.total)).toBe(controlAccountOn(events, day))
      }
    })

    it(`agrees on every day's movements of random books (seed ${seed})`, async () => {
      const events = history(seed)
      await book(events)
      const asOf = FIRST + Math.floor(SPAN * 0.7)
      const rows = await store.query<DailyFiguresRow>(dailyFiguresSql, at(asOf))
      const found = new Map(
        rows.map((row) => [
          parseDay(row.day),
          {
            netRevenue: parseDecimal(row.net_revenue),
            sales: parseDecimal(row.sales),
            paidRevenue: parseDecimal(row.paid_revenue),
            cashIn: parseDecimal(row.cash_in),
            expenses: parseDecimal(row.expenses),
            receivables: parseDecimal(row.receivables),
            invoices: row.invoices,
          },
        ]),
      )
      const wanted = figuresUpTo(events, asOf, FIRST)
      const none = {
        netRevenue: 0n,
        sales: 0n,
        paidRevenue: 0n,
        cashIn: 0n,
        expenses: 0n,
        receivables: 0n,
        invoices: 0,
      }
      for (let day = FIRST; day <= asOf; day++) {
        expect({ day: formatDay(day), ...(found.get(day) ?? none) }).toEqual({
          day: formatDay(day),
          ...(wanted.get(day) ?? none),
        })
      }
    })
  }
})
