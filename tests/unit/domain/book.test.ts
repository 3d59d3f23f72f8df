/** The table of effective dates, line by line, with figures computed by hand. */
import { describe, expect, it } from '@jest/globals'
import {
  allocation,
  approval,
  cancellation,
  dueChange,
  event,
  expense,
  failure,
  invoice,
  payment,
  reversal,
  shown,
  TestBook,
} from './support.ts'

describe('an invoice', () => {
  it('counts from its invoice date on, as receivable, sales and revenue', () => {
    const book = new TestBook('2026-01-09').fold(
      invoice('I1', { date: '2026-01-10', due: '2026-02-09', total: 1150, vat: 150 }),
    )
    expect(shown(book)).toBe('0 0 0 0 0 0')
    book.moveTo('2026-01-10')
    expect(shown(book)).toBe('1150 0 0 0 0 0')
    expect(book.on('2026-01-10')).toEqual({
      netRevenue: 1000,
      sales: 1150,
      receivables: 1150,
      invoices: 1,
      customers: 1,
    })
  })

  it.each([
    ['2026-03-01', '100 0 0 0 0 0'],
    ['2026-03-02', '0 100 0 0 0 0'],
    ['2026-03-31', '0 100 0 0 0 0'],
    ['2026-04-01', '0 0 100 0 0 0'],
    ['2026-04-30', '0 0 100 0 0 0'],
    ['2026-05-01', '0 0 0 100 0 0'],
    ['2026-05-30', '0 0 0 100 0 0'],
    ['2026-05-31', '0 0 0 0 100 0'],
  ])('due on 1 March 2026 ages to %s as %s when only time passes', (asOf, expected) => {
    const book = new TestBook('2026-02-01').fold(
      invoice('I1', { date: '2026-02-01', due: '2026-03-01', total: 100 }),
    )
    expect(shown(book.moveTo(asOf))).toBe(expected)
  })

  it('is aged from its invoice date on posting basis', () => {
    const book = new TestBook('2026-03-04').fold(
      invoice('I1', { date: '2026-02-01', due: '2026-03-01', total: 100 }),
    )
    expect([shown(book), shown(book, '', 'posting')]).toEqual(['0 100 0 0 0 0', '0 0 100 0 0 0'])
  })

  it('as a draft counts nothing until it is approved, with what the approval says', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100, status: 'DRAFT', disputed: true }),
    )
    expect([shown(book), book.figures.firstDay]).toEqual(['0 0 0 0 0 0', null])
    book.fold(approval('I1', { date: '2026-01-12', due: '2026-01-31', total: 120 }))
    expect(shown(book)).toBe('120 0 0 0 0 0')
    expect(book.on('2026-01-12')).toMatchObject({ sales: 120 })
    expect(book.balance().disputed).toBe(1_200_000n)
  })

  it('that is cancelled leaves on the later of cancelling and invoice date, and its money becomes unapplied', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      payment('P1', { date: '2026-01-15', amount: 60, to: { I1: 60 } }),
      cancellation('I1', '2026-01-25'),
    )
    expect(shown(book)).toBe('0 40 0 0 0 0')
    book.moveTo('2026-01-25')
    expect(shown(book)).toBe('0 0 0 0 0 -60')
    expect(book.on('2026-01-25')).toEqual({ netRevenue: -100, sales: -100, receivables: -100, invoices: -1 })
    const early = new TestBook('2026-01-20').fold(
      invoice('I2', { date: '2026-02-01', total: 10 }),
      cancellation('I2', '2026-01-05'),
    )
    // Nothing of it ever counts but its customer, who was invoiced once.
    expect(early.on('2026-02-01')).toEqual({ customers: 1 })
    expect(shown(early.moveTo('2026-02-02'))).toBe('0 0 0 0 0 0')
  })

  it('takes a changed due date from its effective day; of two for one day the later event holds', () => {
    const book = new TestBook('2026-02-10').fold(
      invoice('I1', { date: '2026-01-01', due: '2026-01-31', total: 100 }),
      dueChange('I1', '2026-02-12', '2026-03-31'),
      dueChange('I1', '2026-02-11', '2026-02-20'),
      dueChange('I1', '2026-02-12', '2026-01-05'),
    )
    expect(shown(book)).toBe('0 100 0 0 0 0')
    expect(shown(book.moveTo('2026-02-11'))).toBe('100 0 0 0 0 0')
    expect(shown(book.moveTo('2026-02-12'))).toBe('0 0 100 0 0 0')
  })

  it('counts as paid revenue on its invoice date while nothing of it is open', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 115, vat: 15 }),
      payment('P1', { date: '2026-01-19', amount: 100, to: { I1: 100 } }),
    )
    expect(book.on('2026-01-10')).not.toHaveProperty('paidRevenue')
    book.fold(payment('P2', { date: '2026-01-22', amount: 15, to: { I1: 15 } }))
    expect(book.on('2026-01-10')).not.toHaveProperty('paidRevenue')
    book.moveTo('2026-01-22')
    expect(book.on('2026-01-10')).toMatchObject({ paidRevenue: 100 })
    book.fold(reversal('P2', '2026-01-22'))
    expect(book.on('2026-01-10')).not.toHaveProperty('paidRevenue')
  })

  it('in another currency counts at its own rate, and the rounding is that of the remainder', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: '10.01', currency: 'USD', rate: '121.355' }),
      payment('P1', { date: '2026-01-12', amount: '10', currency: 'USD', rate: '122', to: { I1: 10 } }),
    )
    // 0.01 x 121.355 = 1.21355, rounded 1.21; the receipt is 10 x 122.
    expect(shown(book)).toBe('0 1.21 0 0 0 0')
    expect(book.on('2026-01-12')).toMatchObject({ cashIn: 1220 })
    expect(book.aging().total).toBe(book.figures.through(book.today).receivables)
  })
})

