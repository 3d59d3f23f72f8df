import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { issueCreditNote } from '../../../../producers/credit-notes/commands.ts'
import { Refusal } from '../../../../producers/kernel/errors.ts'
import { formatAmount } from '../../../../schemas/values/amount.ts'
import { Books } from '../books.ts'

const ids = {
  invoices: ['i', 'j'],
  payments: ['p'],
  creditNotes: Array.from({ length: 12 }, (_, index) => `n${index}`),
}
const sold = (more: object = {}) => ({
  customerId: 'c',
  status: 'APPROVED',
  invoiceDate: '2026-08-01',
  category: 'rice',
  lines: [
    { quantity: '3', unitPrice: '3.33', vatCode: 'standard', productId: 'rice' },
    { quantity: '10', unitPrice: '5.00', vatCode: 'reduced' },
  ],
  ...more,
})
const opened = (more: object = {}): Books => {
  const books = new Books(ids)
  expect(books.run('invoice.create', 'i', sold(more))).toBe('accepted')
  return books
}
const credit = (books: Books, id: string, body: object = {}) =>
  books.run('credit-note.issue', id, { invoiceId: 'i', creditDate: '2026-08-05', ...body })
const note = (books: Books, id: string) => {
  const state = books.session.state('credit-note', id)
  if (!state) throw new Error(`no credit note ${id}`)
  return state
}
const money = (amount: bigint) => formatAmount(amount, 'BDT')

