/**
 * Random lives of three bills and three payments to their vendor, decided, followed and posted by the product, and judged
 * by a plain recomputation from the events: on every day the payables are the open bills less what is unapplied of the
 * payments, each at its own rate; nothing is ever settled twice; and what is taken back leaves nothing behind.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { DomainEvent } from '../../producers/kernel/events.ts'
import { formatDay, parseDay } from '../../schemas/values/calendar.ts'
import { baseOf, type Posted, PurchaseBooks } from '../unit/producers/purchase-books.ts'

const START = parseDay('2026-08-01')
const DAYS = 40
const IDS = ['1', '2', '3']

interface Step {
  readonly name: string
  readonly id: string
  readonly body: Readonly<Record<string, unknown>>
}

const id = fc.constantFrom(...IDS)
const date = fc.integer({ min: 0, max: DAYS - 1 }).map((day) => formatDay(START + day))
const cents = (min: number, max: number) =>
  fc.integer({ min, max }).map((n) => `${Math.floor(n / 100)}.${String(n % 100).padStart(2, '0')}`)
const rate = fc.constantFrom('120', '118.37', '121.4567', '0.7333', '1.5')

const billOf = (usd: boolean) =>
  fc
    .record({
      billDate: date,
      fxRate: rate,
      status: fc.constantFrom('DRAFT', 'APPROVED'),
      lines: fc.array(
        fc.record({
          unitPrice: cents(1, 9_999),
          quantity: fc.constantFrom('1', '3', '0.5'),
          vatCode: fc.constantFrom('standard', 'reduced', 'none'),
          vatCreditable: fc.boolean(),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      tdsRate: fc.constantFrom('0', '0.05', '0.0333'),
      vdsRate: fc.constantFrom('0', '0.05'),
    })
    .map(({ fxRate, ...bill }) => ({ ...bill, ...(usd ? { currency: 'USD', fxRate } : {}) }))
const allocations = fc.uniqueArray(fc.record({ billId: id, amount: cents(1, 6_000) }), {
  minLength: 1,
  maxLength: 2,
  selector: (one) => one.billId,
})
const paymentOf = (usd: boolean) =>
  fc
    .record({ paymentDate: date, fxRate: rate, amount: cents(1_000, 15_000), allocations })
    .map(({ fxRate, ...payment }) => ({ ...payment, ...(usd ? { currency: 'USD', fxRate } : {}) }))

const step = (name: string, body: fc.Arbitrary<object>): fc.Arbitrary<Step> =>
  fc.record({ id, body }).map((one) => ({ name, id: one.id, body: { ...one.body } }))
const later: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: step('payment.allocate', fc.record({ allocationDate: date, allocations })) },
  { weight: 3, arbitrary: step('bill.approve', fc.constant({})) },
  {
    weight: 3,
    arbitrary: step('bill.write-off', fc.record({ writeOffDate: date, amount: cents(1, 900) })),
  },
  { weight: 2, arbitrary: step('payment.reverse', fc.record({ reversalDate: date })) },
  { weight: 2, arbitrary: step('bill.cancel', fc.record({ cancelledDate: date })) },
  { weight: 1, arbitrary: step('payment.fail', fc.constant({})) },
)
const life = fc.boolean().chain((usd) =>
  fc.record({
    bills: fc.tuple(...IDS.map(() => billOf(usd))),
    payments: fc.tuple(...IDS.map(() => paymentOf(usd))),
    more: fc.array(later, { maxLength: 30 }),
  }),
)

const CREATE = { vendorId: 'v' }

/** Runs a life; a payment whose allocations are refused is sent without. */
function lived({ bills, payments, more }: typeof life extends fc.Arbitrary<infer L> ? L : never) {
  const books = new PurchaseBooks(IDS)
  const codes = new Map<string, number>()
  const run = (name: string, of: string, body: object): string => {
    const code = books.run(name, of, body)
    codes.set(code, (codes.get(code) ?? 0) + 1)
    return code
  }
  for (const [index, bill] of bills.entries()) run('bill.create', IDS[index] ?? '', { ...CREATE, ...bill })
  for (const [index, payment] of payments.entries()) {
    const body = { ...CREATE, direction: 'out', ...payment }
    const of = IDS[index] ?? ''
    if (run('payment.receive', of, body) !== 'accepted') {
      run('payment.receive', of, { ...body, allocations: [] })
    }
  }
  for (const one of more) run(one.name, one.id, one.body)
  return { books, codes }
}

