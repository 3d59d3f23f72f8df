/**
 * An invoice that is paid in instalments, from the command to the answers: each instalment is open with its own due date
 * and its own amount, in /v1/receivables/open as in the buckets of the aging, and documents show their lines. Worked by hand:
 * 2 x 500.00 with VAT of 15 % is 1150.00, due as 400 + 400 + 350; 550.00 are paid between the first two dates.
 */
import { beforeAll, expect, it } from '@jest/globals'
import { type Books, openBooks } from '../support/books.ts'
import { type Aging, command, eventually, type Money, read } from '../support/http.ts'
import { describeStack } from '../support/stack.ts'

interface OpenItem {
  readonly invoiceId: string
  readonly dueDate: string
  readonly age: number
  readonly bucket: string
  readonly open: Money
  readonly total: Money
}
interface Document {
  readonly lines: readonly Readonly<Record<string, unknown>>[]
  readonly instalments?: readonly { readonly dueDate: string; readonly amount: Money }[]
}

describeStack('an invoice with instalments', ['apiUrl', 'commandsUrl', 'jwtAccessSecret'], (stack) => {
  let books: Books
  let invoiceId = ''
  let creditNoteId = ''
  const bdt = (amount: string): Money => ({ amount, currency: 'BDT' })
  const get = <T>(path: string) => read<T>(stack.apiUrl, path, books.reader)
  const open = async (query: string) => {
    const { data } = await get<{ data: OpenItem[] }>(`/v1/receivables/open?${query}`)
    return data.map((one) => [one.dueDate, one.age, one.bucket, one.open.amount, one.total.amount])
  }
  const buckets = async (query: string) => {
    const aging = await get<Aging>(`/v1/receivables/aging?${query}`)
    return aging.buckets.map(({ label, amount }) => [label, amount.amount])
  }

  beforeAll(async () => {
    books = await openBooks(stack, { prefix: 'parts' })
    const chairs = { description: 'Chairs', quantity: '2', unit: 'PCS', vatCode: 'standard' }
    invoiceId = await books.invoice('500.00', {
      invoiceDate: '2026-01-10',
      lines: [{ ...chairs, unitPrice: '500.00' }],
      instalments: [
        { dueDate: '2026-02-10', amount: '400.00' },
        { dueDate: '2026-03-10', amount: '400.00' },
        { dueDate: '2026-04-10', amount: '350.00' },
      ],
    })
    await books.payment('550.00', {
      paymentDate: '2026-02-20',
      allocations: [{ invoiceId, amount: '550.00' }],
    })
    const note = await command<{ id: string }>(stack.commandsUrl, '/v1/credit-notes', books.writer, {
      customerId: 'cust-1',
      creditDate: '2026-05-01',
      lines: [{ ...chairs, quantity: '1', unitPrice: '10.00', discount: { percent: '10' } }],
    })
    creditNoteId = note.id
    await eventually('the credit note to be readable', () => get(`/v1/credit-notes/${creditNoteId}`))
  }, 60_000)

  it('has a row for each instalment that is open, with its own due date and amount', async () => {
    expect(await open('asOf=2026-02-15')).toEqual([
      ['2026-02-10', 5, '1-30', '400.00', '1150.00'],
      ['2026-03-10', -23, 'current', '400.00', '1150.00'],
      ['2026-04-10', -54, 'current', '350.00', '1150.00'],
    ])
    // The payment settles the first, and 150.00 of the second.
    expect(await open('asOf=2026-03-15')).toEqual([
      ['2026-03-10', 5, '1-30', '250.00', '1150.00'],
      ['2026-04-10', -26, 'current', '350.00', '1150.00'],
    ])
    expect(await open('asOf=2026-03-15&bucket=1-30')).toEqual([
      ['2026-03-10', 5, '1-30', '250.00', '1150.00'],
    ])
    expect(await open('asOf=2026-07-15')).toEqual([
      ['2026-03-10', 127, '90+', '250.00', '1150.00'],
      ['2026-04-10', 96, '90+', '350.00', '1150.00'],
    ])
  })

  it('comes in pages that do not part the instalments of a document', async () => {
    const first = await get<{ data: OpenItem[]; page: { nextCursor: string } }>(
      '/v1/receivables/open?asOf=2026-02-15&limit=1',
    )
    const rest = await get<{ data: OpenItem[]; page: { hasMore: boolean } }>(
      `/v1/receivables/open?asOf=2026-02-15&limit=2&cursor=${first.page.nextCursor}`,
    )
    expect([...first.data, ...rest.data].map(({ dueDate }) => dueDate)).toEqual([
      '2026-02-10',
      '2026-03-10',
      '2026-04-10',
    ])
    expect(rest.page.hasMore).toBe(false)
  })

  it('is one row by posting date, and the rows are the buckets', async () => {
    expect(await open('asOf=2026-03-15&basis=posting')).toEqual([
      ['2026-03-10', 64, '61-90', '600.00', '1150.00'],
    ])
    expect(await buckets('asOf=2026-03-15')).toEqual([
      ['current', '350.00'],
      ['1-30', '250.00'],
      ['31-60', '0.00'],
      ['61-90', '0.00'],
      ['90+', '0.00'],
    ])
  })

  it('shows its lines and instalments, and a credit note its lines', async () => {
    const line = {
      description: 'Chairs',
      quantity: '2',
      unit: 'PCS',
      unitPrice: '500',
      discount: bdt('0.00'),
      netAmount: bdt('1000.00'),
      vatCode: 'standard',
      vatRate: '0.15',
      vatAmount: bdt('150.00'),
    }
    const invoice = await get<Document>(`/v1/invoices/${invoiceId}`)
    expect(invoice.lines).toMatchObject([line])
    expect(invoice.instalments).toEqual([
      { dueDate: '2026-02-10', amount: bdt('400.00') },
      { dueDate: '2026-03-10', amount: bdt('400.00') },
      { dueDate: '2026-04-10', amount: bdt('350.00') },
    ])
    const note = await get<Document>(`/v1/credit-notes/${creditNoteId}`)
    expect(note.lines).toMatchObject([
      {
        ...line,
        quantity: '1',
        unitPrice: '10',
        discount: bdt('1.00'),
        netAmount: bdt('9.00'),
        vatAmount: bdt('1.35'),
      },
    ])
  })
})
