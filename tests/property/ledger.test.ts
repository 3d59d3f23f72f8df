/**
 * Random lives of a business over all contexts that post, decided by the product and judged by plain sums over the
 * entries: debits = credits in every prefix, the trial balance nets to zero on every day, receivables are what the
 * documents say, refused commands leave nothing, and a replay of the events gives the same books.
 */
import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { DomainEvent } from '../../producers/kernel/events.ts'
import { Session } from '../../producers/kernel/session.ts'
import { Chart } from '../../producers/ledger/chart.ts'
import { formatDay, parseDay } from '../../schemas/values/calendar.ts'
import { MemoryBooks } from '../support/memory-books.ts'

const NOW = '2026-11-23T06:00:00Z'
const FIRST = parseDay('2025-06-01')
const LAST = parseDay('2026-11-23')
const IDS = ['1', '2', '3', '4']

type Step = readonly [name: string, body: object, id?: string]

const id = fc.constantFrom(...IDS)
const date = fc.integer({ min: FIRST, max: LAST }).map(formatDay)
const taka = fc
  .integer({ min: 1, max: 99_999 })
  .map((poisha) => `${Math.floor(poisha / 100)}.${String(poisha % 100).padStart(2, '0')}`)
const money = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('110.125', '118.7', '99.99999999')
      .map((fxRate) => ({ currency: 'USD', fxRate })),
  },
)
const account = fc.constantFrom('1101', '1110', '1610', '2500', '3100', '6100', '6900', '7010', '1102')
const part = fc.integer({ min: 1, max: 99 }).map((poisha) => `0.${String(poisha).padStart(2, '0')}`)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(id, date, taka, taka, money, fc.constantFrom('DRAFT', 'APPROVED')).map(
    ([one, invoiceDate, a, b, rate, status]): Step => [
      'invoice.create',
      {
        id: `i${one}`,
        customerId: 'c',
        invoiceDate,
        status,
        ...rate,
        lines: [
          { unitPrice: a, vatCode: 'standard' },
          { unitPrice: b, quantity: '1.5' },
        ],
      },
    ],
  ),
  id.map((one): Step => ['invoice.approve', {}, `i${one}`]),
  fc.tuple(id, date).map(([one, cancelledDate]): Step => ['invoice.cancel', { cancelledDate }, `i${one}`]),
  fc.tuple(id, date, taka, money, fc.option(id, { nil: undefined })).map(
    ([one, paymentDate, amount, rate, invoice]): Step => [
      'payment.receive',
      {
        id: `p${one}`,
        customerId: 'c',
        paymentDate,
        amount,
        method: 'cash',
        ...rate,
        allocations: invoice === undefined ? [] : [{ invoiceId: `i${invoice}`, amount }],
      },
    ],
  ),
  fc
    .tuple(id, id, date, part)
    .map(
      ([one, invoice, allocationDate, amount]): Step => [
        'payment.allocate',
        { allocationDate, allocations: [{ invoiceId: `i${invoice}`, amount }] },
        `p${one}`,
      ],
    ),
  fc.tuple(id, date).map(([one, reversalDate]): Step => ['payment.reverse', { reversalDate }, `p${one}`]),
  id.map((one): Step => ['payment.fail', {}, `p${one}`]),
  fc.tuple(id, date, taka, money).map(
    ([one, expenseDate, netAmount, rate]): Step => [
      'expense.record',
      {
        id: `e${one}`,
        category: 'rent',
        expenseDate,
        netAmount,
        vatAmount: '0.07',
        status: 'APPROVED',
        ...rate,
      },
    ],
  ),
  fc.tuple(id, date, account, account, taka, money, fc.constantFrom('DRAFT', 'POSTED')).map(
    ([one, entryDate, debit, credit, amount, rate, status]): Step => [
      'journal-entry.create',
      {
        id: `j${one}`,
        entryDate,
        status,
        ...rate,
        lines: [
          { accountId: debit, debit: amount },
          { accountId: credit, credit: amount },
        ],
      },
    ],
  ),
  id.map((one): Step => ['journal-entry.post', {}, `j${one}`]),
  fc
    .tuple(id, date)
    .map(([one, reversalDate]): Step => ['journal-entry.reverse', { reversalDate }, `j${one}`]),
  fc
    .tuple(id, date, account, taka)
    .map(
      ([one, cutOff, accountId, debit]): Step => [
        'opening-balances.set',
        { id: `j${one}`, cutOff, lines: [{ accountId, debit }] },
      ],
    ),
  date.map((through): Step => ['period.close', { through }]),
  date.map((through): Step => ['period.reopen', { through, reason: 'audit' }]),
  fc.constantFrom('2024-25', '2025-26').map((year): Step => ['fiscal-year.close', {}, year]),
  fc.constant<Step>(['account.deactivate', {}, '1102']),
  fc
    .constantFrom('4010', '4020')
    .map((accountId): Step => ['posting-rules.set', { rules: [{ role: 'revenue', accountId }] }]),
)