const TEN_TO_12 = 10n ** 12n
/** amount (scale 4) x rate (scale 8) to whole poisha, half away from zero; amounts are never below zero here. */
const toBase = (amount: bigint, fxRate: bigint): bigint =>
  ((amount * fxRate * 100n + TEN_TO_12 / 2n) / TEN_TO_12) * 100n

interface Item {
  readonly left: bigint[]
  readonly rate: bigint
  readonly from: number
  to: number
}

/** What is open of bills and unapplied of payments, day by day, from the events alone. */
function recompute(events: readonly { readonly id: string; readonly event: DomainEvent }[]) {
  const bills = new Map<string, Item & { binding: boolean }>()
  const payments = new Map<string, Item>()
  const settled: { bill: string; payment: string | null; amount: bigint; from: number; to: number }[] = []
  const item = (amount: bigint, of: { fxRate: bigint; from: number }): Item => ({
    left: Array.from({ length: DAYS * 4 }, () => amount),
    rate: of.fxRate,
    from: of.from,
    to: Infinity,
  })
  const settle = (bill: string, payment: string | null, amount: bigint, day: number) =>
    settled.push({ bill, payment, amount, from: Math.max(day, bills.get(bill)?.from ?? 0), to: Infinity })
  for (const { id: of, event } of events) {
    if (event.type === 'BillReceived') {
      const { total, vdsWithheld, tdsWithheld, fxRate, billDate, status } = event.data
      const made = item(total - vdsWithheld - tdsWithheld, { fxRate, from: billDate })
      bills.set(of, { ...made, binding: status === 'APPROVED' })
    } else if (event.type === 'BillApproved') {
      const bill = bills.get(of)
      if (bill) bill.binding = true
    } else if (event.type === 'BillCancelled') {
      const bill = bills.get(of)
      if (bill) bill.to = Math.max(event.data.cancelledDate, bill.from)
      for (const one of settled) if (one.bill === of && bill) one.to = Math.min(one.to, bill.to)
    } else if (event.type === 'BillWrittenOff') {
      settle(of, null, event.data.amount, event.data.writeOffDate)
    } else if (event.type === 'VendorPaymentSent') {
      const { amount, fxRate, paymentDate } = event.data
      payments.set(of, item(amount, { fxRate, from: paymentDate }))
      for (const one of event.data.allocations) settle(one.billId, of, one.amount, paymentDate)
    } else if (event.type === 'VendorPaymentAllocated') {
      for (const one of event.data.allocations) settle(one.billId, of, one.amount, event.data.allocationDate)
    } else if (event.type === 'VendorPaymentReversed' || event.type === 'VendorPaymentFailed') {
      const payment = payments.get(of)
      const failed = event.type === 'VendorPaymentFailed'
      if (payment) payment.to = failed ? payment.from : Math.max(event.data.reversalDate, payment.from)
      for (const one of settled) {
        if (one.payment === of && payment) one.to = failed ? one.from : Math.min(one.to, payment.to)
      }
    }
  }
  for (const one of settled) {
    for (let day = one.from; day < Math.min(one.to, START + DAYS * 4); day++) {
      const index = day - START
      for (const touched of [bills.get(one.bill), payments.get(one.payment ?? '')]) {
        if (touched) touched.left[index] = (touched.left[index] ?? 0n) - one.amount
      }
    }
  }
  return { bills: [...bills.values()].filter((one) => one.binding), payments: [...payments.values()] }
}

