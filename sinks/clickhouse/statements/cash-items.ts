/**
 * What is to be paid to vendors, and how late customers pay, as of a day, in SQL over the raw events: for the outlook on
 * cash. Follows the table of effective dates; one tenant.
 * C1: a bill is open by total - taxes withheld - what is written off - what payments in force settle. C2: days late of an
 * invoice = day on which the last of what settles it counts - due date as of the day; only invoices with nothing open have
 * them. C3: amounts in the base currency are amount x document rate, rounded as in as-of.ts (Q3).
 */
import { itemsOf, type Scope, settlementDaysOf, toBase } from '../as-of.ts'
import { RECEIVABLES } from '../book-sides.ts'

const APPROVED = `status = 'APPROVED'`
const approved = (column: string): string => `anyIf(${column}, ${APPROVED})`
const SENT = `event_type = 'VendorPaymentSent'`
const ALLOCATED = `event_type = 'VendorPaymentAllocated'`

/** Payments to vendors that are out by the day: failed (on any day), or come back. */
const goneSql = (s: Scope): string => `
    SELECT aggregate_id FROM finance.event_log
    WHERE ${s.rows} AND entity = 'vendor-payment' AND (event_type = 'VendorPaymentFailed'
      OR event_type = 'VendorPaymentReversed' AND effective_date <= ${s.asOf})`

const settles = (s: Scope): string => `entity = 'vendor-payment'
    AND (${SENT} AND posting_date <= ${s.asOf} OR ${ALLOCATED} AND effective_date <= ${s.asOf})
    AND aggregate_id NOT IN (${goneSql(s)})`

const inForce = (s: Scope): string => `countIf(${APPROVED} AND posting_date <= ${s.asOf}) > 0
    AND countIf(event_type = 'BillCancelled' AND effective_date <= ${s.asOf}) = 0`

/** C1. One row per open bill; instalments as the JSON of the event that made it binding. */
export const openBillsOf = (s: Scope): string => `${s.with}
SELECT item.1 AS bill_id, ${approved('document_number')} AS bill_number, ${approved('vendor_id')} AS vendor,
  ${approved('vendor_name')} AS vendor_title, ${approved('currency')} AS document_currency,
  ${approved('event_log.fx_rate')} AS fx_rate, ${approved('posting_date')} AS bill_date,
  argMaxIf(toNullable(event_log.due_date), (effective_date, _position),
    event_type = 'BillDueDateChanged' AND effective_date <= ${s.asOf}) AS moved_to,
  ifNull(moved_to, ${approved('event_log.due_date')}) AS due,
  ifNull(argMaxIf(toNullable(is_disputed), (effective_date, _position),
    event_type = 'BillDisputeChanged' AND effective_date <= ${s.asOf}),
    maxIf(is_disputed, event_type = 'BillReceived')) AS disputed,
  ${approved('toDecimal128(amount, 4) - vds_withheld - tds_withheld')} AS payable,
  greatest(payable - sum(toDecimal128(item.2, 4)), 0) AS open_amount, ${toBase(s, 'open_amount')} AS open_base,
  JSONExtractRaw(${approved('payload')}, 'instalments') AS instalments_json
FROM finance.event_log
ARRAY JOIN if(entity = 'bill',
  [(aggregate_id, if(event_type = 'BillWrittenOff' AND effective_date <= ${s.asOf}, amount, toDecimal64(0, 4)))],
  arrayZip(allocation_bill_ids, allocation_bill_amounts)) AS item
WHERE ${s.rows} AND (entity = 'bill' OR ${settles(s)})
GROUP BY item.1
HAVING ${inForce(s)} AND open_amount > 0`

/** Payments to vendors with what no bill in force has of them: advances. */
export const vendorAdvancesOf = (s: Scope): string => `${s.with}
SELECT vendor, sum(${toBase(s, 'left_amount')}) AS advance
FROM (
  SELECT anyIf(vendor_id, ${SENT}) AS vendor, anyIf(event_log.fx_rate, ${SENT}) AS fx_rate,
    greatest(anyIf(toDecimal128(amount, 4), ${SENT}) - sumIf(toDecimal128(settled, 4), settled_id IN (
      SELECT aggregate_id FROM finance.event_log WHERE ${s.rows} AND entity = 'bill'
      GROUP BY aggregate_id HAVING ${inForce(s)})), 0) AS left_amount
  FROM finance.event_log
  LEFT ARRAY JOIN allocation_bill_ids AS settled_id, allocation_bill_amounts AS settled
  WHERE ${s.rows} AND ${settles(s)}
  GROUP BY aggregate_id
  HAVING countIf(${SENT}) > 0 AND left_amount > 0
)
GROUP BY vendor`

/** C2. Invoices settled by the day, by customer and days late. */
export const payLagsOf = (s: Scope): string => `${s.with}
SELECT customer, toInt32(greatest(days.settled_on, items.invoice_date)) - toInt32(items.due) AS days_late, count() AS invoices
FROM (
  SELECT invoice_id, customer, ifNull(moved_to, if(empty(part_days), first_due, arrayMax(part_days))) AS due, invoice_date
  FROM (${itemsOf(s, RECEIVABLES)}) WHERE open_amount = 0 AND isNull(cancelled_on)
) AS items
INNER JOIN (${settlementDaysOf(s)}) AS days ON days.invoice_id = items.invoice_id
GROUP BY customer, days_late`
