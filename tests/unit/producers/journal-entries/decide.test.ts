/** Journal entries by hand and opening balances: what they post, and each refusal with its pointer and no trace. */
import { describe, expect, it } from '@jest/globals'
import { formatDecimal } from '../../../../schemas/values/amount.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'
import { MemoryBooks } from '../../../support/memory-books.ts'

const NOW = '2026-11-23T06:00:00Z'
const open = () => {
  const books = new MemoryBooks(NOW)
  books.must('customer.create', { id: 'c', name: 'Rahim Traders' })
  return books
}
const rent = [
  { accountCode: '6100', debit: '500.00', department: 'Dhaka', memo: 'November' },
  { accountId: '1110', credit: '500.00' },
]
const rows = (books: MemoryBooks, index = -1) =>
  (books.entries().at(index)?.lines ?? []).map(
    ({ accountCode, debit, credit }) => `${accountCode} ${formatDecimal(debit - credit, 2)}`,
  )
const refusalOf = (books: MemoryBooks, outcome: string) => [
  outcome,
  ...(books.refusal?.options.errors ?? []).map((one) => one.pointer),
]

describe('a journal entry', () => {
  it('counts when it is posted, with a gap-free number of its fiscal year', () => {
    const books = open()
    books.must('journal-entry.create', { id: 'a', entryDate: '2026-06-30', lines: rent })
    expect(books.entries()).toEqual([])
    books.must('journal-entry.post', {}, 'a')
    books.must('journal-entry.create', { id: 'b', status: 'POSTED', lines: rent })
    books.must('journal-entry.create', { id: 'd', status: 'POSTED', entryDate: '2026-07-01', lines: rent })
    expect(books.entries().map(({ id, journalNumber, kind }) => [id, journalNumber, kind])).toEqual([
      ['a', 'JV-2025-26-000001', 'MANUAL'],
      ['b', 'JV-2026-27-000001', 'MANUAL'],
      ['d', 'JV-2026-27-000002', 'MANUAL'],
    ])
    expect(rows(books)).toEqual(['6100 500.00', '1110 -500.00'])
    expect(books.entries()[0]?.lines[0]).toMatchObject({
      accountName: 'Rent',
      accountClass: 'EXPENSE',
      accountSubtype: 'OPERATING_EXPENSE',
      department: 'Dhaka',
      memo: 'November',
    })
    expect(books.run('journal-entry.post', {}, 'a')).toBe('journal_not_draft')
    expect(books.run('journal-entry.post', {}, 'nobody')).toBe('journal_entry_not_found')
  })

  it('in another currency is balanced in both, rounding apart', () => {
    const books = open()
    const lines = [
      { accountId: '6100', debit: '0.05' },
      { accountId: '6110', debit: '0.05' },
      { accountId: '1110', credit: '0.10' },
    ]
    // 0.05 at 110.3 = 5.515 -> 5.52 twice, 0.10 = 11.03: a poisha too much on the debit side.
    const body = { id: 'a', status: 'POSTED', currency: 'USD', fxRate: '110.3', lines }
    books.must('journal-entry.create', body)
    expect(rows(books)).toEqual(['6100 5.52', '6110 5.52', '1110 -11.03', '8040 -0.01'])
    expect(books.entries()[0]).toMatchObject({ currency: 'USD', total: 110_400n })
  })

  it.each([
    [
      'unbalanced',
      { lines: [rent[0], { accountId: '1110', credit: '499.99' }] },
      ['journal_unbalanced', '/lines'],
    ],
    [
      'to an account that is not there',
      { lines: [{ accountId: 'x', debit: '1' }, rent[1]] },
      ['reference_not_found', '/lines/0/accountId'],
    ],
    [
      'to a code that is not there',
      { lines: [rent[0], { accountCode: 'x', credit: '1' }] },
      ['reference_not_found', '/lines/1/accountCode'],
    ],
    [
      'to an account out of use',
      { lines: [{ accountId: '1102', debit: '500.00' }, rent[1]] },
      ['account_inactive', '/lines/0/accountId'],
    ],
    [
      'to a control account',
      { lines: [rent[0], { accountCode: '1200', credit: '500.00' }] },
      ['account_control', '/lines/1/accountCode'],
    ],
    ['in a closed period', { entryDate: '2026-09-30' }, ['period_closed', '/entryDate']],
    ['without a rate', { currency: 'USD' }, ['fx_rate_required', '/fxRate']],
    [
      'with a poisha’s part',
      { lines: [{ accountId: '6100', debit: '1.001' }, rent[1]] },
      ['validation_failed', '/lines/0/debit'],
    ],
    [
      'with nothing',
      { lines: [{ accountId: '6100', debit: '0' }, rent[1]] },
      ['validation_failed', '/lines/0/debit'],
    ],
    [
      'with too much',
      { lines: [{ accountId: '6100', debit: '1000000000' }, rent[1]] },
      ['validation_failed', '/lines/0/debit'],
    ],
    [
      'in another currency than its lines',
      { currency: 'BDT', lines: [{ accountId: '6100', debit: { amount: '1', currency: 'EUR' } }, rent[1]] },
      ['currency_mismatch', '/lines/0/debit/currency'],
    ],
    [
      'with the form of a generated number',
      { journalNumber: 'JV-2026-27-000009' },
      ['number_reserved', '/journalNumber'],
    ],
  ])('%s is refused and leaves nothing', (_what, more, refusal) => {
    const books = open()
    books.must('account.deactivate', {}, '1102')
    books.must('period.close', { through: '2026-09-30' })
    const before = books.session.events.length
    for (const status of ['DRAFT', 'POSTED']) {
      expect(
        refusalOf(books, books.run('journal-entry.create', { id: 'a', status, lines: rent, ...more })),
      ).toEqual(refusal)
    }
    expect(books.session.events).toHaveLength(before)
  })

  it.each([
    ['one line', { lines: [rent[0]] }],
    ['over 1,000 lines', { lines: Array.from({ length: 1_001 }, () => rent[0]) }],
    ['a line with both sides', { lines: [{ accountId: '6100', debit: '1', credit: '1' }, rent[1]] }],
    ['a line with no side', { lines: [{ accountId: '6100' }, rent[1]] }],
    ['a line with two names of its account', { lines: [{ ...rent[0], accountId: '6100' }, rent[1]] }],
    ['a line without an account', { lines: [{ debit: '500.00' }, rent[1]] }],
    ['an amount below zero', { lines: [{ accountId: '6100', debit: '-1' }, rent[1]] }],
    ['an amount with an exponent', { lines: [{ accountId: '6100', debit: '1e30' }, rent[1]] }],
    ['a control character', { description: 'a\u0007b' }],
    ['a text too long', { description: 'x'.repeat(501) }],
  ])('with %s does not fit the schema', (_what, more) => {
    expect(() => open().run('journal-entry.create', { id: 'a', lines: rent, ...more })).toThrow()
  })

  it('of 1,000 lines is taken', () => {
    const books = open()
    const lines = Array.from({ length: 1_000 }, (_, i) => ({
      accountId: '6100',
      [i % 2 ? 'debit' : 'credit']: '1.00',
    }))
    expect(books.run('journal-entry.create', { status: 'POSTED', lines })).toBe('accepted')
  })

  it('is checked anew when a draft is posted, and may go to another day', () => {
    const books = open()
    books.must('journal-entry.create', {
      id: 'a',
      entryDate: '2026-09-30',
      lines: [rent[0], { accountId: '1102', credit: '500.00' }],
    })
    books.must('period.close', { through: '2026-09-30' })
    expect(refusalOf(books, books.run('journal-entry.post', {}, 'a'))).toEqual([
      'period_closed',
      '/entryDate',
    ])
    books.must('account.deactivate', {}, '1102')
    expect(books.run('journal-entry.post', { entryDate: '2026-10-01' }, 'a')).toBe('account_inactive')
    const till = { code: '1102', name: 'Till', accountClass: 'ASSET', subtype: 'CASH', active: true }
    books.must('account.update', till, '1102')
    books.must('journal-entry.post', { entryDate: '2026-10-01' }, 'a')
    expect(books.entries()[0]).toMatchObject({
      entryDate: parseDay('2026-10-01'),
      journalNumber: 'JV-2026-27-000001',
    })
    expect(books.entries()[0]?.lines[1]).toMatchObject({ accountName: 'Till' })
  })

  it('is reversed once, by an entry of its own', () => {
    const books = open()
    books.must('journal-entry.create', { id: 'a', status: 'POSTED', entryDate: '2026-11-01', lines: rent })
    const reverse = (body: object, id = 'a') => books.run('journal-entry.reverse', body, id)
    expect(refusalOf(books, reverse({ reversalDate: '2026-10-31' }))).toEqual(['date_order', '/reversalDate'])
    expect(reverse({ reversalDate: '2026-11-05', reason: 'wrong month' })).toBe('accepted')
    expect(rows(books)).toEqual(['6100 -500.00', '1110 500.00'])
    const [, reversal] = books.entries()
    expect(reversal).toMatchObject({
      kind: 'REVERSAL',
      reversesId: 'a',
      journalNumber: 'JV-2026-27-000002',
      sourceType: 'journal-entry',
      sourceId: 'a',
      sourceVersion: 2,
      description: 'Reversal of JV-2026-27-000001: wrong month',
    })
    expect([reverse({}), reverse({}, reversal?.id), reverse({}, 'nobody')]).toEqual([
      'journal_reversed',
      'journal_reversed',
      'journal_entry_not_found',
    ])
    expect(books.session.state('journal-entry', 'a')).toMatchObject({
      status: 'REVERSED',
      reversalId: reversal?.id,
    })
    books.must('journal-entry.create', { id: 'b', lines: rent })
    expect(reverse({}, 'b')).toBe('journal_not_posted')
  })

  it('of a document is reversed by the document, which the refusal names', () => {
    const books = open()
    books.must('payment.receive', { id: 'p', customerId: 'c', amount: '5.00' })
    const id = books.entries()[0]?.id
    expect(books.run('journal-entry.reverse', {}, id)).toBe('journal_of_document')
    expect(books.refusal?.message).toMatch(/belongs to payment p \(PAY-2026-27-000001\)/)
  })
})

