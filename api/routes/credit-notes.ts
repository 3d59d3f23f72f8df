/** GET /v1/credit-notes and /v1/credit-notes/{id}: what customers owe less. */
import { z } from 'zod'
import { day, instant, money, resourceId } from '../http/schemas.ts'
import { documentLine, linesOf, withParts, type WithParts } from '../reads/document-lines.ts'
import { operationsOfResource } from '../reads/list.ts'
import { moneyOf, orNull, UPDATED } from '../reads/text.ts'
import type { Services } from '../services.ts'

const STATUSES = ['ISSUED', 'CANCELLED'] as const

interface Row extends WithParts {
  readonly credit_note_id: string
  readonly credit_note_number: string
  readonly mushak_number: string
  readonly invoice_id: string
  readonly customer_id: string
  readonly customer_name: string
  readonly dated: string
  readonly category: string
  readonly fiscal_year: string
  readonly currency: string
  readonly rate: string
  readonly net: string
  readonly sd: string
  readonly vat: string
  readonly gross: string
  readonly allocated: string
  readonly status: (typeof STATUSES)[number]
  readonly cancelled: string | null
  readonly reason: string
  readonly updated: string
}

const creditNote = z
  .object({
    id: z.string(),
    creditNoteNumber: z.string(),
    mushakNumber: z.string().nullable(),
    invoiceId: z.string().nullable(),
    customerId: z.string(),
    customerName: z.string(),
    creditDate: day,
    category: z.string().nullable(),
    fiscalYear: z.string().nullable(),
    fxRate: z.string().openapi({ description: 'Base currency units for one unit.' }),
    subtotal: money,
    sdAmount: money,
    vatAmount: money,
    total: money,
    allocated: money.openapi({ description: 'Applied to invoices; the rest is unapplied.' }),
    status: z.enum(STATUSES),
    cancelledOn: day.nullable(),
    reason: z.string().nullable(),
    lines: z.array(documentLine),
    updatedAt: instant,
  })
  .openapi('CreditNote')

export const creditNotes = (services: Services) =>
  operationsOfResource<Row, typeof creditNote>(services, {
    plural: 'credit-notes',
    singular: 'credit note',
    alias: false,
    view: 'fct_credit_notes',
    columns: `credit_note_id, credit_note_number, mushak_number, invoice_id, customer_id, customer_name,
  toString(credit_date) AS dated, category, fiscal_year, currency, toString(fx_rate) AS rate, toString(subtotal) AS net,
  toString(sd_amount) AS sd, toString(vat_amount) AS vat, toString(total) AS gross,
  toString(allocated_amount) AS allocated, status, toString(cancelled_on) AS cancelled, reason, ${UPDATED}`,
    idColumn: 'credit_note_id',
    id: (row) => row.credit_note_id,
    order: { column: 'credit_date', type: 'Date32', of: (row) => row.dated },
    filters: {
      status: { column: 'status', schema: z.enum(STATUSES) },
      customerId: { column: 'customer_id', schema: resourceId },
      invoiceId: { column: 'invoice_id', schema: resourceId },
      number: { column: 'credit_note_number', schema: z.string().min(1).max(100) },
    },
    dateColumn: 'credit_date',
    complete: (tenant, rows, signal) =>
      withParts(services, { tenant, entity: 'credit-note', rows, id: (row) => row.credit_note_id, signal }),
    response: creditNote,
    map: (row) => {
      const amount = (text: string) => moneyOf(text, row.currency)
      return {
        id: row.credit_note_id,
        creditNoteNumber: row.credit_note_number,
        mushakNumber: orNull(row.mushak_number),
        invoiceId: orNull(row.invoice_id),
        customerId: row.customer_id,
        customerName: row.customer_name,
        creditDate: row.dated,
        category: orNull(row.category),
        fiscalYear: orNull(row.fiscal_year),
        fxRate: row.rate,
        subtotal: amount(row.net),
        sdAmount: amount(row.sd),
        vatAmount: amount(row.vat),
        total: amount(row.gross),
        allocated: amount(row.allocated),
        status: row.status,
        cancelledOn: row.cancelled,
        reason: orNull(row.reason),
        lines: linesOf(row.parts, row.currency),
        updatedAt: row.updated,
      }
    },
  })
