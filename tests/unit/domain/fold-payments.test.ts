/** Taxes withheld from payments, and credit notes, with figures computed by hand. */
import { describe, expect, it } from '@jest/globals'
import {
  allocation,
  approval,
  cancellation,
  creditAllocation,
  creditCancellation,
  creditNote,
  failure,
  invoice,
  payment,
  reversal,
  shown,
  TestBook,
} from './support.ts'

const refusal = (code: string) => expect.objectContaining({ name: 'RefusedEvent', code })

describe('a payment with taxes withheld at source', () => {
  const paid = (today = '2026-01-20') =>
    new TestBook(today).fold(
      invoice('I1', { date: '2026-01-10', total: 115, vat: 15 }),
      payment('P1', { date: '2026-01-12', amount: 95, vds: 15, tds: 5, to: { I1: 115 } }),
    )

  it('settles with all of it; cash is what came in', () => {
    const book = paid()
    expect([shown(book), book.counted]).toEqual(['0 0 0 0 0 0', []])
    expect(book.on('2026-01-12')).toEqual({ cashIn: 95, receivables: -115 })
    expect(book.on('2026-01-10')).toMatchObject({ paidRevenue: 100 })
  })

  it('is undone as a whole by a reversal, and by a failure', () => {
    const reversed = paid().fold(reversal('P1', '2026-01-18'))
    expect([shown(reversed), reversed.on('2026-01-18')]).toEqual([
      '0 115 0 0 0 0',
      { cashIn: -95, receivables: 115 },
    ])
    const failed = paid().fold(failure('P1', '2026-01-18'))
    expect([shown(failed), failed.on('2026-01-12'), failed.on('2026-01-18')]).toEqual([
      '0 115 0 0 0 0',
      {},
      {},
    ])
  })

  it('is capped at all of it', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 200 }),
      payment('P1', { date: '2026-01-12', amount: 95, vds: 15, tds: 5, to: { I1: 116 } }),
      allocation('P1', '2026-01-13', { I1: 1 }),
    )
    expect([shown(book), book.counted]).toEqual(['0 85 0 0 0 0', ['allocation_capped', 'allocation_capped']])
  })

  it('in another currency is rounded as one amount', () => {
    const book = new TestBook('2026-01-20').fold(
      payment('P1', { date: '2026-01-12', amount: '1.01', vds: '0.01', currency: 'USD', rate: '100.5' }),
    )
    // 1.02 x 100.5 = 102.51; 1.01 x 100.5 = 101.505 -> 101.51.
    expect(book.on('2026-01-12')).toEqual({ cashIn: 101.51, receivables: -102.51 })
  })

  it('may be taxes alone, but not nothing', () => {
    const book = new TestBook('2026-01-20').fold(payment('P1', { date: '2026-01-12', amount: 0, vds: 15 }))
    expect([shown(book), book.on('2026-01-12')]).toEqual(['0 0 0 0 0 -15', { receivables: -15 }])
    const wrong = [{ amount: 0 }, { amount: 5, vds: -1 }, { amount: 5, tds: '0.001' }]
    for (const w of wrong) {
      expect(() => book.fold(payment('P2', { date: '2026-01-12', ...w }))).toThrow(refusal('bad_amount'))
    }
  })
})

