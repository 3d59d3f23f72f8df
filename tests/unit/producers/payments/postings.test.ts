/** What sales post, by hand-computed examples. Any sequence of them: tests/property/receivables-control.test.ts. */
import { describe, expect, it } from '@jest/globals'
import { Books } from '../books.ts'

const ids = { invoices: ['i'], payments: ['p', 'q'], creditNotes: ['n'] }
const invoice = (more: object = {}) => ({
  customerId: 'c',
  status: 'APPROVED',
  invoiceDate: '2026-08-01',
  lines: [{ unitPrice: '100.00', vatCode: 'standard' }],
  ...more,
})
const payment = (amount: string, more: object = {}) => ({
  customerId: 'c',
  paymentDate: '2026-08-10',
  amount,
  ...more,
})
const ok = (books: Books, name: string, id: string, body: object) =>
  expect([name, books.run(name, id, body)]).toEqual([name, 'accepted'])

describe('an invoice', () => {
  const sale = {
    category: 'rice',
    lines: [
      { quantity: '3', unitPrice: '33.35', discount: '0.05', vatCode: 'standard', sdRate: '0.2' },
      { unitPrice: '50.00', vatCode: 'zero', accountId: '4090' },
      { unitPrice: '20.00', vatCode: 'exempt' },
      { unitPrice: '10.00', vatCode: 'standard', discount: { percent: '10' } },
    ],
  }

  it('posts what the customer owes, revenue net of discounts by account and tax code, SD and VAT', () => {
    const books = new Books(ids)
    ok(books, 'invoice.create', 'i', invoice(sale))
    // Net 100.00, 50.00, 20.00, 9.00; SD 20.00; VAT 15 % of 120.00 and of 9.00.
    expect(books.told()).toEqual([
      '2026-08-01 receivables Dr 218.35',
      '2026-08-01 revenue/rice Cr 109.00',
      '2026-08-01 revenue/rice Cr 50.00',
      '2026-08-01 revenue/rice Cr 20.00',
      '2026-08-01 output-sd Cr 20.00',
      '2026-08-01 output-vat/standard Cr 19.35',
    ])
    const revenue = books.lines.filter(({ role }) => role === 'revenue')
    expect(revenue.map(({ taxCode, accountId }) => [taxCode, accountId])).toEqual([
      ['standard', ''],
      ['zero', '4090'],
      ['exempt', ''],
    ])
    expect(books.lines[0]?.party).toBe('c')
  })

  it('posts nothing as a draft, all of it on its invoice date when approved', () => {
    const books = new Books(ids)
    ok(books, 'invoice.create', 'i', invoice({ ...sale, status: 'DRAFT' }))
    expect(books.told()).toEqual([])
    ok(books, 'invoice.approve', 'i', { approvedDate: '2026-08-05' })
    const approved = books.told()
    const atOnce = new Books(ids)
    ok(atOnce, 'invoice.create', 'i', invoice(sale))
    expect(approved).toEqual(atOnce.told())
  })

  it('means nothing when a draft is cancelled', () => {
    const books = new Books(ids)
    ok(books, 'invoice.create', 'i', invoice({ status: 'DRAFT', currency: 'USD', fxRate: '110' }))
    ok(books, 'invoice.cancel', 'i', { cancelledDate: '2026-08-09' })
    expect(books.told()).toEqual([])
  })

  it('gives up bad debt, and takes it back with a cancellation, each on its own days', () => {
    const books = new Books(ids)
    ok(books, 'invoice.create', 'i', invoice())
    ok(books, 'invoice.write-off', 'i', { amount: '15.00', writeOffDate: '2026-08-03' })
    ok(books, 'invoice.write-off', 'i', { writeOffDate: '2026-08-20' })
    const before = books.postings.length
    ok(books, 'invoice.cancel', 'i', { cancelledDate: '2026-08-10' })
    expect(books.told(1).slice(0, 4)).toEqual([
      '2026-08-03 bad-debt Dr 15.00',
      '2026-08-03 receivables Cr 15.00',
      '2026-08-20 bad-debt Dr 100.00',
      '2026-08-20 receivables Cr 100.00',
    ])
    expect(books.told(before)).toEqual([
      '2026-08-10 receivables Cr 115.00',
      '2026-08-10 revenue Dr 100.00',
      '2026-08-10 output-vat/standard Dr 15.00',
      '2026-08-10 bad-debt Cr 15.00',
      '2026-08-10 receivables Dr 15.00',
      '2026-08-20 bad-debt Cr 100.00',
      '2026-08-20 receivables Dr 100.00',
    ])
  })
})