describe('a payment', () => {
  it('settles from the later of its day and the invoice date; before, it is an open credit', () => {
    const book = new TestBook('2026-01-05').fold(
      payment('P1', { date: '2026-01-05', amount: 100, to: { I1: 80 } }),
      invoice('I1', { date: '2026-01-07', total: 80 }),
    )
    expect(shown(book)).toBe('0 0 0 0 0 -100')
    expect(shown(book.moveTo('2026-01-07'))).toBe('0 0 0 0 0 -20')
    expect(book.on('2026-01-05')).toEqual({ cashIn: 100, receivables: -100 })
  })

  it('waits for an invoice that is not known, or is a draft still', () => {
    const book = new TestBook('2026-01-20').fold(
      payment('P1', { date: '2026-01-15', amount: 100, to: { I1: 100 } }),
    )
    expect(shown(book)).toBe('0 0 0 0 0 -100')
    book.fold(invoice('I1', { date: '2026-01-10', total: 100, status: 'DRAFT' }))
    expect(shown(book)).toBe('0 0 0 0 0 -100')
    book.fold(approval('I1', { date: '2026-01-10', total: 100 }))
    expect(shown(book)).toBe('0 0 0 0 0 0')
    expect(book.on('2026-01-10')).toMatchObject({ paidRevenue: 100 })
  })

  it('can be allocated later, from the day of that allocation', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      payment('P1', { date: '2026-01-12', amount: 100 }),
      allocation('P1', '2026-01-22', { I1: 70 }),
    )
    expect(shown(book)).toBe('0 100 0 0 0 -100')
    expect(shown(book.moveTo('2026-01-22'))).toBe('0 30 0 0 0 -30')
  })

  it('that is reversed opens its invoices again from that day', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      payment('P1', { date: '2026-01-12', amount: 90, to: { I1: 90 } }),
      reversal('P1', '2026-01-18'),
    )
    expect(shown(book)).toBe('0 100 0 0 0 0')
    expect(book.on('2026-01-18')).toEqual({ cashIn: -90, receivables: 90 })
    expect(book.on('2026-01-12')).toEqual({ cashIn: 90, receivables: -90 })
  })

  it('that failed never counted', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      payment('P1', { date: '2026-01-12', amount: 100, to: { I1: 100 } }),
      failure('P1', '2026-01-19'),
    )
    expect(shown(book)).toBe('0 100 0 0 0 0')
    expect([book.on('2026-01-12'), book.on('2026-01-19')]).toEqual([{}, {}])
  })

  it('of one customer can settle an invoice of another', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100, customer: 'C1' }),
      payment('P1', { date: '2026-01-12', amount: 150, customer: 'C2', to: { I1: 100 } }),
    )
    expect([shown(book, 'C1'), shown(book, 'C2'), shown(book)]).toEqual([
      '0 0 0 0 0 0',
      '0 0 0 0 0 -50',
      '0 0 0 0 0 -50',
    ])
  })

  it('in another currency than the invoice settles nothing', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-20', total: 100 }),
      payment('P1', { date: '2026-01-20', amount: 1, currency: 'USD', rate: '120', to: { I1: 1 } }),
    )
    expect(shown(book)).toBe('100 0 0 0 0 -120')
  })

  it('to a cancelled invoice stays an open credit, for the money did arrive', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      cancellation('I1', '2026-01-11'),
      payment('P1', { date: '2026-01-12', amount: 100, to: { I1: 100 } }),
    )
    expect(shown(book)).toBe('0 0 0 0 0 -100')
    book.fold(invoice('I2', { date: '2026-01-12', total: 100 }), allocation('P1', '2026-01-13', { I2: 100 }))
    expect(shown(book)).toBe('0 0 0 0 0 0')
  })
})

