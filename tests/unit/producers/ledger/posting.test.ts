/** What documents post, in hand-computed books: accounts, amounts, rounding, refusals, opening cut-off. */
import { describe, expect, it } from '@jest/globals'
import { documentEntry, journalId } from '../../../../producers/ledger/journal.ts'
import type { Posting, PostingTable } from '../../../../producers/ledger/posting.ts'
import { merged, POSTINGS } from '../../../../producers/ledger/registry.ts'
import { formatDecimal, RATE_ONE } from '../../../../schemas/values/amount.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'
import { MemoryBooks } from '../../../support/memory-books.ts'
import { facts } from '../facts.ts'

const NOW = '2026-11-23T06:00:00Z'
const open = (settings: object = {}) => {
  const books = new MemoryBooks(NOW, settings)
  books.must('customer.create', { id: 'c', name: 'Rahim Traders' })
  return books
}
const rows = (books: MemoryBooks, index = -1) =>
  (books.entries().at(index)?.lines ?? []).map(({ accountCode, debit, credit, partyId }) =>
    [accountCode, formatDecimal(debit - credit, 2), partyId].filter((part) => part !== '').join(' '),
  )

describe('a posted document', () => {
  it('debits the customer and credits revenue and VAT, in the command that approves it', () => {
    const books = open()
    const lines = [{ quantity: '3', unitPrice: '33.35', vatCode: 'standard' }]
    books.must('invoice.create', { id: 'i', customerId: 'c', invoiceDate: '2026-11-01', lines })
    expect(books.entries()).toEqual([])
    books.must('invoice.approve', {}, 'i')
    // 3 x 33.35 = 100.05, VAT 15 % = 15.0075 -> 15.01.
    expect(rows(books)).toEqual(['1200 115.06 c', '4010 -100.05', '2210 -15.01'])
    expect(books.entries().at(-1)).toMatchObject({
      kind: 'DOCUMENT',
      journalNumber: 'INV-2026-27-000001',
      entryDate: parseDay('2026-11-01'),
      fiscalYear: '2026-27',
      sourceType: 'invoice',
      sourceId: 'i',
      sourceVersion: 2,
      total: 1_150_600n,
      id: journalId({ type: 'invoice', id: 'i', version: 2, index: 0 }),
    })
  })

  it('moves money by method, and back when it is reversed or never came', () => {
    const books = open()
    books.must('payment.receive', { id: 'p', customerId: 'c', amount: '50.00', method: 'bkash' })
    expect(rows(books)).toEqual(['1131 50.00', '1200 -50.00 c'])
    books.must('payment.reverse', { reversalDate: '2026-11-23' }, 'p')
    expect(rows(books)).toEqual(['1131 -50.00', '1200 50.00 c'])
    expect([books.balance('1131'), books.balance('1200')]).toEqual([0n, 0n])
  })

  it('of two events posts for the second one, after both of the first', () => {
    const books = open()
    const body = { id: 'e', category: 'Rent', netAmount: '1000.00', vatAmount: '150.00', status: 'APPROVED' }
    books.must('expense.record', body)
    expect(books.session.events.slice(-3).map(({ event, version }) => [event.type, version])).toEqual([
      ['ExpenseRecorded', 1],
      ['ExpenseApproved', 2],
      ['JournalEntryPosted', 1],
    ])
    expect(rows(books)).toEqual(['6100 1000.00', '1310 150.00', '2130 -1150.00'])
    expect(books.entries().at(-1)).toMatchObject({ sourceId: 'e', sourceVersion: 2 })
  })

  it('in another currency is balanced in the books, to the poisha', () => {
    const books = open()
    // 0.10 USD at 110.125 = 11.0125 -> 11.01 each; both together 0.20 = 22.025 -> 22.03: subtotal and total are converted whole.
    const lines = [{ unitPrice: '0.10', vatCode: 'none' }]
    const body = { id: 'i', customerId: 'c', currency: 'USD', fxRate: '110.125', status: 'APPROVED' }
    books.must('invoice.create', { ...body, lines: [...lines, ...lines] })
    expect(rows(books)).toEqual(['1200 22.03 c', '4010 -22.03'])
    const vat = [{ unitPrice: '0.10', vatRate: '0.5' }]
    books.must('invoice.create', { ...body, id: 'j', lines: vat })
    // 0.15 USD = 16.51875 -> 16.52; 0.10 = 11.01; 0.05 = 5.50625 -> 5.51: nothing is left.
    expect(rows(books)).toEqual(['1200 16.52 c', '4010 -11.01', '2210 -5.51'])
    const third = [{ unitPrice: '0.20', vatRate: '0.5' }]
    books.must('invoice.create', { ...body, id: 'k', lines: third })
    // 0.30 USD = 33.0375 -> 33.04; 0.20 = 22.025 -> 22.03; 0.10 = 11.0125 -> 11.01: in balance again.
    expect(rows(books)).toEqual(['1200 33.04 c', '4010 -22.03', '2210 -11.01'])
    const fourth = [{ unitPrice: '0.03', vatRate: '0.34' }]
    books.must('invoice.create', { ...body, id: 'l', fxRate: '110.5', lines: fourth })
    // 0.04 USD = 4.42; 0.01 = 1.105 -> 1.11 to the tax office; revenue is what the total leaves: 3.31, not 3.315 -> 3.32.
    expect(rows(books)).toEqual(['1200 4.42 c', '4010 -3.31', '2210 -1.11'])
  })

  it('settles at two rates with an exchange gain, until the customer owes nothing', () => {
    const books = open()
    const usd = { customerId: 'c', currency: 'USD' }
    const lines = [{ unitPrice: '100.00' }]
    books.must('invoice.create', { ...usd, id: 'i', fxRate: '110', status: 'APPROVED', lines })
    const allocations = [{ invoiceId: 'i', amount: '100.00' }]
    books.must('payment.receive', { ...usd, id: 'p', fxRate: '120', amount: '100.00', allocations })
    expect(rows(books)).toEqual(['1200 1000.00 c', '7030 -1000.00'])
    expect([books.balance('1200'), books.balance('1110'), books.balance('7030')]).toEqual([
      0n,
      120_000_000n,
      -10_000_000n,
    ])
  })
})