describe('a credit note', () => {
  it('takes back revenue and receivable on its day, settles like a payment, and is no cash', () => {
    const book = new TestBook('2026-01-14').fold(
      invoice('I1', { date: '2026-01-10', total: 115, vat: 15 }),
      creditNote('N1', { date: '2026-01-15', total: '34.5', vat: '4.5', to: { I1: 23 } }),
    )
    expect([shown(book), shown(book.moveTo('2026-01-15'))]).toEqual(['0 115 0 0 0 0', '0 92 0 0 0 -11.5'])
    expect(book.on('2026-01-15')).toEqual({ netRevenue: -30, sales: -34.5, receivables: -34.5 })
    // The rest later, on another invoice.
    book.fold(
      invoice('I2', { date: '2026-01-14', total: 20 }),
      creditAllocation('N1', '2026-01-16', { I2: '11.5' }),
    )
    expect(shown(book)).toBe('0 112 0 0 0 -11.5')
    expect(shown(book.moveTo('2026-01-16'))).toBe('0 100.5 0 0 0 0')
  })

  it('counts against paid revenue once nothing of it is left', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 115, vat: 15 }),
      creditNote('N1', { date: '2026-01-15', total: '34.5', vat: '4.5' }),
    )
    expect([book.on('2026-01-10')['paidRevenue'], book.on('2026-01-15')['paidRevenue']]).toEqual([
      undefined,
      undefined,
    ])
    book.fold(
      creditAllocation('N1', '2026-01-16', { I1: '34.5' }),
      payment('P1', { date: '2026-01-17', amount: '80.5', to: { I1: '80.5' } }),
    )
    expect([book.on('2026-01-10')['paidRevenue'], book.on('2026-01-15')['paidRevenue']]).toEqual([100, -30])
  })

  it('of all of an invoice leaves no paid revenue of it', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 115, vat: 15 }),
      creditNote('N1', { date: '2026-01-10', total: 115, vat: 15, to: { I1: 115 } }),
    )
    expect(book.on('2026-01-10')).toEqual({ invoices: 1, customers: 1 })
  })

  it('waits for an invoice that is a draft still', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-18', total: 100, status: 'DRAFT' }),
      creditNote('N1', { date: '2026-01-15', total: 40, to: { I1: 40 } }),
    )
    expect(shown(book)).toBe('0 0 0 0 0 -40')
    book.fold(approval('I1', { date: '2026-01-18', total: 100 }))
    expect(shown(book)).toBe('0 60 0 0 0 0')
    // It settles from the invoice date on; before, it was an open credit.
    expect(book.on('2026-01-15')).toMatchObject({ receivables: -40 })
    expect(book.on('2026-01-18')).toMatchObject({ receivables: 100 })
  })

  it('that is cancelled gives revenue back on that day and opens what it settled', () => {
    const book = new TestBook('2026-01-19').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      creditNote('N1', { date: '2026-01-15', total: 50, to: { I1: 40 } }),
      creditCancellation('N1', '2026-01-20'),
    )
    expect([shown(book), shown(book.moveTo('2026-01-20'))]).toEqual(['0 60 0 0 0 -10', '0 100 0 0 0 0'])
    expect(book.on('2026-01-20')).toEqual({ netRevenue: 50, sales: 50, receivables: 50 })
    const early = new TestBook('2026-01-20').fold(
      creditNote('N1', { date: '2026-01-15', total: 50 }),
      creditCancellation('N1', '2026-01-01'),
    )
    expect([shown(early), early.figures.firstDay]).toEqual(['0 0 0 0 0 0', null])
  })

  it('of a cancelled invoice is an open credit again', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      creditNote('N1', { date: '2026-01-15', total: 40, to: { I1: 40 } }),
      cancellation('I1', '2026-01-18'),
    )
    expect(shown(book)).toBe('0 0 0 0 0 -40')
    expect(book.on('2026-01-18')).toMatchObject({ netRevenue: -100, receivables: -100 })
  })

  it('counts at its own rate', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: '10.01', currency: 'USD', rate: '121.355' }),
      creditNote('N1', {
        date: '2026-01-15',
        total: 10,
        vat: '1.3',
        currency: 'USD',
        rate: '122',
        to: { I1: 10 },
      }),
    )
    // 0.01 x 121.355 = 1.21; 8.70 x 122 = 1061.40.
    expect(shown(book)).toBe('0 1.21 0 0 0 0')
    expect(book.on('2026-01-15')).toMatchObject({ netRevenue: -1061.4, sales: -1220 })
    expect(book.aging().total).toBe(book.figures.through(book.today).receivables)
  })

  it('and a payment with its id are two things; of one day payments settle first', () => {
    const book = new TestBook('2026-01-20').fold(
      invoice('I1', { date: '2026-01-10', total: 100 }),
      creditNote('X', { date: '2026-01-15', total: 80, customer: 'A', to: { I1: 80 } }),
      payment('X', { date: '2026-01-15', amount: 80, customer: 'B', to: { I1: 80 } }),
    )
    expect([shown(book, 'A'), shown(book, 'B'), shown(book, 'C1')]).toEqual([
      '0 0 0 0 0 -60',
      '0 0 0 0 0 0',
      '0 0 0 0 0 0',
    ])
    expect(book.counted).toEqual(['allocation_capped'])
  })

  it.each([
    ['credit_note_exists', creditNote('N1', { date: '2026-01-15', total: 1 })],
    ['bad_amount', creditNote('N2', { date: '2026-01-15', total: 0 })],
    ['bad_amount', creditNote('N2', { date: '2026-01-15', total: 1, vat: 2 })],
    ['bad_rate', creditNote('N2', { date: '2026-01-15', total: 1, rate: '2' })],
    ['bad_id', creditNote('~N2', { date: '2026-01-15', total: 1 })],
    ['bad_date', creditAllocation('N1', '2026-01-14', { I1: 1 })],
    ['unknown_credit_note', creditAllocation('N9', '2026-01-15', { I1: 1 })],
    ['unknown_credit_note', creditCancellation('N9', '2026-01-15')],
    ['already_cancelled', creditAllocation('N0', '2026-01-16', { I1: 1 })],
    ['already_cancelled', creditCancellation('N0', '2026-01-16')],
    ['unknown_payment', reversal('N1', '2026-01-16')],
  ])('is refused with %s', (code, wrong) => {
    const book = new TestBook('2026-01-20').fold(
      creditNote('N1', { date: '2026-01-15', total: 50 }),
      creditNote('N0', { date: '2026-01-15', total: 50 }),
      creditCancellation('N0', '2026-01-16'),
    )
    expect(() => book.fold(wrong)).toThrow(refusal(code))
  })
})