describe('a credit note of an invoice', () => {
  it('takes back a line in units with its taxes, and what rounding left with the last of them', () => {
    const books = opened({
      lines: [{ quantity: '3', unitPrice: '3.34', discount: '0.02', vatCode: 'standard' }],
    })
    // 10.02 - 0.02 = 10.00, VAT 1.50. Thirds: 3.33 and VAT 0.50, twice; then 3.34 and 0.50.
    for (const id of ['n0', 'n1', 'n2'])
      expect(credit(books, id, { invoiceLines: [{ line: 1, quantity: '1' }] })).toBe('accepted')
    expect(
      ['n0', 'n1', 'n2'].map((id) => [money(note(books, id).subtotal), money(note(books, id).vatAmount)]),
    ).toEqual([
      ['3.33', '0.50'],
      ['3.33', '0.50'],
      ['3.34', '0.50'],
    ])
    expect(credit(books, 'n3')).toBe('nothing_open')
    expect(books.balance('revenue') + books.balance('sales-returns')).toBe(0n)
    expect([books.balance('output-vat'), books.balance('receivables')]).toEqual([0n, 0n])
  })

  it('takes back all that is left where nothing is said', () => {
    const books = opened()
    expect(credit(books, 'n0', { invoiceLines: [{ line: 2, quantity: '4' }] })).toBe('accepted')
    expect(credit(books, 'n1')).toBe('accepted')
    const total = books.session.state('invoice', 'i')?.total ?? 0n
    expect(note(books, 'n0').total + note(books, 'n1').total).toBe(total)
    expect(note(books, 'n1').lines.map(({ quantity }) => quantity)).toEqual([30_000n, 60_000n])
  })

  it('reduces a price without units, with the VAT of the line', () => {
    const books = opened()
    expect(credit(books, 'n0', { invoiceLines: [{ line: 2, amount: '8.00' }] })).toBe('accepted')
    expect(note(books, 'n0')).toMatchObject({ subtotal: 80_000n, vatAmount: 6_000n, total: 86_000n })
    expect(note(books, 'n0').lines[0]?.quantity).toBe(0n)
  })

  it('has the customer, currency and rate of its invoice, numbers of its own, and the invoice settled', () => {
    const books = opened({ currency: 'USD', fxRate: '110' })
    expect(credit(books, 'n0')).toBe('accepted')
    const total = books.session.state('invoice', 'i')?.total ?? 0n
    expect(note(books, 'n0')).toMatchObject({
      creditNoteNumber: 'CN-2026-27-000001',
      mushakNumber: 'MUSHAK-6.7-2026-08-000001',
      fiscalYear: '2026-27',
      customerId: 'c',
      customerName: 'Rahim Traders',
      currency: 'USD',
      fxRate: 11_000_000_000n,
      category: 'rice',
      invoiceNumber: 'INV-2026-27-000001',
    })
    expect(books.session.allocationsOf('credit-note', 'n0')).toMatchObject([
      { sourceType: 'credit-note', targetType: 'invoice', targetId: 'i', amount: total },
    ])
    expect(books.run('credit-note.issue', 'n1', { customerId: 'c', lines: [{ unitPrice: '1.00' }] })).toBe(
      'accepted',
    )
    expect(note(books, 'n1')).toMatchObject({
      creditNoteNumber: 'CN-2026-27-000002',
      mushakNumber: 'MUSHAK-6.7-2026-11-000002',
      invoiceId: null,
    })
  })

  it('settles no more than is open, and keeps the rest unapplied until it is allocated', () => {
    const books = opened()
    const total = money(books.session.state('invoice', 'i')?.total ?? 0n)
    const allocations = [{ invoiceId: 'i', amount: total }]
    const paid = { customerId: 'c', paymentDate: '2026-08-02', amount: total, allocations }
    expect(books.run('payment.receive', 'p', paid)).toBe('accepted')
    expect(credit(books, 'n0', { invoiceLines: [{ line: 2 }] })).toBe('accepted')
    expect(books.session.allocationsOf('credit-note', 'n0')).toEqual([])
    expect(books.run('invoice.create', 'j', sold())).toBe('accepted')
    const apply = (amount: string) =>
      books.run('credit-note.allocate', 'n0', { allocations: [{ invoiceId: 'j', amount }] })
    expect([apply('53.76'), apply('53.75'), apply('0.01')]).toEqual([
      'allocation_exceeds_open',
      'accepted',
      'allocation_exceeds_open',
    ])
  })

  it('opens what it settled when it is cancelled, and can be credited anew', () => {
    const books = opened()
    expect(credit(books, 'n0')).toBe('accepted')
    expect(books.run('invoice.cancel', 'i', {})).toBe('invoice_credited')
    expect(books.run('credit-note.cancel', 'n0', { cancelledDate: '2026-08-09' })).toBe('accepted')
    expect(books.session.allocationsOf('invoice', 'i')[0]?.toDay).not.toBeNull()
    expect(credit(books, 'n1')).toBe('accepted')
    expect(books.run('credit-note.cancel', 'n0', {})).toBe('credit_note_cancelled')
    expect(
      books.run('credit-note.allocate', 'n0', { allocations: [{ invoiceId: 'i', amount: '1.00' }] }),
    ).toBe('credit_note_cancelled')
    expect(books.run('credit-note.cancel', 'n1', {})).toBe('accepted')
    expect(books.run('invoice.cancel', 'i', {})).toBe('accepted')
  })

  it('never takes back more than was sold, and in the end all of it, whatever the parts', () => {
    const quantity = fc.integer({ min: 1, max: 80_000 }).map((n) => (n / 10_000).toFixed(4))
    const amount = fc.integer({ min: 1, max: 900 }).map((n) => (n / 100).toFixed(2))
    const part = fc.oneof(
      fc.record({ line: fc.constantFrom(1, 2, 3), quantity }),
      fc.record({ line: fc.constantFrom(1, 2, 3), amount }),
    )
    const line = fc.record({
      quantity: fc.constantFrom('1', '3', '7.5'),
      unitPrice: fc.constantFrom('0.07', '3.33', '9.99'),
      vatCode: fc.constantFrom('standard', 'reduced', 'exempt'),
      sdRate: fc.constantFrom('0', '0.033'),
    })
    let credited = 0
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 3, maxLength: 3 }),
        fc.array(fc.array(part, { minLength: 1, maxLength: 3 }), { maxLength: 8 }),
        (lines, parts) => {
          const books = opened({ lines })
          const invoice = books.session.state('invoice', 'i')
          if (!invoice) throw new Error('no invoice')
          for (const [index, invoiceLines] of parts.entries()) {
            if (credit(books, `n${index}`, { invoiceLines }) === 'accepted') credited++
          }
          const last = credit(books, 'n11')
          expect(['accepted', 'nothing_open']).toContain(last)
          const notes = books.session.creditNotesOf('i')
          for (const field of ['subtotal', 'sdAmount', 'vatAmount', 'total'] as const) {
            expect([field, notes.reduce((sum, one) => sum + one[field], 0n)]).toEqual([field, invoice[field]])
            expect(notes.every((one) => one[field] >= 0n)).toBe(true)
          }
        },
      ),
      { numRuns: 200 },
    )
    // About 250 in 200 runs: the cases must not all be refusals.
    expect(credited).toBeGreaterThan(50)
  })
})