describe('a payment', () => {
  it('takes money, VDS and TDS off what the customer owes at once; an allocation posts nothing', () => {
    const books = new Books(ids)
    ok(books, 'invoice.create', 'i', invoice())
    const parts = { vdsWithheld: '15.00', tdsWithheld: '5.00', method: 'bkash' }
    ok(
      books,
      'payment.receive',
      'p',
      payment('90.00', { ...parts, allocations: [{ invoiceId: 'i', amount: '60.00' }] }),
    )
    expect(books.told(1)).toEqual([
      '2026-08-10 cash/bkash Dr 90.00',
      '2026-08-10 vds-receivable Dr 15.00',
      '2026-08-10 tds-receivable Dr 5.00',
      '2026-08-10 receivables Cr 110.00',
    ])
    ok(books, 'payment.allocate', 'p', { allocations: [{ invoiceId: 'i', amount: '50.00' }] })
    expect(books.postings).toHaveLength(2)
    expect(books.run('payment.allocate', 'p', { allocations: [{ invoiceId: 'i', amount: '0.01' }] })).toBe(
      'allocation_exceeds_open',
    )
  })

  it('bounces on its own day, and fails as if it never had been', () => {
    const books = new Books(ids)
    ok(books, 'payment.receive', 'p', payment('90.00', { accountId: '1012' }))
    ok(books, 'payment.reverse', 'p', { reversalDate: '2026-08-15' })
    ok(books, 'payment.receive', 'q', payment('40.00'))
    ok(books, 'payment.fail', 'q', { failedDate: '2026-08-15' })
    expect(books.told()).toEqual([
      '2026-08-10 cash/bank Dr 90.00',
      '2026-08-10 receivables Cr 90.00',
      '2026-08-15 cash/bank Cr 90.00',
      '2026-08-15 receivables Dr 90.00',
      '2026-08-10 cash/bank Dr 40.00',
      '2026-08-10 receivables Cr 40.00',
      '2026-08-10 cash/bank Cr 40.00',
      '2026-08-10 receivables Dr 40.00',
    ])
    expect(books.lines[2]?.accountId).toBe('1012')
  })
})

describe('a credit note', () => {
  it('takes revenue, SD and VAT back as returns, and brings them back when it is cancelled', () => {
    const books = new Books(ids)
    const line = { quantity: '4', unitPrice: '25.00', vatCode: 'standard', sdRate: '0.1' }
    ok(books, 'invoice.create', 'i', invoice({ category: 'rice', lines: [line] }))
    ok(books, 'credit-note.issue', 'n', {
      invoiceId: 'i',
      creditDate: '2026-08-05',
      invoiceLines: [{ line: 1, quantity: '1' }],
    })
    ok(books, 'credit-note.cancel', 'n', { cancelledDate: '2026-08-07' })
    // 25.00, SD 2.50, VAT 15 % of 27.50 = 4.125 -> 4.13.
    expect(books.told(1)).toEqual([
      '2026-08-05 receivables Cr 31.63',
      '2026-08-05 sales-returns/rice Dr 25.00',
      '2026-08-05 output-sd Dr 2.50',
      '2026-08-05 output-vat/standard Dr 4.13',
      '2026-08-07 receivables Dr 31.63',
      '2026-08-07 sales-returns/rice Cr 25.00',
      '2026-08-07 output-sd Cr 2.50',
      '2026-08-07 output-vat/standard Cr 4.13',
    ])
  })
})

