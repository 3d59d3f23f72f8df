/**
 * Owns which commands a row becomes, and their ids. PURE.
 * I1: ids follow from source and number alone, so a file imported twice, or again after it broke off, changes nothing.
 */
import { createHash } from 'node:crypto'
import { EXTERNAL_ID } from '../../schemas/values/ids.ts'
import type { ReceivableRow } from './rows.ts'

export interface ItemInput {
  readonly type: 'customer.create' | 'invoice.create' | 'payment.receive'
  readonly body: Readonly<Record<string, unknown>>
}

export interface Origin {
  readonly source: string
  readonly fxRate?: string
}

/** The text itself where it can be an id, else its hash. */
const idPart = (text: string): string =>
  /^[A-Za-z0-9._@+-]{1,64}$/.test(text) ? text : createHash('sha256').update(text).digest('hex').slice(0, 32)

export const customerIdOf = (customer: string): string =>
  EXTERNAL_ID.test(customer) ? customer : idPart(customer)
export const invoiceIdOf = (source: string, number: string): string => `${source}:${idPart(number)}`

export const customerCommand = (row: ReceivableRow): ItemInput => ({
  type: 'customer.create',
  body: {
    id: customerIdOf(row.customerId),
    customerNumber: row.customerId.slice(0, 64),
    name: row.customerName,
    country: row.country,
  },
})

export function documentCommands(row: ReceivableRow, { source, fxRate }: Origin): readonly ItemInput[] {
  const id = invoiceIdOf(source, row.invoiceNumber)
  const document = {
    customerId: customerIdOf(row.customerId),
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
