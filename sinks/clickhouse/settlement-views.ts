/** Credit notes, and what payments and credit notes settle: one row per thing (V1 of views.ts). */
import { NOT_REFUSED } from './as-of.ts'
import {
  CODE,
  column,
  type Column,
  DAY,
  INSTANT,
  last,
  LINE,
  lineage,
  maybe,
  MAYBE_DAY,
  newest,
  SUM,
  TENANT,
  TEXT,
  type View,
} from './view-definition.ts'

const RECEIVED = `event_type = 'PaymentReceived'`
const ISSUED = `event_type = 'CreditNoteIssued'`

/** Sum of all allocations of a payment or credit note. */
export const ALLOCATED = 'sum(arraySum(arrayMap(x -> toDecimal128(x, 4), allocation_amounts)))'

const creditNotes: View = {
  name: 'fct_credit_notes',
  doc: 'Credit notes as they stand with all that is recorded, whatever its day.',
  columns: [
    TENANT,
    column('credit_note_id', TEXT, 'Credit note', 'aggregate_id'),
    column('credit_note_number', TEXT, 'Human number', last('document_number', ISSUED)),
    column('mushak_number', TEXT, 'Mushak 6.7 number; empty = none', last('mushak_number', ISSUED)),
    column(
      'invoice_id',
      TEXT,
      'Invoice that it corrects; empty = none',
      last('corrected_invoice_id', ISSUED),
    ),
    column('customer_id', TEXT, 'Who is credited', last('customer_id', ISSUED)),
    column('customer_name', TEXT, 'Name at the time', last('customer_name', ISSUED)),
    column(
      'credit_date',
      DAY,
      'Posting date: revenue and receivable shrink from it on',
      last('posting_date', ISSUED),
    ),
    column('category', CODE, 'Revenue category', last('category', ISSUED)),
    column(
      'fiscal_year',
      CODE,
      'Fiscal year of the credit date; empty = not stated',
      last('fiscal_year', ISSUED),
    ),
    column('currency', CODE, 'Currency of the amounts', last('currency', ISSUED)),
    column('fx_rate', 'Decimal(18, 8)', 'Base currency units for one unit', last('fx_rate', ISSUED)),
    column('subtotal', LINE, 'Amount without taxes: revenue that it takes back', last('net_amount', ISSUED)),
    column('sd_amount', LINE, 'Supplementary duty taken back', last('sd_amount', ISSUED)),
    column('vat_amount', LINE, 'VAT taken back', last('vat_amount', ISSUED)),
    column('total', LINE, 'What the customer owes less', last('amount', ISSUED)),
    column('allocated_amount', SUM, 'Applied to invoices, known or not', ALLOCATED),
    column(
      'status',
      CODE,
      'ISSUED or CANCELLED',
      `if(countIf(event_type = 'CreditNoteCancelled') > 0, 'CANCELLED', 'ISSUED')`,
    ),
    column(
      'cancelled_on',
      MAYBE_DAY,
      'Day of the cancelling; null = not cancelled',
      maybe('effective_date', `event_type = 'CreditNoteCancelled'`),
    ),
    column('reason', TEXT, 'Why it was issued', last('reason', ISSUED)),
    column('updated_at', INSTANT, 'Append time of the newest event', 'max(log.appended_at)'),
    ...newest,
  ],
  from: `finance.event_log AS log
WHERE entity = 'credit-note' AND ${NOT_REFUSED}
GROUP BY tenant_id, aggregate_id
HAVING countIf(${ISSUED}) > 0`,
}

const allocationsOf = (name: string, doc: string, id: Column, entity: string): View => ({
  name,
  doc,
  columns: [
    TENANT,
    id,
    column('invoice_id', TEXT, 'Invoice that is settled', 'settled_id'),
    column(
      'allocated_on',
      DAY,
      'Day of the allocation',
      `if(${RECEIVED} OR ${ISSUED}, posting_date, effective_date)`,
    ),
    column('amount', LINE, 'Amount settled, in the currency of the document that settles', 'settled'),
    column('event_id', TEXT, 'Event that allocated'),
    ...lineage,
  ],
  from: `finance.event_log AS log
ARRAY JOIN allocation_invoice_ids AS settled_id, allocation_amounts AS settled
WHERE entity = '${entity}' AND ${NOT_REFUSED}`,
})

const allocations = allocationsOf(
  'fct_payment_allocations',
  'What payments settle: one row per allocation, those of reversed and failed payments too.',
  column('payment_id', TEXT, 'Payment', 'aggregate_id'),
  'payment',
)

const creditNoteAllocations = allocationsOf(
  'fct_credit_note_allocations',
  'What credit notes settle: one row per allocation, those of cancelled credit notes too.',
  column('credit_note_id', TEXT, 'Credit note', 'aggregate_id'),
  'credit-note',
)

export const SETTLEMENT_VIEWS: readonly View[] = [allocations, creditNotes, creditNoteAllocations]