describe('accounts of a posting', () => {
  it('follow the rules of the tenant: by key, then for all others, then the default chart', () => {
    const books = open()
    books.must('account.create', { code: '4015', name: 'Tea', accountClass: 'INCOME' })
    books.must('account.create', { code: '4016', name: 'All else', accountClass: 'INCOME' })
    const invoice = (id: string, category: string) => {
      const body = { id, customerId: 'c', category, status: 'APPROVED', lines: [{ unitPrice: '1.00' }] }
      books.must('invoice.create', body)
      return rows(books)[1]
    }
    expect(invoice('a', 'services')).toBe('4020 -1.00')
    books.must('posting-rules.set', { rules: [{ role: 'revenue', key: 'Tea', accountId: '4015' }] })
    expect([invoice('b', 'tea'), invoice('d', 'rice'), invoice('e', 'services')]).toEqual([
      '4015 -1.00',
      '4010 -1.00',
      '4020 -1.00',
    ])
    const rules = [
      { role: 'revenue', key: 'tea', accountId: '4015' },
      { role: 'revenue', accountId: '4016' },
    ]
    books.must('posting-rules.set', { rules })
    expect([invoice('f', 'tea'), invoice('g', 'services')]).toEqual(['4015 -1.00', '4016 -1.00'])
  })

  it('must be there, in use, and no control account of another subledger', () => {
    const books = open()
    const spend = (accountId: string) => {
      const posting: Posting = {
        entryDate: parseDay('2026-11-23'),
        description: '',
        number: 'EXP-1',
        currency: 'BDT',
        fxRate: RATE_ONE,
        lines: [
          { side: 'debit', role: 'expense', accountId, amount: 10_000n },
          { side: 'credit', role: 'accrued-expenses', amount: 10_000n },
        ],
      }
      const source = { type: 'expense', id: 'e', version: 1, index: 0 } as const
      return documentEntry(posting, source, books.session.chart(), facts.tenant)?.lines[0]?.accountCode
    }
    expect(spend('6100')).toBe('6100')
    expect(() => spend('nowhere')).toThrow(/account nowhere does not exist/)
    expect(() => spend('1400')).toThrow(/control account of inventory/)
    books.must('account.deactivate', {}, '1102')
    expect(() => spend('1102')).toThrow(/takes no postings any more/)
  })
})

describe('a posting that is wrong', () => {
  const chart = new MemoryBooks(NOW).session.chart()
  const make = (lines: Posting['lines'], currency = 'BDT', fxRate = RATE_ONE) =>
    documentEntry(
      { entryDate: 0, description: '', number: 'X-1', currency, fxRate, lines },
      { type: 'invoice', id: 'i', version: 1, index: 0 },
      chart,
      facts.tenant,
    )

  it('is a bug: in its own currency, or by more than rounding in the books', () => {
    expect(() =>
      make([
        { side: 'debit', role: 'cash', amount: 10_000n },
        { side: 'credit', role: 'revenue', amount: 9_900n },
      ]),
    ).toThrow(/not balanced: 0.01 BDT/)
    expect(() =>
      make(
        [
          { side: 'debit', role: 'cash', amount: 10_000n, base: 1_100_000n },
          { side: 'credit', role: 'revenue', amount: 10_000n, base: 1_099_700n },
        ],
        'USD',
      ),
    ).toThrow(/not balanced: 0.03 BDT/)
  })

  it.each(['receivables', 'payables', 'inventory'] as const)('is a bug where %s is of nobody', (role) => {
    const lines: Posting['lines'] = [
      { side: 'debit', role, amount: 10_000n },
      { side: 'credit', role: 'revenue', amount: 10_000n },
    ]
    expect(() => make(lines)).toThrow(/names no (party|product)/)
  })

  it('leaves out what moves nothing, and turns what is below zero to the other side', () => {
    expect(make([{ side: 'debit', role: 'cash', amount: 0n }])).toBeUndefined()
    const entry = make([
      { side: 'debit', role: 'cash', amount: -10_000n },
      { side: 'credit', role: 'output-vat', amount: 0n },
      { side: 'credit', role: 'receivables', amount: -10_000n, party: { type: 'customer', id: 'c' } },
    ])
    expect(entry?.lines.map(({ accountId, debit, credit }) => [accountId, debit, credit])).toEqual([
      ['1110', 0n, 10_000n],
      ['1200', 10_000n, 0n],
    ])
  })

  it('too large for the record in the base currency is refused at its rate', () => {
    const lines: Posting['lines'] = [
      { side: 'debit', role: 'cash', amount: 9_999_999_999_900n },
      { side: 'credit', role: 'revenue', amount: 9_999_999_999_900n },
    ]
    expect(() => make(lines, 'KWD', 10_000_000n * RATE_ONE)).toThrow(/too large/)
  })
})

describe('the registry', () => {
  it('refuses two meanings of one event', () => {
    const table: PostingTable = { ExpenseApproved: () => [] }
    expect(() => merged([table, table])).toThrow(/two tables have postings of ExpenseApproved/)
    expect(Object.keys(POSTINGS)).toContain('InvoiceCreated')
  })
})
