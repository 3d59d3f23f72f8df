/** Purchases through the general ledger, with the chart that every tenant begins with. */
import { describe, expect, it } from '@jest/globals'
import { MemoryBooks } from '../../../support/memory-books.ts'

/** Trade payables; credits are more than zero. */
const payables = (books: MemoryBooks): bigint => -books.balance('2100')

describe('the ledger of purchases', () => {
  it('has what is owed to vendors on its control account, in two currencies, and nothing in the end', () => {
    const books = new MemoryBooks('2026-11-23T06:00:00Z')
    books.must('vendor.create', { id: 'v', name: 'Karim Steel', tin: '123456789012' })
    const lines = [{ unitPrice: '100.00', vatCode: 'standard', category: 'rent' }]
    books.must('bill.create', { id: 'b', vendorId: 'v', status: 'APPROVED', lines, tdsRate: '0.05' })
    // 115.00 - 5.00
    expect(payables(books)).toBe(1_100_000n)
    const usd = { currency: 'USD', fxRate: '120', vendorId: 'v' }
    books.must('bill.create', { id: 'u', ...usd, status: 'APPROVED', lines: [{ unitPrice: '100.00' }] })
    expect(payables(books)).toBe(121_100_000n)
    const allocations = [{ billId: 'u', amount: '60.00' }]
    books.must('payment.receive', {
      id: 'p',
      direction: 'out',
      ...usd,
      fxRate: '118',
      amount: '60.00',
      allocations,
    })
    // 110.00 + 40 x 120
    expect(payables(books)).toBe(49_100_000n)
    books.must('bill.write-off', { amount: '10.00' }, 'b')
    expect(payables(books)).toBe(49_000_000n)
    books.must('payment.reverse', {}, 'p')
    books.must('bill.cancel', {}, 'u')
    books.must('bill.cancel', {}, 'b')
    expect(payables(books)).toBe(0n)
    for (const { total, lines: entryLines } of books.entries()) {
      expect(entryLines.reduce((sum, line) => sum + line.credit, 0n)).toBe(total)
    }
  })
})