/** Something to settle, something to settle it with, and something to reverse. */
const start = fc.tuple(date, taka, date, taka).map(([day1, unitPrice, day2, amount]): Step[] => [
  [
    'invoice.create',
    { id: 'i1', customerId: 'c', invoiceDate: day1, status: 'APPROVED', lines: [{ unitPrice }] },
  ],
  ['payment.receive', { id: 'p1', customerId: 'c', paymentDate: day2, amount }],
  [
    'journal-entry.create',
    {
      id: 'j1',
      entryDate: day2,
      status: 'POSTED',
      lines: [
        { accountId: '1110', debit: amount },
        { accountId: '3100', credit: amount },
      ],
    },
  ],
])

/** What customers owe on a day in books of one currency, from the documents' events alone. */
function owed(events: readonly { readonly id: string; readonly event: DomainEvent }[], day: number): bigint {
  let sum = 0n
  const totals = new Map<string, { readonly total: bigint; readonly day: number }>()
  const add = (key: string, total: bigint, on: number) => {
    totals.set(key, { total, day: on })
    if (on <= day) sum += total
  }
  const undo = (key: string, from: number) => {
    const one = totals.get(key)
    if (one && Math.max(from, one.day) <= day) sum -= one.total
  }
  for (const { id: of, event } of events) {
    if (event.type === 'InvoiceCreated' && event.data.status === 'APPROVED')
      add(of, event.data.total, event.data.invoiceDate)
    else if (event.type === 'InvoiceApproved') add(of, event.data.total, event.data.invoiceDate)
    else if (event.type === 'InvoiceCancelled') undo(of, event.data.cancelledDate)
    else if (event.type === 'PaymentReceived') add(of, -event.data.amount, event.data.paymentDate)
    else if (event.type === 'PaymentReversed') undo(of, event.data.reversalDate)
    else if (event.type === 'PaymentFailed') undo(of, 0)
  }
  return sum
}

