/** GET /v1/bills and /v1/bills/{id}: what vendors ask for. */
import { z } from 'zod'
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
import { moneyOf, orNull, UPDATED } from '../reads/text.ts'
import type { Services } from '../services.ts'

const STATUSES = ['DRAFT', 'APPROVED', 'PARTIALLY_PAID', 'PAID', 'WRITTEN_OFF', 'CANCELLED'] as const

interface Row extends WithParts {
  readonly bill_id: string
  readonly bill_number: string
  readonly vendor_id: string
  readonly vendor_name: string
  readonly vendor_invoice_number: string
  readonly dated: string
  readonly due: string
  readonly fiscal_year: string
  readonly reference: string
  readonly currency: string
  readonly rate: string
  readonly net: string
  readonly discount: string
  readonly sd: string
  readonly vat: string
  readonly gross: string
  readonly vds: string
  readonly tds: string
  readonly payable: string
  readonly paid: string
  readonly given_up: string
  readonly open: string
  readonly status: (typeof STATUSES)[number]
  readonly is_disputed: boolean
  readonly approved: string | null
  readonly cancelled: string | null
  readonly updated: string
}

const bill = z
  .object({
    id: z.string(),
    billNumber: z.string(),
    vendorId: z.string(),
    vendorName: z.string(),
    vendorInvoiceNumber: z.string().nullable(),
    billDate: day,
    dueDate: day,
    fiscalYear: z.string().nullable(),
    reference: z.string().nullable(),
    fxRate: z.string().openapi({ description: 'Base currency units for one unit.' }),
    subtotal: money,
    discountAmount: money,
    sdAmount: money,
    vatAmount: money,
    total: money,
    vdsWithheld: money.openapi({ description: 'VAT deducted at source: owed to the tax office.' }),
    tdsWithheld: money.openapi({ description: 'Income tax deducted at source.' }),
    payable: money.openapi({ description: 'What is owed to the vendor: total less what is deducted.' }),
    paid: money,
    writtenOff: money,
    open: money,
    status: z.enum(STATUSES),
    disputed: z.boolean(),
    approvedOn: day.nullable(),
    cancelledOn: day.nullable(),
    lines: z.array(documentLine),
    instalments: z.array(instalment),
    updatedAt: instant,
  })
  .openapi('Bill')

export const bills = (services: Services) =>
  operationsOfResource<Row, typeof bill>(services, {
    plural: 'bills',
    singular: 'bill',
    alias: true,
    view: 'fct_bills',
    columns: `bill_id, bill_number, vendor_id, vendor_name, vendor_invoice_number, toString(bill_date) AS dated,
  toString(due_date) AS due, fiscal_year, reference, currency, toString(fx_rate) AS rate, toString(subtotal) AS net,
  toString(discount_amount) AS discount, toString(sd_amount) AS sd, toString(vat_amount) AS vat, toString(total) AS gross,
  toString(vds_withheld) AS vds, toString(tds_withheld) AS tds, toString(payable_amount) AS payable,
  toString(paid_amount) AS paid, toString(written_off_amount) AS given_up, toString(open_amount) AS open, status,
  is_disputed, toString(approved_on) AS approved, toString(cancelled_on) AS cancelled, ${UPDATED}`,
    idColumn: 'bill_id',
    id: (row) => row.bill_id,
    order: { column: 'bill_date', type: 'Date32', of: (row) => row.dated },
    filters: {
      status: { column: 'status', schema: z.enum(STATUSES) },
      vendorId: { column: 'vendor_id', schema: resourceId },
      number: { column: 'bill_number', schema: z.string().min(1).max(100) },
    },
    dateColumn: 'bill_date',
    complete: (tenant, rows, signal) =>
      withParts(services, { tenant, entity: 'bill', rows, id: (row) => row.bill_id, signal }),
    response: bill,
    map: (row) => {
      const amount = (text: string) => moneyOf(text, row.currency)
      return {
        id: row.bill_id,
        billNumber: row.bill_number,
        vendorId: row.vendor_id,
        vendorName: row.vendor_name,
        vendorInvoiceNumber: orNull(row.vendor_invoice_number),
        billDate: row.dated,
        dueDate: row.due,
        fiscalYear: orNull(row.fiscal_year),
        reference: orNull(row.reference),
        fxRate: row.rate,
        subtotal: amount(row.net),
        discountAmount: amount(row.discount),
        sdAmount: amount(row.sd),
        vatAmount: amount(row.vat),
        total: amount(row.gross),
        vdsWithheld: amount(row.vds),
        tdsWithheld: amount(row.tds),
        payable: amount(row.payable),
        paid: amount(row.paid),
        writtenOff: amount(row.given_up),
        open: amount(row.open),
        status: row.status,
        disputed: row.is_disputed,
        approvedOn: row.approved,
        cancelledOn: row.cancelled,
        lines: linesOf(row.parts, row.currency),
        instalments: instalmentsOf(row.parts, row.currency),
        updatedAt: row.updated,
      }
    },
  })
