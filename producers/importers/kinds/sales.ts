/**
 * Owns the import of sales over the counter: a row is an invoice and its payment on the same day. PURE.
 * S1: a row is known by customer, day and how many of the two came before it in the file, so equal rows are sales of
 *     their own. S2: a row of amount 0 is told and left out: an invoice of nothing can't be written.
 * S3: the quantity stays where the price of one comes out even; else the line is one of the whole amount.
 */
import { Wrong } from '../fields.ts'
import { type Context, documentId, type ItemInput, type Kind, masterId } from '../kind.ts'
import { exact, minorText, rounded } from '../sides.ts'

export interface SaleRow {
  readonly customerId: string
  readonly date: string
  readonly quantity: string
  readonly amount: string
  readonly category: string
  /** Number of the sale among those of its customer on its day, from 1. */
  readonly nth: number
}

export const kind: Kind<SaleRow> = {
  name: 'sales',
  summary: 'sales that were paid at once: customers, invoices, payments of the same day',
  columns: {
    customerId: { doc: "the customer's id or number", required: true },
    date: { doc: 'day of the sale', required: true, day: true },
    quantity: { doc: 'how many; 1 when not given' },
    amount: { doc: 'total with taxes', required: true },
    category: { doc: 'category of what was sold' },
  },
  money: true,
  masters: 'customers',
  units: 'rows',
  read(fields, context) {
    const { currency } = context
    const customerId = fields.word('customerId', 60)
    const date = fields.day('date')
    const quantity = fields.text('quantity') === '' ? '1' : fields.decimal('quantity')
    if (exact(quantity) <= 0n) throw new Wrong('quantity', `${quantity} is not more than zero`)
    const count = context.nth(`${customerId} ${date}`)
    if (exact(fields.decimal('amount')) === 0n) {
      throw new Wrong('amount', 'is 0: nothing was charged, so there is no invoice', { leftOut: true })
    }
    const amount = fields.amount('amount', currency)
    return { customerId, date, quantity, amount, category: fields.text('category').slice(0, 64), nth: count }
  },
  label: (row) => `${row.customerId}/${row.date}/${row.nth}`,
  commands: ({ rows, label }, context) => {
    const row = (rows[0] as (typeof rows)[0]).row
    const customer: ItemInput = {
      type: 'customer.create',
      body: {
        id: masterId(row.customerId),
        customerNumber: row.customerId,
        name: `Customer ${row.customerId}`,
      },
    }
    return { masters: [customer], items: documents(row, label, context) }
  },
}

/** S3 */
function lineOf({ quantity, amount }: SaleRow, currency: string) {
  const total = rounded(exact(amount), currency)
  if (/^\d{1,9}$/.test(quantity) && total % BigInt(quantity) === 0n) {
    return { quantity, unitPrice: minorText(total / BigInt(quantity), currency), description: 'Sale' }
  }
  return { quantity: '1', unitPrice: amount, description: `Sale of ${quantity}` }
}

function documents(
  row: SaleRow,
  number: string,
  { source, currency, fxRate }: Context,
): readonly ItemInput[] {
  const id = documentId(source, number.replaceAll('/', '.'))
  const document = {
    customerId: masterId(row.customerId),
    currency,
    ...(fxRate === undefined ? {} : { fxRate }),
    reference: `${source} ${number}`,
    issuedElsewhere: true,
  }
  return [
    {
      type: 'invoice.create',
      body: {
        ...document,
        id,
        invoiceNumber: number,
        invoiceDate: row.date,
        dueDate: row.date,
        status: 'APPROVED',
        ...(row.category === '' ? {} : { category: row.category }),
        lines: [{ ...lineOf(row, currency), vatCode: 'none' }],
      },
    },
    {
      type: 'payment.receive',
      otherwise: 'the invoice is imported, its payment is not: ',
      body: {
        ...document,
        id: `${id}:paid`,
        paymentNumber: `${number}/paid`,
        paymentDate: row.date,
        method: 'cash',
        amount: row.amount,
        allocations: [{ invoiceId: id, amount: row.amount }],
      },
    },
  ]
}
