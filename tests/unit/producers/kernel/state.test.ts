/** Events that an older version stored give complete states. */
import { describe, expect, it } from '@jest/globals'
import { creditedLines } from '../../../../producers/credit-notes/lines.ts'
import { evolveInvoice } from '../../../../producers/invoices/evolve.ts'
import type { DomainEvent } from '../../../../producers/kernel/events.ts'
import { evolvePayment, settlingAmount } from '../../../../producers/payments/evolve.ts'
import { RATE_ONE } from '../../../../schemas/values/amount.ts'

/** As they were before lines, discounts and deducted taxes were kept. */
const invoice = {
  status: 'APPROVED',
  invoiceNumber: 'A-1',
  mushakNumber: null,
  fiscalYear: '2025-26',
  customerId: 'c',
  customerName: 'Rahim Traders',
  currency: 'BDT',
  fxRate: RATE_ONE,
  invoiceDate: 20_000,
  dueDate: 20_030,
  category: '',
  productCategory: '',
  subtotal: 1_000_000n,
  vatAmount: 150_000n,
  total: 1_150_000n,
}
const payment = {
  status: 'RECEIVED',
  paymentNumber: 'P-1',
  customerId: 'c',
  customerName: 'Rahim Traders',
  method: 'bank',
  currency: 'BDT',
  fxRate: RATE_ONE,
  paymentDate: 20_010,
  amount: 500_000n,
}

const { status, ...data } = invoice
const created = { type: 'InvoiceCreated', data: { ...data, status, lines: [], reference: '' } }
const read = evolveInvoice(null, created as unknown as DomainEvent<'InvoiceCreated'>)

/** What code of another version left is folded anew from the events (event-store/refold.ts). */
describe('what an older version stored', () => {
  it("has today's fields when it is read", () => {
    expect(read).toEqual({
      ...invoice,
      discountAmount: 0n,
      sdAmount: 0n,
      instalments: [],
      salespersonId: null,
      customerBin: null,
      disputed: false,
      cancelledOn: null,
      lines: [],
    })
    const { status: _received, ...money } = payment
    const received = { type: 'PaymentReceived', data: { ...money, allocations: [], reference: '' } }
    const state = evolvePayment(null, received as unknown as DomainEvent<'PaymentReceived'>)
    expect([state.direction, settlingAmount(state), state.endedOn]).toEqual(['in', 500_000n, null])
  })

  it('is credited as one line, with its VAT', () => {
    expect(creditedLines(read, [], [{ line: 1, amount: '40.00' }])).toMatchObject([
      { netAmount: 400_000n, vatAmount: 60_000n, vatCode: 'other' },
    ])
    expect(creditedLines(read, [], undefined)).toMatchObject([{ netAmount: 1_000_000n, vatAmount: 150_000n }])
  })
})