describe('a foreign currency', () => {
  const dollars = (fxRate: string) => ({ currency: 'USD', fxRate })

  it('converts taxes each by itself, and shares the rest among revenue, so that a sale is balanced', () => {
    const books = new Books(ids)
    const lines = ['a', 'b', 'c'].map((accountId) => ({ unitPrice: '0.10', vatCode: 'standard', accountId }))
    ok(books, 'invoice.create', 'i', invoice({ ...dollars('1.13'), lines }))
    // 0.10 and VAT 0.02 (0.015) three times: 0.36 -> 0.4068 -> 0.41; VAT 0.06 -> 0.0678 -> 0.07; revenue shares 0.34:
    // 0.1133 -> 0.11, 0.2267 -> 0.23 less 0.11, 0.34 less 0.23.
    expect(books.told()).toEqual([
      '2026-08-01 receivables Dr 0.41',
      '2026-08-01 revenue Cr 0.11',
      '2026-08-01 revenue Cr 0.12',
      '2026-08-01 revenue Cr 0.11',
      '2026-08-01 output-vat/standard Cr 0.07',
    ])
  })

  it('makes a gain of what is paid at a higher rate, when it is allocated, and undoes exactly that', () => {
    const books = new Books(ids)
    const lines = [{ unitPrice: '100.00' }]
    ok(books, 'invoice.create', 'i', invoice({ ...dollars('110'), lines }))
    ok(books, 'payment.receive', 'p', payment('60.00', dollars('112')))
    const amount = '40.00'
    ok(books, 'payment.allocate', 'p', {
      allocationDate: '2026-08-12',
      allocations: [{ invoiceId: 'i', amount }],
    })
    ok(books, 'payment.reverse', 'p', { reversalDate: '2026-08-15' })
    expect(books.told()).toEqual([
      '2026-08-01 receivables Dr 11000.00',
      '2026-08-01 revenue Cr 11000.00',
      '2026-08-10 cash/bank Dr 6720.00',
      '2026-08-10 receivables Cr 6720.00',
      '2026-08-12 receivables Dr 80.00',
      '2026-08-12 fx-gain Cr 80.00',
      '2026-08-15 cash/bank Cr 6720.00',
      '2026-08-15 receivables Dr 6720.00',
      '2026-08-15 receivables Cr 80.00',
      '2026-08-15 fx-gain Dr 80.00',
    ])
  })

  it('makes a loss of a lower rate; a failed payment takes it back on the day it had', () => {
    const books = new Books(ids)
    ok(books, 'invoice.create', 'i', invoice({ ...dollars('110'), lines: [{ unitPrice: '100.00' }] }))
    const allocations = [{ invoiceId: 'i', amount: '50.00' }]
    ok(books, 'payment.receive', 'p', payment('50.00', { ...dollars('108.5'), allocations }))
    ok(books, 'payment.fail', 'p', {})
    expect(books.told(2)).toEqual([
      '2026-08-10 receivables Cr 75.00',
      '2026-08-10 fx-loss Dr 75.00',
      '2026-08-10 cash/bank Cr 5425.00',
      '2026-08-10 receivables Dr 5425.00',
      '2026-08-10 receivables Dr 75.00',
      '2026-08-10 fx-loss Cr 75.00',
    ])
  })

  it('keeps poishas of conversion in rounding: three thirds of an odd amount are its whole', () => {
    const books = new Books({ ...ids, payments: ['p', 'q', 'r'] })
    ok(books, 'invoice.create', 'i', invoice({ ...dollars('0.333'), lines: [{ unitPrice: '0.50' }] }))
    for (const [id, amount] of [
      ['p', '0.17'],
      ['q', '0.17'],
      ['r', '0.16'],
    ] as const) {
      const allocations = [{ invoiceId: 'i', amount }]
      ok(books, 'payment.receive', id, payment(amount, { ...dollars('0.333'), allocations }))
    }
    // 0.50 -> 0.1665 -> 0.17; parts 0.0566 -> 0.06, 0.06, 0.0533 -> 0.05: 0.17 in all.
    expect(books.balance('receivables')).toBe(0n)
    expect(books.balance('fx-gain') + books.balance('fx-loss')).toBe(0n)
  })
})