it('keeps the books whole whatever comes in whatever order', () => {
  const counts = new Map<string, number>()
  fc.assert(
    fc.property(
      start,
      fc.array(step, { maxLength: 60, size: 'max' }),
      fc.boolean(),
      (first, more, oneCurrency) => {
        const books = new MemoryBooks(NOW)
        books.must('customer.create', { id: 'c', name: 'Rahim Traders' })
        for (const [name, body, of] of [...first, ...more]) {
          if (oneCurrency && 'fxRate' in body) continue
          const before = books.session.events.length
          const outcome = books.run(name, body, of)
          counts.set(`${name} ${outcome}`, (counts.get(`${name} ${outcome}`) ?? 0) + 1)
          if (outcome !== 'accepted') expect(books.session.events).toHaveLength(before)
        }
        const entries = books.entries()
        for (const { id: of, lines, total } of entries) {
          const debits = lines.reduce((sum, line) => sum + line.debit, 0n)
          const credits = lines.reduce((sum, line) => sum + line.credit, 0n)
          expect([of, debits, credits]).toEqual([of, total, total])
          expect(lines.filter((line) => line.debit > 0n === line.credit > 0n || line.amount < 0n)).toEqual([])
        }
        expect(new Set(entries.map((entry) => entry.id)).size).toBe(entries.length)
        // Each event that moves money has its entry, and no entry is without one.
        const sources = new Set(
          entries.map((entry) => `${entry.sourceType} ${entry.sourceId} ${entry.sourceVersion}`),
        )
        for (const { aggregate, version, event } of books.session.events) {
          if (
            event.type === 'PaymentReceived' ||
            event.type === 'InvoiceApproved' ||
            event.type === 'ExpenseApproved'
          )
            expect(sources).toContain(`${aggregate.type} ${aggregate.id} ${version}`)
        }
        const days = [...new Set(entries.map((entry) => entry.entryDate))]
        for (const day of days) {
          const balances = new Map<string, bigint>()
          for (const entry of entries) {
            if (entry.entryDate > day) continue
            for (const line of entry.lines)
              balances.set(line.accountId, (balances.get(line.accountId) ?? 0n) + line.debit - line.credit)
          }
          expect([...balances.values()].reduce((sum, one) => sum + one, 0n)).toBe(0n)
          if (!oneCurrency) continue
          const happened = books.session.events.map(({ aggregate, event }) => ({
            id: `${aggregate.type} ${aggregate.id}`,
            event,
          }))
          expect([formatDay(day), balances.get('1200') ?? 0n]).toEqual([formatDay(day), owed(happened, day)])
        }
        closedYearsAreAtZero(books)
        replayIsTheSame(books)
      },
    ),
    { numRuns: 150 },
  )
  // All of it was tried: accepted, and refused where it can be.
  for (const name of [
    'invoice.create',
    'invoice.cancel',
    'payment.receive',
    'payment.allocate',
    'payment.reverse',
    'payment.fail',
    'expense.record',
    'journal-entry.create',
    'journal-entry.post',
    'journal-entry.reverse',
    'opening-balances.set',
    'period.close',
    'period.reopen',
    'fiscal-year.close',
    'posting-rules.set',
  ])
    expect([name, (counts.get(`${name} accepted`) ?? 0) > 0]).toEqual([name, true])
  for (const refusal of [
    'invoice.create period_closed',
    'payment.fail period_closed',
    'opening-balances.set opening_too_late',
    'fiscal-year.close fiscal_year_closed',
  ])
    expect([refusal, (counts.get(refusal) ?? 0) > 0]).toEqual([refusal, true])
}, 120_000)

function closedYearsAreAtZero(books: MemoryBooks): void {
  for (const { event } of books.session.events) {
    if (event.type !== 'FiscalYearClosed') continue
    for (const { id: of, accountClass } of books.session.chart().accounts) {
      if (accountClass === 'INCOME' || accountClass === 'EXPENSE')
        expect([of, books.balance(of, event.data.to)]).toEqual([of, 0n])
    }
  }
}

/** The events alone, applied one by one to nothing: no posting is made anew, and everything is as it was. */
function replayIsTheSame(books: MemoryBooks): void {
  const { session } = books
  const replay = new Session(session.tenantId, session.nowMs)
  replay.adoptChart(Chart.EMPTY)
  for (const kind of ['invoice', 'payment', 'expense', 'mushak', 'journal'] as const) {
    for (const period of ['2023-24', '2024-25', '2025-26', '2026-27'])
      replay.adoptCounters([{ kind, period, value: 0 }])
  }
  for (const { aggregate, event } of session.events) {
    replay.adoptAggregates([aggregate], [])
    replay.append(0, aggregate, [event], '')
  }
  const states = (from: Session) =>
    [...from.changedAggregates.values()].map(({ type, id: of, version, state }) => ({
      type,
      of,
      version,
      state,
    }))
  expect(states(replay)).toEqual(states(session))
  expect([
    replay.changedAllocations,
    replay.chart().closedThrough,
    replay.chart().cutOff,
    replay.newNumbers,
  ]).toEqual([
    session.changedAllocations,
    session.chart().closedThrough,
    session.chart().cutOff,
    session.newNumbers,
  ])
}