describe('an allocation that is too large', () => {
  it('is capped by the invoice, by first day and not by arrival, and counted', () => {
    for (const order of [
      ['P1', 'P2'],
      ['P2', 'P1'],
    ]) {
      const payments = {
        P1: payment('P1', { date: '2026-01-05', amount: 100, customer: 'A', to: { I1: 100 } }),
        P2: payment('P2', { date: '2026-01-03', amount: 100, customer: 'B', to: { I1: 100 } }),
      }
      const book = new TestBook('2026-01-20').fold(invoice('I1', { date: '2026-01-01', total: 150 }))
      book.fold(...order.map((id) => payments[id as 'P1' | 'P2']))
      expect([shown(book, 'A'), shown(book, 'B'), shown(book, 'C1')]).toEqual([
        '0 0 0 0 0 -50',
        '0 0 0 0 0 0',
        '0 0 0 0 0 0',
      ])
      expect(book.counted).toContain('allocation_capped')
    }
  })

  it('is capped by what is left of the payment', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      invoice('I2', { date: '2026-01-10', total: 100 }),
      payment('P1', { date: '2026-01-12', amount: 130, to: { I1: 100, I2: 100 } }),
    )
    expect(shown(book)).toBe('0 70 0 0 0 0')
    expect(book.counted).toEqual(['allocation_capped'])
  })

  it('leaves room again when an earlier one ends', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      payment('P1', { date: '2026-01-11', amount: 100, to: { I1: 100 } }),
      reversal('P1', '2026-01-13'),
      payment('P2', { date: '2026-01-14', amount: 100, to: { I1: 100 } }),
    )
    expect(shown(book)).toBe('0 0 0 0 0 0')
    expect(book.counted).toEqual([])
  })
})

describe('the number of allocations', () => {
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`I${i}`, 1]))

  it('may be in the thousands for one payment', () => {
    const book = new TestBook('2026-01-20').fold(
      payment('P1', { date: '2026-01-12', amount: 6000, to: many(5000) }),
      ...Array.from({ length: 50 }, (_, i) => invoice(`I${i}`, { date: '2026-01-12', total: 1 })),
    )
    expect(shown(book)).toBe('0 0 0 0 0 -5950')
  })

  it('has a bound', () => {
    const over = () => payment('P1', { date: '2026-01-12', amount: 6000, to: many(5001) })
    const code = expect.objectContaining({ code: 'too_many_allocations' })
    expect(() => new TestBook('2026-01-20').fold(over())).toThrow(code)
    const book = new TestBook('2026-01-20').fold(
      payment('P1', { date: '2026-01-12', amount: 6000, to: many(5000) }),
    )
    expect(() => book.fold(allocation('P1', '2026-01-13', { I1: 1 }))).toThrow(code)
  })
})

describe('an expense', () => {
  it('counts without VAT from its date, once', () => {
    const book = new TestBook('2026-01-20').fold(expense('E1', { date: '2026-01-18', net: 200, vat: 30 }))
    expect(book.on('2026-01-18')).toEqual({ expenses: 200 })
    expect(() => book.fold(expense('E1', { date: '2026-01-18', net: 200 }))).toThrow('is approved')
  })
})

describe('customers', () => {
  it('are shown from their first open amount until the midnight after the last one', () => {
    const book = new TestBook('2026-01-20').fold(invoice('I1', { date: '2026-01-20', total: 100 }))
    expect(book.balance('C1').listed).toBe(true)
    book.fold(payment('P1', { date: '2026-01-20', amount: 100, to: { I1: 100 } }))
    expect(book.balance('C1')).toMatchObject({ listed: true, openItems: 0 })
    book.changed.clear()
    book.moveTo('2026-01-21')
    expect([...book.changed].sort()).toEqual(['', 'C1'])
    expect(book.balance('C1').listed).toBe(false)
    book.changed.clear()
    book.moveTo('2026-01-22')
    expect([...book.changed]).toEqual([''])
  })

  it('are called as their master record says, else as their newest document', () => {
    const created = (name: string) =>
      event('CustomerUpdated', 'C1', {
        customerNumber: '1',
        name,
        nameBn: null,
        currency: null,
        paymentTermsDays: null,
        creditLimit: null,
        email: null,
        phone: null,
        country: null,
      })
    const book = new TestBook('2026-01-20').fold(invoice('I1', { date: '2026-01-20', total: 100 }))
    expect(book.balance('C1').name).toBe('Name of C1')
    book.changed.clear()
    book.fold(created('Rahim Traders'), invoice('I2', { date: '2026-01-20', total: 1 }))
    expect(book.balance('C1').name).toBe('Rahim Traders')
    expect(book.changed).toContain('C1')
  })
})