describe('refusals point at the field', () => {
  const refusalOf = (work: () => unknown): readonly [string, string | undefined] => {
    try {
      work()
      return ['accepted', undefined]
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return [error.code, error.options.errors?.[0]?.pointer]
    }
  }
  const decided = (body: object): readonly [string, string | undefined] => {
    const books = opened()
    expect(books.run('invoice.create', 'j', { ...sold(), status: 'DRAFT' })).toBe('accepted')
    return refusalOf(() =>
      books.decide('credit-note.issue', 'n0', { invoiceId: 'i', creditDate: '2026-08-05', ...body }),
    )
  }

  it.each<[string, object, string, string | undefined]>([
    ['an unknown invoice', { invoiceId: 'none' }, 'reference_not_found', '/invoiceId'],
    ['a draft', { invoiceId: 'j' }, 'invoice_not_approved', '/invoiceId'],
    ['a day before the invoice', { creditDate: '2026-07-31' }, 'date_order', '/creditDate'],
    ['another currency', { currency: 'USD' }, 'currency_mismatch', '/currency'],
    ['another rate', { fxRate: '2' }, 'validation_failed', '/fxRate'],
    ['lines of its own', { lines: [{ unitPrice: '1.00' }] }, 'validation_failed', '/lines'],
    [
      'a line that is not there',
      { invoiceLines: [{ line: 3 }] },
      'validation_failed',
      '/invoiceLines/0/line',
    ],
    [
      'more units than were sold',
      { invoiceLines: [{ line: 1, quantity: '3.0001' }] },
      'credit_exceeds_invoice',
      '/invoiceLines/0/quantity',
    ],
    [
      'more units than are left after its own first line',
      {
        invoiceLines: [
          { line: 1, quantity: '2' },
          { line: 1, quantity: '2' },
        ],
      },
      'credit_exceeds_invoice',
      '/invoiceLines/1/quantity',
    ],
    [
      'more money than the line',
      { invoiceLines: [{ line: 2, amount: '50.01' }] },
      'credit_exceeds_invoice',
      '/invoiceLines/0/amount',
    ],
    [
      'too many decimals',
      { invoiceLines: [{ line: 2, amount: '1.001' }] },
      'validation_failed',
      '/invoiceLines/0/amount',
    ],
    [
      'a number like generated ones',
      { creditNoteNumber: 'CN-2026-27-000009' },
      'number_reserved',
      '/creditNoteNumber',
    ],
    ['no number from elsewhere', { issuedElsewhere: true }, 'validation_failed', '/creditNoteNumber'],
    [
      'an allocation above what it is worth',
      { invoiceLines: [{ line: 2, amount: '1.00' }], allocations: [{ invoiceId: 'i', amount: '1.09' }] },
      'allocation_exceeds_open',
      '/allocations/0/amount',
    ],
    ['nobody', { invoiceId: undefined, lines: [{ unitPrice: '1.00' }] }, 'validation_failed', '/customerId'],
    ['nothing', { invoiceId: undefined, customerId: 'c' }, 'validation_failed', '/lines'],
    [
      "an invoice's lines without one",
      { invoiceId: undefined, customerId: 'c', invoiceLines: [{ line: 1 }] },
      'validation_failed',
      '/invoiceLines',
    ],
  ])('%s', (_what, body, code, pointer) => {
    expect(decided(body)).toEqual([code, pointer])
  })

  it.each<[string, object, string]>([
    [
      'a quantity and an amount',
      { invoiceLines: [{ line: 1, quantity: '1', amount: '1.00' }] },
      'invoiceLines.0',
    ],
    ['line 0', { invoiceLines: [{ line: 0 }] }, 'invoiceLines.0.line'],
    ['an amount below zero', { invoiceLines: [{ line: 1, amount: '-1' }] }, 'invoiceLines.0.amount'],
    ['control characters', { reason: 'a\u0007b' }, 'reason'],
    ['a reason beyond 500', { reason: 'x'.repeat(501) }, 'reason'],
  ])('by its form: %s', (_what, body, path) => {
    const parsed = issueCreditNote.safeParse({ invoiceId: 'i', ...body })
    expect(parsed.error?.issues[0]?.path.join('.')).toBe(path)
  })
})
