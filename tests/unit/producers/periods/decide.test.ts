/** Closed periods and fiscal years: who is refused, what the closing entry takes to retained earnings. */
import { describe, expect, it } from '@jest/globals'
import { fiscalYearOf } from '../../../../producers/periods/decide.ts'
import { formatDecimal } from '../../../../schemas/values/amount.ts'
import { formatDay, parseDay } from '../../../../schemas/values/calendar.ts'
import { MemoryBooks } from '../../../support/memory-books.ts'

const open = (now = '2026-11-23T06:00:00Z') => {
  const books = new MemoryBooks(now)
  books.must('customer.create', { id: 'c', name: 'Rahim Traders' })
  return books
}
const refusalOf = (books: MemoryBooks, outcome: string) => [
  outcome,
  ...(books.refusal?.options.errors ?? []).map((one) => one.pointer),
]
const sale = (books: MemoryBooks, id: string, invoiceDate: string, unitPrice: string) =>
  books.run('invoice.create', {
    id,
    customerId: 'c',
    invoiceDate,
    status: 'APPROVED',
    lines: [{ unitPrice }],
  })
const spend = (books: MemoryBooks, id: string, expenseDate: string, netAmount: string) =>
  books.run('expense.record', { id, category: 'rent', expenseDate, netAmount, status: 'APPROVED' })
const close = (books: MemoryBooks, through: string) => books.run('period.close', { through })
const closeYear = (books: MemoryBooks, year: string) => books.run('fiscal-year.close', {}, year)

describe('a closed period', () => {
  it('takes no documents on its days, points at their date, and leaves nothing of them', () => {
    const books = open()
    expect(sale(books, 'early', '2026-08-01', '10.00')).toBe('accepted')
    books.must('invoice.create', {
      id: 'draft',
      customerId: 'c',
      invoiceDate: '2026-08-31',
      lines: [{ unitPrice: '1.00' }],
    })
    books.must('payment.receive', { id: 'p', customerId: 'c', amount: '5.00', paymentDate: '2026-08-05' })
    expect(close(books, '2026-08-31')).toBe('accepted')
    const before = books.session.events.length
    const outcomes = [
      sale(books, 'i', '2026-08-31', '1.00'),
      spend(books, 'e', '2026-08-01', '1.00'),
      books.run('payment.receive', { id: 'q', customerId: 'c', amount: '1.00', paymentDate: '2026-08-31' }),
      books.run('invoice.cancel', { cancelledDate: '2026-08-20' }, 'early'),
      books.run('payment.reverse', { reversalDate: '2026-08-31' }, 'p'),
      // It never came, so its own day is meant.
      books.run('payment.fail', {}, 'p'),
      books.run('invoice.approve', {}, 'draft'),
    ]
    expect(outcomes).toEqual(outcomes.map(() => 'period_closed'))
    expect([books.session.events.length, books.session.state('invoice', 'draft')?.status]).toEqual([
      before,
      'DRAFT',
    ])
    expect(refusalOf(books, sale(books, 'i', '2026-08-31', '1.00'))).toEqual([
      'period_closed',
      '/invoiceDate',
    ])
    expect(refusalOf(books, spend(books, 'e', '2026-08-01', '1.00'))).toEqual([
      'period_closed',
      '/expenseDate',
    ])
    expect(books.refusal?.message).toMatch(/2026-08-01 is in a closed period.*through 2026-08-31/)
    expect([
      sale(books, 'i', '2026-09-01', '1.00'),
      books.run('payment.reverse', { reversalDate: '2026-09-01' }, 'p'),
    ]).toEqual(['accepted', 'accepted'])
    // Serials were not used up by what was refused.
    expect(books.session.state('invoice', 'i')?.invoiceNumber).toBe('INV-2026-27-000003')
  })

  it('closes forward and up to today, and reopens backward', () => {
    const books = open()
    const reopen = (through: string) => books.run('period.reopen', { through, reason: 'audit' })
    expect(refusalOf(books, reopen('2026-01-01'))).toEqual(['nothing_changed', '/through'])
    expect(refusalOf(books, close(books, '2026-11-24'))).toEqual(['date_order', '/through'])
    expect([close(books, '2026-08-31'), close(books, '2026-08-31'), close(books, '2026-07-31')]).toEqual([
      'accepted',
      'nothing_changed',
      'nothing_changed',
    ])
    expect([reopen('2026-08-31'), reopen('2026-07-31')]).toEqual(['nothing_changed', 'accepted'])
    expect([sale(books, 'i', '2026-08-01', '1.00'), sale(books, 'j', '2026-07-31', '1.00')]).toEqual([
      'accepted',
      'period_closed',
    ])
  })
})

