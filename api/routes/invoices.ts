/** GET /v1/invoices and /v1/invoices/{id}. */
import { z } from 'zod'
import { parseDecimal, toMoney } from '../../schemas/values/amount.ts'
import { day, instant, money, resourceId } from '../http/schemas.ts'
import {
  documentLine,
  instalment,
  instalmentsOf,
  linesOf,
  withParts,
  type WithParts,
} from '../reads/document-lines.ts'
import { operationsOfResource } from '../reads/list.ts'
import type { Services } from '../services.ts'

interface Row extends WithParts {
  readonly invoice_id: string
  readonly invoice_number: string
  readonly customer_id: string
  readonly customer_name: string
  readonly dated: string
  readonly due: string
  readonly category: string
  readonly product_category: string
  readonly fiscal_year: string
  readonly mushak_number: string
  readonly reference: string
  readonly currency: string
  readonly rate: string
  readonly net: string
  readonly vat: string
  readonly gross: string
  readonly paid: string
  readonly open: string
  readonly status: string
  readonly is_disputed: boolean
  readonly approved: string | null
  readonly cancelled: string | null
  readonly updated: string
}

const STATUSES = ['DRAFT', 'APPROVED', 'PARTIALLY_PAID', 'PAID', 'CANCELLED'] as const

const invoice = z
  .object({
    id: z.string(),
    invoiceNumber: z.string(),
    customerId: z.string(),
    customerName: z.string(),
    invoiceDate: day,
    dueDate: day,
    category: z.string(),
    productCategory: z.string(),
    fiscalYear: z.string().nullable(),
    mushakNumber: z.string().nullable(),
    reference: z.string().nullable(),
    fxRate: z.string().openapi({ description: 'Base currency units for one unit.' }),
    subtotal: money,
    vatAmount: money,
    total: money,
    paid: money,
    open: money,
    status: z.enum(STATUSES),
    disputed: z.boolean(),
    approvedOn: day.nullable(),
    cancelledOn: day.nullable(),
    lines: z.array(documentLine),
    instalments: z
      .array(instalment)
      .openapi({ description: 'As first agreed; none = all of it on dueDate.' }),
    updatedAt: instant,
  })
  .openapi('Invoice')

const orNull = (text: string): string | null => (text === '' ? null : text)

export const invoices = (services: Services) =>
  operationsOfResource<Row, typeof invoice>(services, {
    plural: 'invoices',
    singular: 'invoice',
    alias: true,
    view: 'fct_invoices',
    columns: `invoice_id, invoice_number, customer_id, customer_name, toString(invoice_date) AS dated,
  toString(due_date) AS due, category, product_category, fiscal_year, mushak_number, reference, currency,
  toString(fx_rate) AS rate, toString(subtotal) AS net, toString(vat_amount) AS vat, toString(total) AS gross,
  toString(paid_amount) AS paid, toString(open_amount) AS open, status, is_disputed,
  toString(approved_on) AS approved, toString(cancelled_on) AS cancelled,
  formatDateTime(updated_at, '%Y-%m-%dT%H:%i:%S.000Z', 'UTC') AS updated`,
    idColumn: 'invoice_id',
    id: (row) => row.invoice_id,
    order: { column: 'invoice_date', type: 'Date32', of: (row) => row.dated },
    filters: {
      status: { column: 'status', schema: z.enum(STATUSES) },
      customerId: { column: 'customer_id', schema: resourceId },
      number: { column: 'invoice_number', schema: z.string().min(1).max(100) },
    },
    dateColumn: 'invoice_date',
    complete: (tenant, rows, signal) =>
      withParts(services, { tenant, entity: 'invoice', rows, id: (row) => row.invoice_id, signal }),
    response: invoice,
    map: (row) => {
      const amount = (text: string) => toMoney(parseDecimal(text), row.currency)
      return {
        id: row.invoice_id,
        invoiceNumber: row.invoice_number,
        customerId: row.customer_id,
        customerName: row.customer_name,
        invoiceDate: row.dated,
        dueDate: row.due,
        category: row.category,
        productCategory: row.product_category,
        fiscalYear: orNull(row.fiscal_year),
        mushakNumber: orNull(row.mushak_number),
        reference: orNull(row.reference),
        fxRate: row.rate,
        subtotal: amount(row.net),
        vatAmount: amount(row.vat),
        total: amount(row.gross),
        paid: amount(row.paid),
        open: amount(row.open),
        status: row.status as (typeof STATUSES)[number],
        disputed: row.is_disputed,
        approvedOn: row.approved,
        cancelledOn: row.cancelled,
        lines: linesOf(row.parts, row.currency),
        instalments: instalmentsOf(row.parts, row.currency),
        updatedAt: row.updated,
      }
    },
  })