/** Movements of the payables account by day, by the lines posted; credits are more than zero. */
function payablesByDay(posted: readonly Posted[]): ReadonlyMap<number, bigint> {
  const days = new Map<number, bigint>()
  for (const { posting, day } of posted) {
    for (const line of posting.lines) {
      if (line.role === 'payables') days.set(day, (days.get(day) ?? 0n) - baseOf(posting, line))
    }
  }
  return days
}

const happened = ({ session }: PurchaseBooks) =>
  session.events.map(({ aggregate, event }) => ({ id: aggregate.id, event }))

describe('purchases', () => {
  it('keep the payables equal to open bills less unapplied payments, each at its own rate, on every day', () => {
    const codes = new Map<string, number>()
    let differences = 0
    fc.assert(
      fc.property(life, (one) => {
        const { books, codes: found } = lived(one)
        for (const [code, count] of found) codes.set(code, (codes.get(code) ?? 0) + count)
        const { bills, payments } = recompute(happened(books))
        const worth = (items: readonly Item[], day: number): bigint => {
          let sum = 0n
          for (const { left, rate: fxRate, from, to } of items) {
            if (from <= day && day < to) sum += toBase(left[day - START] ?? 0n, fxRate)
          }
          return sum
        }
        for (const { left } of [...bills, ...payments]) expect(left.filter((open) => open < 0n)).toEqual([])
        const moved = payablesByDay(books.posted)
        expect(Math.min(...moved.keys(), Infinity)).toBeGreaterThanOrEqual(START)
        let payables = 0n
        const wrong: string[] = []
        for (let day = START; day < START + DAYS * 3; day++) {
          payables += moved.get(day) ?? 0n
          const expected = worth(bills, day) - worth(payments, day)
          if (payables !== expected) wrong.push(`${formatDay(day)}: ${payables}, not ${expected}`)
        }
        expect(wrong).toEqual([])
        differences += books.posted.filter(({ posting }) =>
          posting.lines.some((line) => line.role.startsWith('fx')),
        ).length
      }),
      { numRuns: 300 },
    )
    // Usually about 150, 2,350 and 235: bounds far below, so that only an empty test meets them.
    expect(differences).toBeGreaterThan(30)
    expect(codes.get('accepted')).toBeGreaterThan(1_000)
    expect(codes.get('allocation_exceeds_open')).toBeGreaterThan(50)
  })

  it('post entries that balance: exactly in their currency, to a poisha a line in the base', () => {
    fc.assert(
      fc.property(life, (one) => {
        for (const { posting } of lived(one).books.posted) {
          let own = 0n
          let base = 0n
          for (const line of posting.lines) {
            own += line.side === 'debit' ? line.amount : -line.amount
            base += baseOf(posting, line)
          }
          const off = base < 0n ? -base : base
          expect([posting.number, own, off <= 100n * BigInt(posting.lines.length)]).toEqual([
            posting.number,
            0n,
            true,
          ])
        }
      }),
      { numRuns: 200 },
    )
  })

  it('leave nothing on any account when all bills are cancelled and all payments come back', () => {
    fc.assert(
      fc.property(life, date, (one, day) => {
        const { books } = lived(one)
        for (const of of IDS) books.run('bill.cancel', of, { cancelledDate: day })
        for (const of of IDS) books.run('payment.reverse', of, { reversalDate: day })
        const left = new Map<string, bigint>()
        for (const { posting } of books.posted) {
          for (const line of posting.lines) {
            left.set(line.role, (left.get(line.role) ?? 0n) + baseOf(posting, line))
          }
        }
        expect([...left].filter(([, sum]) => sum !== 0n)).toEqual([])
      }),
      { numRuns: 200 },
    )
  })
})