describe('a fiscal year', () => {
  it('is found by its name', () => {
    const tenant = (fiscalYearStart: string) => ({ name: '', zone: 'UTC', currency: 'BDT', fiscalYearStart })
    const days = (name: string, start: string) => {
      const year = fiscalYearOf(name, tenant(start))
      return year ? [formatDay(year.from), formatDay(year.to)] : undefined
    }
    expect(days('2025-26', '07-01')).toEqual(['2025-07-01', '2026-06-30'])
    expect(days('2027-28', '07-01')).toEqual(['2027-07-01', '2028-06-30'])
    expect(days('2024', '01-01')).toEqual(['2024-01-01', '2024-12-31'])
    expect(days('1999-00', '04-01')).toEqual(['1999-04-01', '2000-03-31'])
    for (const [name, start] of [
      ['2025', '07-01'],
      ['2025-27', '07-01'],
      ['2025-26', '01-01'],
      ['books', '07-01'],
    ] as const) {
      expect(days(name, start)).toBeUndefined()
    }
  })

  it('goes to retained earnings in one entry, and the next year begins with balance accounts only', () => {
    const books = open()
    sale(books, 'a', '2025-07-01', '1000.00')
    sale(books, 'b', '2026-06-30', '500.00')
    spend(books, 'x', '2026-01-15', '600.00')
    sale(books, 'next', '2026-07-01', '70.00')
    expect(closeYear(books, '2025-26')).toBe('accepted')
    const closing = books.entries().at(-1)
    const lines = (closing?.lines ?? []).map(({ accountCode, debit, credit }) => [
      accountCode,
      formatDecimal(debit - credit, 2),
    ])
    // 1,500.00 of sales less 600.00 of rent.
    expect(lines).toEqual([
      ['4010', '1500.00'],
      ['6100', '-600.00'],
      ['3200', '-900.00'],
    ])
    expect(closing).toMatchObject({
      kind: 'CLOSING',
      entryDate: parseDay('2026-06-30'),
      journalNumber: 'JV-2025-26-000001',
    })
    expect(books.session.events.at(-2)?.event).toMatchObject({
      type: 'FiscalYearClosed',
      data: { fiscalYear: '2025-26', netIncome: 9_000_000n, journalId: closing?.id },
    })
    const last = parseDay('2026-06-30')
    expect(['4010', '6100', '3200', '1200'].map((id) => books.balance(id, last))).toEqual([
      0n,
      0n,
      -9_000_000n,
      15_000_000n,
    ])
    expect(books.balance('4010')).toBe(-700_000n)
    expect(books.run('journal-entry.reverse', {}, closing?.id)).toBe('fiscal_year_closed')
  })

  it('is closed once, after its last day, in order, and stays closed', () => {
    const books = open()
    sale(books, 'old', '2024-08-01', '10.00')
    sale(books, 'a', '2025-08-01', '10.00')
    expect([closeYear(books, '2026-27'), closeYear(books, '2025-26'), closeYear(books, '2024-25')]).toEqual([
      'fiscal_year_not_over',
      'fiscal_year_order',
      'accepted',
    ])
    expect([closeYear(books, '2025-26'), closeYear(books, '2025-26'), closeYear(books, '2023-24')]).toEqual([
      'accepted',
      'fiscal_year_closed',
      'fiscal_year_order',
    ])
    expect([closeYear(books, '2025'), closeYear(books, 'books')]).toEqual(['not_found', 'not_found'])
    expect(sale(books, 'b', '2026-06-30', '1.00')).toBe('period_closed')
    books.must('period.close', { through: '2026-09-30' })
    const reopen = (through: string) => books.run('period.reopen', { through, reason: 'audit' })
    expect(refusalOf(books, reopen('2026-06-29'))).toEqual(['fiscal_year_closed', '/through'])
    expect([
      reopen('2026-06-30'),
      sale(books, 'b', '2026-06-30', '1.00'),
      sale(books, 'b', '2026-07-01', '1.00'),
    ]).toEqual(['accepted', 'period_closed', 'accepted'])
  })

  it('of its last day is not over before the day is, in the tenant’s zone', () => {
    // 17:59 UTC is 23:59 in Dhaka.
    expect(closeYear(open('2026-06-30T17:59:00Z'), '2025-26')).toBe('fiscal_year_not_over')
    expect(closeYear(open('2026-06-30T18:00:00Z'), '2025-26')).toBe('accepted')
  })

  it('without income and expenses closes without an entry, and one that breaks even without retained earnings', () => {
    const empty = open()
    expect([closeYear(empty, '2025-26'), empty.entries()]).toEqual(['accepted', []])
    expect(empty.session.events.at(-1)?.event.data).toMatchObject({ journalId: '', netIncome: 0n })
    const even = open()
    sale(even, 'a', '2025-08-01', '10.00')
    spend(even, 'x', '2025-08-01', '10.00')
    expect(closeYear(even, '2025-26')).toBe('accepted')
    expect(
      even
        .entries()
        .at(-1)
        ?.lines.map((line) => line.accountCode),
    ).toEqual(['4010', '6100'])
  })
})
