/**
 * Random lives of invoices, payments and credit notes, posted by the product: on every day, receivables are what a plain
 * recomputation from the events says, to the poisha; and nothing is left in any account when everything is undone.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ROLES } from '../../producers/ledger/posting.ts'
import { convert } from '../../schemas/values/amount.ts'
import { formatDay, parseDay } from '../../schemas/values/calendar.ts'
import { Books } from '../unit/producers/books.ts'
import { runs } from './finance-company.ts'

describe('receivables', () => {
  const START = parseDay('2026-08-01')
  const DAYS = 30
  const day = fc.integer({ min: 0, max: DAYS - 1 }).map((n) => formatDay(START + n))
  const cents = (min: number, max: number) =>
    fc.integer({ min, max }).map((n) => `${Math.floor(n / 100)}.${String(n % 100).padStart(2, '0')}`)
  const rate = fc.constantFrom('110.1234', '0.31337', '112.5', '109.98765432', '1.005')
  const one = <T extends string>(...of: T[]) => fc.constantFrom(...of)
  const invoices = ['i1', 'i2', 'i3'] as const
  const payments = ['p1', 'p2', 'p3'] as const
  const notes = ['n1', 'n2'] as const
  const parts = fc.uniqueArray(fc.record({ invoiceId: one(...invoices), amount: cents(1, 4000) }), {
    maxLength: 2,
    selector: (part) => part.invoiceId,
  })
  const some = fc.uniqueArray(fc.record({ invoiceId: one(...invoices), amount: cents(1, 1200) }), {
    minLength: 1,
    maxLength: 2,
    selector: (part) => part.invoiceId,
  })
  type Step = readonly [string, string, object]
  const line = fc.record({
    unitPrice: cents(1, 5000),
    quantity: one('1', '2', '3.3333'),
    vatCode: one('standard', 'reduced', 'zero'),
    sdRate: one('0', '0.07'),
  })
  const kindsOf = (base: fc.Arbitrary<object>) => {
    const kind = (weight: number, name: string, idOf: fc.Arbitrary<string>, body: fc.Arbitrary<object>) => ({
      weight,
      body,
      arbitrary: fc.tuple(idOf, body).map(([id, fields]): Step => [name, id, fields]),
    })
    const document = { customerId: fc.constant('c') }
    const with_ = (fields: fc.Arbitrary<object>) =>
      fc.tuple(fields, base).map(([own, currency]) => ({ ...own, ...currency }))
    const [invoice_, payment_, note] = [one(...invoices), one(...payments), one(...notes)]
    const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })
    return {
      create: kind(
        2,
        'invoice.create',
        invoice_,
        with_(
          fc.record({
            ...document,
            status: fc.constant('APPROVED'),
            invoiceDate: day,
            lines: fc.array(line, { minLength: 1, maxLength: 3 }),
          }),
        ),
      ),
      receive: kind(
        2,
        'payment.receive',
        payment_,
        with_(
          fc.record({
            ...document,
            paymentDate: day,
            amount: cents(1, 9000),
            allocations: parts,
            vdsWithheld: maybe(fc.constant('3.33')),
            tdsWithheld: maybe(fc.constant('1.11')),
          }),
        ),
      ),
      issue: kind(
        2,
        'credit-note.issue',
        note,
        fc.record({
          invoiceId: invoice_,
          creditDate: day,
          allocations: maybe(fc.constant([])),
          invoiceLines: one('1', '0.5').map((quantity) => [{ line: 1, quantity }]),
        }),
      ),
      allocate: kind(6, 'payment.allocate', payment_, fc.record({ allocationDate: day, allocations: some })),
      apply: kind(6, 'credit-note.allocate', note, fc.record({ allocationDate: day, allocations: some })),
      reverse: kind(1, 'payment.reverse', payment_, fc.record({ reversalDate: day })),
      fail: kind(1, 'payment.fail', payment_, fc.constant({})),
      cancel: kind(2, 'invoice.cancel', invoice_, fc.record({ cancelledDate: day })),
      end: kind(1, 'credit-note.cancel', note, fc.record({ cancelledDate: day })),
      giveUp: kind(
        3,
        'invoice.write-off',
        invoice_,
        fc.record({ writeOffDate: day, amount: maybe(cents(1, 1500)) }),
      ),
    }
  }

  /** Invoices and payments of every name, mostly, then whatever comes. */
  const sequenceOf = (base: fc.Arbitrary<object>, maxLength: number): fc.Arbitrary<readonly Step[]> => {
    const kinds = kindsOf(base)
    const made = (name: string, of: readonly string[], { body }: { readonly body: fc.Arbitrary<object> }) =>
      of.map((id) => body.map((fields): Step => [name, id, fields]))
    return fc
      .tuple(
        fc.tuple(
          ...made('invoice.create', invoices, kinds.create),
          ...made('payment.receive', payments, kinds.receive),
          ...made('credit-note.issue', ['n1'], kinds.issue),
        ),
        fc.array(fc.oneof(...Object.values(kinds)), { maxLength }),
      )
      .map(([first, then]) => [...first, ...then])
  }

  /** The account by its definition, from the events alone. */
  function expectedOf(books: Books): (on: number) => bigint {
    type Settlement = { source: string; invoice: string; amount: bigint; from: number; to: number }
    const documents = new Map<string, { total: bigint; rate: bigint; from: number; to: number }>()
    const sources = new Map<string, { total: bigint; rate: bigint; from: number; to: number }>()
    const settlements: Settlement[] = []
    const settle = (source: string, from: number, list: readonly { invoiceId: string; amount: bigint }[]) => {
      for (const { invoiceId, amount } of list) {
        const date = documents.get(invoiceId)?.from ?? 0
        settlements.push({ source, invoice: invoiceId, amount, from: Math.max(from, date), to: Infinity })
      }
    }
    const end = (id: string, at: number, of = documents) => {
      const item = of.get(id)
      if (item) item.to = Math.max(at, item.from)
      for (const s of settlements) {
        if (s.source === id || s.invoice === id) s.to = Math.min(s.to, Math.max(at, s.from))
      }
    }
    for (const { aggregate, event } of books.session.events) {
      const { id } = aggregate
      if (event.type === 'InvoiceCreated') {
        const { total, fxRate, invoiceDate } = event.data
        documents.set(id, { total, rate: fxRate, from: invoiceDate, to: Infinity })
      } else if (event.type === 'PaymentReceived') {
        const { amount, vdsWithheld, tdsWithheld, fxRate, paymentDate, allocations } = event.data
        const total = amount + vdsWithheld + tdsWithheld
        sources.set(id, { total, rate: fxRate, from: paymentDate, to: Infinity })
        settle(id, paymentDate, allocations)
      } else if (event.type === 'CreditNoteIssued') {
        const { total, fxRate, creditDate, allocations } = event.data
        sources.set(id, { total, rate: fxRate, from: creditDate, to: Infinity })
        settle(id, creditDate, allocations)
      } else if (event.type === 'PaymentAllocated' || event.type === 'CreditNoteAllocated') {
        settle(id, event.data.allocationDate, event.data.allocations)
      } else if (event.type === 'InvoiceWrittenOff') {
        settle('', event.data.writeOffDate, [{ invoiceId: id, amount: event.data.amount }])
      } else if (event.type === 'InvoiceCancelled') end(id, event.data.cancelledDate)
      else if (event.type === 'PaymentReversed') end(id, event.data.reversalDate, sources)
      else if (event.type === 'CreditNoteCancelled') end(id, event.data.cancelledDate, sources)
      else if (event.type === 'PaymentFailed') end(id, 0, sources)
    }
    return (on) => {
      let sum = 0n
      for (const [of, sign, name] of [
        [documents, 1n, 'invoice'],
        [sources, -1n, 'source'],
      ] as const) {
        for (const [id, { total, rate: fxRate, from, to }] of of) {
          if (on < from || on >= to) continue
          let left = total
          for (const s of settlements) if (s[name] === id && s.from <= on && on < s.to) left -= s.amount
          if (left < 0n) throw new Error(`${id} is settled beyond its amount`)
          sum += sign * convert(left, fxRate, 'BDT')
        }
      }
      return sum
    }
  }

  const accepted = new Map<string, number>()
  it.each([
    ['dollars at many rates', rate.map((fxRate) => ({ currency: 'USD', fxRate }))],
    ['the base currency', fc.constant({})],
  ])('are open items less unapplied receipts on every day, to the poisha: %s', (what, base) => {
    let decided = 0
    fc.assert(
      fc.property(sequenceOf(base, 40), (steps) => {
        const books = new Books({ invoices, payments, creditNotes: notes })
        for (const [name, id, body] of steps) {
          if (books.run(name, id, body) !== 'accepted') continue
          decided++
          accepted.set(name, (accepted.get(name) ?? 0) + 1)
        }
        const expected = expectedOf(books)
        const days = Array.from({ length: DAYS + 2 }, (_, index) => START - 1 + index)
        expect(days.map((on) => books.balance('receivables', on))).toEqual(days.map(expected))
        // What no allocation holds any more is neither gain nor loss.
        const roundings = books.lines.filter(({ role }) => role === 'rounding')
        if (what === 'the base currency') {
          expect([roundings, books.balance('fx-gain'), books.balance('fx-loss')]).toEqual([[], 0n, 0n])
        }
        for (const { base: amount } of roundings) expect(amount < 2_000n && amount > -2_000n).toBe(true)
      }),
      runs(300),
    )
    expect(decided).toBeGreaterThan(3 * runs(300).numRuns)
  })

  it('tried every kind of event', () => {
    expect([...accepted.keys()].toSorted()).toEqual([
      'credit-note.allocate',
      'credit-note.cancel',
      'credit-note.issue',
      'invoice.cancel',
      'invoice.create',
      'invoice.write-off',
      'payment.allocate',
      'payment.fail',
      'payment.receive',
      'payment.reverse',
    ])
    // Of the rarest usually about 30 in 300 runs.
    expect(Math.min(...accepted.values())).toBeGreaterThan(runs(300).numRuns / 60)
  })

  it('and exchange gain, loss and bad debt are gone when all that made them is undone', () => {
    const base = rate.map((fxRate) => ({ currency: 'USD', fxRate }))
    fc.assert(
      fc.property(sequenceOf(base, 30), day, (steps, last) => {
        const books = new Books({ invoices, payments, creditNotes: notes })
        for (const [name, id, body] of steps) books.run(name, id, body)
        for (const id of payments) books.run('payment.reverse', id, { reversalDate: last })
        for (const id of notes) books.run('credit-note.cancel', id, { cancelledDate: last })
        for (const id of invoices) books.run('invoice.cancel', id, { cancelledDate: last })
        expect(ROLES.filter((role) => books.balance(role) !== 0n)).toEqual([])
      }),
      runs(200),
    )
  })
})