describe('content that cannot be booked', () => {
  const base = () =>
    new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      payment('P1', { date: '2026-01-12', amount: 50, to: { I1: 50 } }),
    )
  it.each([
    ['unknown_status', invoice('I2', { date: '2026-01-10', total: 1, status: 'UNKNOWN' })],
    ['invoice_exists', invoice('I1', { date: '2026-01-10', total: 1 })],
    ['already_approved', approval('I1', { date: '2026-01-10', total: 1 })],
    ['unknown_invoice', cancellation('I9', '2026-01-10')],
    ['unknown_invoice', dueChange('I9', '2026-01-10', '2026-01-10')],
    ['bad_amount', invoice('I2', { date: '2026-01-10', total: -1 })],
    ['bad_amount', invoice('I2', { date: '2026-01-10', total: '1.001' })],
    ['bad_amount', payment('P2', { date: '2026-01-10', amount: 0 })],
    ['bad_amount', payment('P2', { date: '2026-01-10', amount: -5 })],
    ['bad_amount', payment('P2', { date: '2026-01-10', amount: 5, to: { I1: -5 } })],
    ['bad_rate', invoice('I2', { date: '2026-01-10', total: 1, currency: 'USD', rate: '0' })],
    ['bad_rate', invoice('I2', { date: '2026-01-10', total: 1, rate: '1.5' })],
    ['bad_currency', invoice('I2', { date: '2026-01-10', total: 1, currency: 'taka' })],
    ['bad_date', invoice('I2', { date: 999_999, total: 1 })],
    ['bad_date', allocation('P1', '2026-01-11', { I1: 1 })],
    ['bad_id', invoice('I|2', { date: '2026-01-10', total: 1 })],
    ['bad_id', invoice('I2', { date: '2026-01-10', total: 1, customer: 'a b' })],
    ['payment_exists', payment('P1', { date: '2026-01-10', amount: 5 })],
    ['unknown_payment', allocation('P9', '2026-01-20', { I1: 1 })],
    ['unknown_payment', reversal('P9', '2026-01-20')],
    ['bad_amount', expense('E1', { date: '2026-01-10', net: -1 })],
  ])('is refused with %s and changes nothing', (code, wrong) => {
    const book = base()
    const before = structuredClone(book.stores)
    expect(() => book.fold(wrong)).toThrow(expect.objectContaining({ name: 'RefusedEvent', code }))
    expect(structuredClone(book.stores)).toEqual(before)
  })

  it('includes what comes after the end of an invoice or payment', () => {
    const code = (c: string) => expect.objectContaining({ code: c })
    const cancelled = base().fold(cancellation('I1', '2026-01-20'))
    expect(() => cancelled.fold(cancellation('I1', '2026-01-21'))).toThrow(code('already_cancelled'))
    expect(() => cancelled.fold(dueChange('I1', '2026-01-21', '2026-01-21'))).toThrow(
      code('already_cancelled'),
    )
    const reversed = base().fold(reversal('P1', '2026-01-20'))
    expect(() => reversed.fold(reversal('P1', '2026-01-20'))).toThrow(code('already_reversed'))
    expect(() => reversed.fold(allocation('P1', '2026-01-20', { I1: 1 }))).toThrow(code('already_reversed'))
    const failed = base().fold(failure('P1', '2026-01-20'))
    expect(() => failed.fold(reversal('P1', '2026-01-20'))).toThrow(code('already_failed'))
    const draft = base().fold(
      invoice('I2', { date: '2026-01-10', total: 1, status: 'DRAFT' }),
      cancellation('I2', '2026-01-11'),
    )
    expect(() => draft.fold(approval('I2', { date: '2026-01-10', total: 1 }))).toThrow(
      code('already_cancelled'),
    )
  })

  it('includes a total that is not the sum of its parts', () => {
    const wrong = invoice('I2', { date: '2026-01-10', total: 100 })
    const data = { ...wrong.data, total: 1n }
    expect(() => base().fold({ ...wrong, data } as typeof wrong)).toThrow(
      expect.objectContaining({ code: 'bad_total' }),
    )
  })
})
