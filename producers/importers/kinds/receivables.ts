/**
 * Owns the import of receivables: a row is an invoice of a customer, settled in full on a day or open. PURE.
 * R1: a payment is sent in the same batch as its invoice, after it; a customer before its first invoice.
 */
import { type Context, documentId, type ItemInput, type Kind, masterId } from '../kind.ts'
import { refuseEarlyDue } from '../rules.ts'

export interface ReceivableRow {
  readonly customerId: string
  readonly customerName: string
  readonly country: string | null
  readonly invoiceNumber: string
  readonly invoiceDate: string
  readonly dueDate: string
  readonly amount: string
  readonly currency: string
  readonly disputed: boolean
  /** Day on which it was paid in full; null = open. */
  readonly settledDate: string | null
}

export const kind: Kind<ReceivableRow> = {
  name: 'receivables',
  summary: 'open and paid invoices: customers, approved invoices, payments',
  columns: {
    customerId: { doc: "the customer's id or number", required: true },
    customerName: { doc: 'its name; the id when not given' },
    country: { doc: 'its country' },
    invoiceNumber: { doc: 'number of the invoice, once in the file', required: true },
    invoiceDate: { doc: 'day of the invoice', required: true, day: true },
    dueDate: { doc: 'day on which it is due', required: true, day: true },
    amount: { doc: 'total with taxes, more than zero', required: true },
    currency: { doc: 'must be the stated currency' },
    disputed: { doc: 'yes or no' },
    settledDate: { doc: 'day on which it was paid in full; empty = open', day: true },
  },
  money: true,
  masters: 'customers',
  units: 'rows',
  unique: 'invoiceNumber',
  read(fields, { currency }) {
    const customerId = fields.word('customerId', 128)
    const invoiceDate = fields.day('invoiceDate')
    const dueDate = fields.day('dueDate')
    refuseEarlyDue(dueDate, invoiceDate, 'the invoice')
    return {
      customerId,
      customerName: (fields.text('customerName') || customerId).slice(0, 200),
      country: fields.text('country').slice(0, 16) || null,
      invoiceNumber: fields.word('invoiceNumber', 64),
      invoiceDate,
      dueDate,
      amount: fields.amount('amount', currency),
      currency: fields.currency('currency', currency),
      disputed: fields.yesNo('disputed'),
      settledDate: fields.dayOrNone('settledDate'),
    }
  },
  label: (row) => row.invoiceNumber,
  commands: ({ rows }, context) => {
    const row = (rows[0] as (typeof rows)[0]).row
    return { masters: [customer(row)], items: documents(row, context) }
  },
}

const customer = (row: ReceivableRow): ItemInput => ({
  type: 'customer.create',
  body: {
    id: masterId(row.customerId),
    customerNumber: row.customerId.slice(0, 64),
    name: row.customerName,
    country: row.country,
  },
})

function documents(row: ReceivableRow, { source, fxRate }: Context): readonly ItemInput[] {
  const id = documentId(source, row.invoiceNumber)
  const document = {
    customerId: masterId(row.customerId),
    currency: row.currency,
    ...(fxRate === undefined ? {} : { fxRate }),
    reference: `${source} ${row.invoiceNumber}`,
    issuedElsewhere: true,
  }
  const invoice: ItemInput = {
    type: 'invoice.create',
    body: {
      ...document,
      id,
      invoiceNumber: row.invoiceNumber,
      invoiceDate: row.invoiceDate,
      dueDate: row.dueDate,
      status: 'APPROVED',
      disputed: row.disputed,
      lines: [{ description: `Invoice ${row.invoiceNumber}`, unitPrice: row.amount, vatCode: 'none' }],
    },
  }
  if (row.settledDate === null) return [invoice]
  const payment: ItemInput = {
    type: 'payment.receive',
    otherwise: 'the invoice is imported, its payment is not: ',
    body: {
      ...document,
      id: `${id}:settled`,
      paymentNumber: `${row.invoiceNumber.slice(0, 56)}/settled`,
      paymentDate: row.settledDate,
      amount: row.amount,
      allocations: [{ invoiceId: id, amount: row.amount }],
    },
  }
  return [invoice, payment]
}
