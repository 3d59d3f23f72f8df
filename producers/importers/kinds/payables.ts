/**
 * Owns the import of payables: a row is a vendor's bill, paid in full on a day or open. PURE.
 * P1: a vendor is created only where the file has its TIN, which is mandatory; else it must be there (import vendors).
 */
import { type Context, documentId, type ItemInput, type Kind, masterId } from '../kind.ts'
import { refuseEarlyDue } from '../rules.ts'

export interface PayableRow {
  readonly vendorId: string
  readonly vendorName: string
  readonly tin: string
  readonly billNumber: string
  readonly vendorInvoiceNumber: string
  readonly billDate: string
  readonly dueDate: string
  readonly amount: string
  readonly currency: string
  readonly category: string
  readonly disputed: boolean
  /** Day on which it was paid in full; null = open. */
  readonly settledDate: string | null
}

export const kind: Kind<PayableRow> = {
  name: 'payables',
  summary: 'open and paid bills: vendors, approved bills, payments to vendors',
  columns: {
    vendorId: { doc: "the vendor's id or number", required: true },
    vendorName: { doc: 'its name; the id when not given' },
    tin: { doc: 'its e-TIN; without it the vendor must be there' },
    billNumber: { doc: 'number of the bill in the old books, once in the file', required: true },
    vendorInvoiceNumber: { doc: "the vendor's own number of it" },
    billDate: { doc: 'day of the bill', required: true, day: true },
    dueDate: { doc: 'day on which it is due', required: true, day: true },
    amount: { doc: 'total with taxes, more than zero', required: true },
    currency: { doc: 'must be the stated currency' },
    category: { doc: 'category of the expense' },
    disputed: { doc: 'yes or no' },
    settledDate: { doc: 'day on which it was paid in full; empty = open', day: true },
  },
  money: true,
  masters: 'vendors',
  units: 'rows',
  unique: 'billNumber',
  read(fields, { currency }) {
    const vendorId = fields.word('vendorId', 128)
    const billDate = fields.day('billDate')
    const dueDate = fields.day('dueDate')
    refuseEarlyDue(dueDate, billDate, 'the bill')
    return {
      vendorId,
      vendorName: (fields.text('vendorName') || vendorId).slice(0, 200),
      tin: fields.text('tin'),
      billNumber: fields.word('billNumber', 64),
      vendorInvoiceNumber: fields.text('vendorInvoiceNumber').slice(0, 64),
      billDate,
      dueDate,
      amount: fields.amount('amount', currency),
      currency: fields.currency('currency', currency),
      category: fields.text('category').slice(0, 64),
      disputed: fields.yesNo('disputed'),
      settledDate: fields.dayOrNone('settledDate'),
    }
  },
  label: (row) => row.billNumber,
  commands: ({ rows }, context) => {
    const row = (rows[0] as (typeof rows)[0]).row
    return { masters: row.tin === '' ? [] : [vendor(row)], items: documents(row, context) }
  },
}

const vendor = (row: PayableRow): ItemInput => ({
  type: 'vendor.create',
  blame: (pointer) => (pointer === '/tin' ? { column: 'tin' } : {}),
  body: {
    id: masterId(row.vendorId),
    vendorNumber: row.vendorId.slice(0, 64),
    name: row.vendorName,
    tin: row.tin,
  },
})

function documents(row: PayableRow, { source, fxRate }: Context): readonly ItemInput[] {
  const id = documentId(source, row.billNumber)
  const document = {
    vendorId: masterId(row.vendorId),
    currency: row.currency,
    ...(fxRate === undefined ? {} : { fxRate }),
    reference: `${source} ${row.billNumber}`,
    issuedElsewhere: true,
  }
  const bill: ItemInput = {
    type: 'bill.create',
    body: {
      ...document,
      id,
      billNumber: row.billNumber,
      vendorInvoiceNumber: row.vendorInvoiceNumber,
      billDate: row.billDate,
      dueDate: row.dueDate,
      status: 'APPROVED',
      disputed: row.disputed,
      lines: [
        {
          description: `Bill ${row.billNumber}`,
          unitPrice: row.amount,
          vatCode: 'none',
          ...(row.category === '' ? {} : { category: row.category }),
        },
      ],
    },
  }
  if (row.settledDate === null) return [bill]
  const payment: ItemInput = {
    type: 'payment.receive',
    otherwise: 'the bill is imported, its payment is not: ',
    body: {
      ...document,
      id: `${id}:settled`,
      direction: 'out',
      paymentNumber: `${row.billNumber.slice(0, 56)}/settled`,
      paymentDate: row.settledDate,
      amount: row.amount,
      allocations: [{ billId: id, amount: row.amount }],
    },
  }
  return [bill, payment]
}