describe('opening balances', () => {
  const balances = [
    { accountCode: '1110', debit: '900.00' },
    { accountCode: '2500', credit: '500.00' },
    { accountCode: '3100', credit: '1000.00' },
  ]
  const give = (books: MemoryBooks, more: object = {}) =>
    books.run('opening-balances.set', { id: 'o', cutOff: '2026-06-30', lines: balances, ...more })

  it('post one entry on the cut-off; the difference waits for the open items', () => {
    const books = open()
    expect(give(books)).toBe('accepted')
    expect(rows(books)).toEqual(['1110 900.00', '2500 -500.00', '3100 -1000.00', '3900 600.00'])
    expect(books.entries()[0]).toMatchObject({ kind: 'OPENING', entryDate: parseDay('2026-06-30') })
    const invoice = (id: string, invoiceDate: string, unitPrice: string) => {
      const lines = [{ unitPrice, vatCode: 'standard' }]
      books.must('invoice.create', { id, customerId: 'c', invoiceDate, status: 'APPROVED', lines })
    }
    // Open items of the old books: 690.00 with VAT; a part payment of 90.00 that the old books had, too.
    invoice('i', '2026-06-30', '600.00')
    expect(rows(books)).toEqual(['1200 690.00', '3900 -600.00', '3900 -90.00'])
    const part = { id: 'p', customerId: 'c', paymentDate: '2026-06-29', amount: '90.00' }
    books.must('payment.receive', part)
    expect(rows(books)).toEqual(['3900 90.00', '1200 -90.00'])
    expect([books.balance('3900'), books.balance('1200'), books.balance('4010')]).toEqual([
      0n,
      6_000_000n,
      0n,
    ])
    // From the next day on everything is the new books'.
    invoice('j', '2026-07-01', '100.00')
    expect(rows(books)).toEqual(['1200 115.00', '4010 -100.00', '2210 -15.00'])
  })

  it('refuse control accounts, and say how their balance comes', () => {
    const books = open()
    for (const [code, how] of [
      ['1200', 'open invoices'],
      ['2100', 'open bills'],
      ['1400', 'stock'],
    ] as const) {
      const lines = [...balances, { accountCode: code, debit: '1.00' }]
      expect(refusalOf(books, give(books, { lines }))).toEqual(['account_control', '/lines/3/accountCode'])
      expect(books.refusal?.message).toContain(how)
    }
  })

  it('come before the documents that are in them, once per cut-off, and can be reversed', () => {
    const books = open()
    books.must('payment.receive', { id: 'p', customerId: 'c', amount: '5.00', paymentDate: '2026-07-01' })
    expect(refusalOf(books, give(books, { cutOff: '2026-07-01' }))).toEqual(['opening_too_late', '/cutOff'])
    expect(give(books)).toBe('accepted')
    const more = { id: 'o2', lines: [{ accountCode: '1101', debit: '5.00' }] }
    expect(refusalOf(books, give(books, { ...more, cutOff: '2026-06-29' }))).toEqual([
      'opening_exists',
      '/cutOff',
    ])
    expect(give(books, more)).toBe('accepted')
    expect([give(books), books.session.chart().cutOff]).toEqual(['already_exists', parseDay('2026-06-30')])
    for (const id of ['o', 'o2']) books.must('journal-entry.reverse', { reversalDate: '2026-06-30' }, id)
    expect([books.balance('1110', parseDay('2026-06-30')), books.session.chart().cutOff]).toEqual([0n, null])
    expect(give(books, { id: 'o3', cutOff: '2026-06-28' })).toBe('accepted')
  })
})
