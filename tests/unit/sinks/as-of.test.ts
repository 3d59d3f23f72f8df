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
  type OpenPartRow,
  openItemsSql,
  openPartsSql,
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
  credited,
  disputes,
  failed,
  moved,
  noteAllocated,
  noteCancelled,
  received,
  registered,
  reversed,
  spent,
  T,
  unspent,
  writtenOff,
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
  const key = (row: UnappliedRow) =>
    row.kind === 'payment' ? row.payment_id : `${row.kind} ${row.payment_id}`
  return Object.fromEntries(rows.map((row) => [key(row), row.unapplied_amount]))
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
    title: 'a write-off settles from its day, and never before the invoice counts',
    events: [I, writtenOff('i', '2026-03-20', '30'), writtenOff('i', '2026-03-01', '10', 3)],
    days: {
      '2026-03-09': { open: {} },
      '2026-03-10': { open: { i: '90' } },
      '2026-03-19': { open: { i: '90' } },
      '2026-03-20': { open: { i: '60' } },
    },
  },
  {
    title: 'a write-off of more than is open leaves nothing, not less',
    events: [I, writtenOff('i', '2026-03-20', '130')],
    days: { '2026-03-20': { open: {} } },
  },
  {
    title: 'taxes withheld at source settle with the money, and are gone with it',
    events: [
      I,
      received('p', { date: '2026-03-20', amount: '80', vds: '15', tds: '7', to: { i: '100' } }),
      reversed('p', '2026-03-27'),
    ],
    days: {
      '2026-03-20': { open: {}, unapplied: { p: '2' } },
      '2026-03-27': { open: { i: '100' } },
    },
  },
  {
    title:
      'a credit note settles like a payment, with a payment of its id beside it, and can be allocated later',
    events: [
      I,
      credited('p', { date: '2026-03-15', total: '50', to: { i: '20' } }),
      received('p', { date: '2026-03-16', amount: '10' }),
      noteAllocated('p', '2026-03-18', { i: '25' }),
    ],
    days: {
      '2026-03-14': { open: { i: '100' } },
      '2026-03-15': { open: { i: '80' }, unapplied: { 'credit-note p': '30' } },
      '2026-03-16': { open: { i: '80' }, unapplied: { p: '10', 'credit-note p': '30' } },
      '2026-03-18': { open: { i: '55' }, unapplied: { p: '10', 'credit-note p': '5' } },
    },
  },
  {
    title: 'a credit note waits for an invoice that is not approved yet',
    events: [
      created('i', { date: '2026-03-10', total: '100', status: 'DRAFT' }),
      credited('n', { date: '2026-03-01', total: '50', to: { i: '50' } }),
      approved('i', { date: '2026-03-11', total: '100', on: '2026-05-01' }),
    ],
    days: {
      '2026-03-10': { open: {}, unapplied: { 'credit-note n': '50' } },
      '2026-03-11': { open: { i: '50' } },
    },
  },
  {
    title: 'a cancelled credit note opens what it settled, from that day on',
    events: [
      I,
      credited('n', { date: '2026-03-15', total: '50', to: { i: '40' } }),
      noteCancelled('n', '2026-03-20'),
      credited('never', { date: '2026-03-15', total: '5' }),
      noteCancelled('never', '2026-03-01'),
    ],
    days: {
      '2026-03-19': { open: { i: '60' }, unapplied: { 'credit-note n': '10' } },
      '2026-03-20': { open: { i: '100' } },
    },
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

  it('calls an invoice disputed by the change with the latest effective date, of one day by the later event', async () => {
    await book([
      registered(),
      created('i', { date: '2026-03-10', total: '100', disputed: true }),
      disputes('i', false, '2026-03-20', 2),
      disputes('i', true, '2026-03-25', 3),
      disputes('i', false, '2026-03-25', 4),
      disputes('i', true, '2026-03-22', 5),
    ])
    const disputed = async (day: string) =>
      (await store.query<OpenItemRow>(openItemsSql, at(day)))[0]?.disputed
    const days = ['2026-03-19', '2026-03-20', '2026-03-21', '2026-03-22', '2026-03-24', '2026-03-25']
    expect(await Promise.all(days.map(disputed))).toEqual([true, false, false, true, true, false])
  })

  it('ages instalments by their own due dates, settled from the first; a moved due date is that of the last', async () => {
    await book([
      registered(),
      created('i', {
        date: '2026-01-01',
        due: '2026-01-31',
        total: '100',
        parts: { '2026-03-31': '40', '2026-01-31': '25', '2026-02-28': '35' },
      }),
      received('p', { date: '2026-03-04', amount: '45', to: { i: '45' } }),
      moved('i', '2026-02-10', '2026-03-03'),
    ])
    const due = async (day: string) => (await store.query<AgingRow>(agingSql, at(day)))[0]?.due
    const first = async (day: string) => (await store.query<OpenItemRow>(openItemsSql, at(day)))[0]?.due_date
    expect(await due('2026-01-31')).toEqual(['100', '0', '0', '0', '0'])
    expect(await due('2026-03-01')).toEqual(['40', '60', '0', '0', '0'])
    expect(await due('2026-03-03')).toEqual(['0', '75', '25', '0', '0'])
    expect(await due('2026-03-04')).toEqual(['0', '55', '0', '0', '0'])
    expect(await due('2026-03-13')).toEqual(['0', '35', '20', '0', '0'])
    expect([await first('2026-03-02'), await first('2026-03-04')]).toEqual(['2026-01-31', '2026-02-10'])
    const parts = await store.query<OpenPartRow>(openPartsSql, at('2026-03-04'))
    expect(parts.map((row) => [row.due_date, row.open_amount, row.is_first])).toEqual([
      ['2026-02-10', '20', true],
      ['2026-02-28', '35', false],
    ])
    expect(await due('2026-03-13')).toHaveLength(5)
    expect((await store.query<AgingRow>(agingSql, at('2026-03-13')))[0]).toMatchObject({
      posting: ['0', '0', '0', '55', '0'],
      open_items: 1,
      total: '55',
    })
  })

  it('moves revenue, cash and expenses on the days of the events', async () => {
    await book([
      registered(),
      created('i', { date: '2026-03-10', total: '138', sd: '38' }),
      received('p', { date: '2026-03-12', amount: '90', vds: '8', tds: '2', to: { i: '100' } }),
      credited('n', { date: '2026-03-14', total: '28', vat: '8', to: { i: '28' } }),
      writtenOff('i', '2026-03-16', '10'),
      spent('e', '2026-03-11', '70'),
      unspent('e', '2026-03-17'),
      spent('f', '2026-03-11', '5'),
      unspent('f', '2026-03-01'),
      unspent('recorded', '2026-03-12'),
    ])
    const rows = await store.query<DailyFiguresRow>(dailyFiguresSql, at('2026-03-31'))
    const moves = rows.map(({ day, ...figures }) => [
      day.slice(5),
      Object.fromEntries(Object.entries(figures).filter(([, value]) => Number(value) !== 0)),
    ])
    expect(Object.fromEntries(moves)).toMatchObject({
      '03-10': { net_revenue: '100', sales: '138', receivables: '138', paid_revenue: '100', invoices: 1 },
      '03-11': { expenses: '70' },
      '03-12': { cash_in: '90', receivables: '-100' },
      '03-14': { net_revenue: '-20', sales: '-28', receivables: '-28', paid_revenue: '-20' },
      '03-16': { receivables: '-10' },
      '03-17': { expenses: '-70' },
    })
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
        const keyOf = (row: { id: string; kind?: string }) => `${row.kind} ${row.id}`
        const byId = <R extends { id: string; kind?: string }>(rows: readonly R[]) =>
          [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
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
        }).toEqual({ day, items: byId(items.map((item) => ({ ...item, parts: undefined }))) })
        const found = await store.query<OpenPartRow>(openPartsSql, at(day))
        const partsOf = (id: string) => found.filter((row) => row.invoice_id === id)
        expect(
          items.map(({ id }) => ({
            id,
            parts: partsOf(id).map((row) => ({
              due: parseDay(row.due_date),
              open: parseDecimal(row.open_amount),
              base: parseDecimal(row.open_base),
            })),
          })),
        ).toEqual(items.map(({ id, parts }) => ({ id, parts })))
        expect(found.filter((row) => row.is_first)).toHaveLength(items.length)
        const left = await store.query<UnappliedRow>(unappliedSql, at(day))
        expect({
          day,
          credits: byId(
            left.map((row) => ({
              kind: row.kind,
              id: row.payment_id,
              left: parseDecimal(row.unapplied_amount),
              base: parseDecimal(row.unapplied_base),
            })),
          ),
        }).toEqual({ day, credits: byId(credits) })
        const aging = await store.query<AgingRow>(agingSql, at(day))
        const buckets = Array.from({ length: 5 }, () => 0n)
        for (const item of items) {
          for (const part of item.parts) {
            const index = bucketIndex(day, part.due, DEFAULT_EDGES)
            buckets[index] = (buckets[index] ?? 0n) + part.base
          }
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
            customers: row.customers,
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
        customers: 0,
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
