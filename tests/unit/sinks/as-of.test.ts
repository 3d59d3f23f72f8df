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
  spent,
  T,
} from './support/events.ts'
import { quietLog } from './support/harness.ts'
import { booksOn, controlAccountOn, figuresUpTo } from './support/plain-books.ts'

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

/** Mulberry32: a small seeded generator, so that a failure can be played again. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }
}

const FIRST = parseDay('2025-12-20')
const SPAN = 120

/** Events that a command service would let through, in an order that need not be that of their dates. */
function history(seed: number): FinanceEvent[] {
  const next = random(seed)
  const day = () => formatDay(FIRST + next(SPAN))
  const later: FinanceEvent[] = []
  const events: FinanceEvent[] = [registered()]
  const left = new Map<string, { cents: number; currency: string; rate: bigint }>()
  for (let n = 0; n < 40; n++) {
    const id = `i${n}`
    const cents = 1 + next(100_000)
    const currency = next(3) === 0 ? 'USD' : 'BDT'
    const rate = currency === 'USD' ? BigInt(11_000_000_000 + next(999_999_999)) : 100_000_000n
    const date = day()
    const total = (cents / 100).toFixed(2)
    const fields = {
      date,
      due: formatDay(parseDay(date) + next(60)),
      total,
      currency,
      rate,
      customer: `c${next(5)}`,
    }
    const kind = next(10)
    left.set(id, { cents, currency, rate })
    if (kind < 2) {
      events.push(created(id, { ...fields, status: 'DRAFT', disputed: next(2) === 0 }))
      if (kind === 0) events.push(approved(id, { ...fields, on: day() }))
    } else events.push(created(id, { ...fields, disputed: next(5) === 0 }))
    let version = 3
    if (kind > 5) later.push(moved(id, day(), day(), version++))
    if (kind > 7) later.push(moved(id, day(), day(), version++))
    if (kind === 9) later.push(cancelled(id, day(), version))
  }
  for (let n = 0; n < 40; n++) {
    const id = `p${n}`
    const target = `i${next(44)}`
    const open = left.get(target) ?? { cents: 5_000, currency: 'BDT', rate: 100_000_000n }
    const part = next(2) === 0 ? open.cents : next(open.cents + 1)
    const extra = next(3) === 0 ? next(500) : 0
    if (part + extra === 0) continue
    const text = (cents: number) => (cents / 100).toFixed(2)
    // The rate of a payment is that of its own day.
    const rate = open.currency === 'USD' ? BigInt(11_000_000_000 + next(999_999_999)) : open.rate
    const date = day()
    const now = next(3) === 0 || part === 0 ? {} : { to: { [target]: text(part) } }
    const fields = {
      date,
      amount: text(part + extra),
      currency: open.currency,
      rate,
      customer: `c${next(5)}`,
      ...now,
    }
    const payment = received(id, fields)
    events.splice(next(events.length), 0, payment)
    const fate = next(8)
    if (left.has(target)) left.set(target, { ...open, cents: open.cents - part })
    if (!('to' in now) && part > 0) {
      const on = formatDay(parseDay(date) + next(20))
      later.push(allocated(id, on, { [target]: text(part) }))
    }
    if (fate === 0) later.push(reversed(id, day(), 9))
    if (fate === 1) later.push(failed(id, day(), 9))
  }
  for (let n = 0; n < 8; n++) events.push(spent(`e${n}`, day(), String(1 + next(900))))
  return [...events, ...later]
}

const SEEDS = Number(process.env['NIKASH_SEED'] ?? 20_261_123)

describe('receivables as of a day, in SQL against a plain recomputation', () => {
  for (let n = 0; n < 4; n++) {
    const seed = SEEDS + n
    it(`agrees on every amount of random books (seed ${seed})`, async () => {
      const events = history(seed)
      await book(events)
      for (let step = 0; step < 8; step++) {
        const day = FIRST + Math.floor((step * SPAN) / 7)
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
