/** Purchases, stock and targets as they stand: one row per thing (V1 of views.ts). */
import { NOT_REFUSED, TODAY } from './as-of.ts'
import { stockOf, STOCK_PARTS } from './stock.ts'
import {
  CODE,
  column,
  DAY,
  INSTANT,
  last,
  LINE,
  lineage,
  maybe,
  MAYBE_DAY,
  MAYBE_LINE,
  newest,
  now,
  RATE,
  said,
  saidBy,
  SUM,
  TENANT,
  TEXT,
  type View,
} from './view-definition.ts'

const BILL = `event_type IN ('BillReceived', 'BillApproved')`
const SENT = `event_type = 'VendorPaymentSent'`
const UPDATED = column('updated_at', INSTANT, 'Append time of the newest event', 'max(log.appended_at)')

/** Payments to vendors whose money is back. */
const TAKEN_BACK = `(tenant_id, aggregate_id) IN (
    SELECT tenant_id, aggregate_id FROM finance.event_log
    WHERE entity = 'vendor-payment' AND event_type IN ('VendorPaymentFailed', 'VendorPaymentReversed') AND ${NOT_REFUSED})`

const bills: View = {
  name: 'fct_bills',
  doc: 'Bills of vendors as they stand with all that is recorded, whatever its day.',
  columns: [
    TENANT,
    column('bill_id', TEXT, 'Bill', 'item.1'),
    column('bill_number', TEXT, 'Human number', last('document_number', BILL)),
    column('vendor_id', TEXT, 'Vendor who is owed', last('vendor_id', BILL)),
    column('vendor_name', TEXT, 'Name at the time of the document', last('vendor_name', BILL)),
    column('vendor_invoice_number', TEXT, 'Number that the vendor gave', last('vendor_invoice_number', BILL)),
    column('bill_date', DAY, 'Posting date', last('posting_date', BILL)),
    column(
      'due_date',
      DAY,
      'Newest due date',
      `if(countIf(event_type = 'BillDueDateChanged') = 0, ${last('due_date', BILL)}, ${last('due_date', `event_type = 'BillDueDateChanged'`)})`,
    ),
    column(
      'fiscal_year',
      CODE,
      'Fiscal year of the bill date; empty = not stated',
      last('fiscal_year', BILL),
    ),
    column('reference', TEXT, 'Reference of the source', last('reference', BILL)),
    column('currency', CODE, 'Currency of the amounts', last('currency', BILL)),
    column('fx_rate', RATE, 'Base currency units for one unit', last('fx_rate', BILL)),
    column('subtotal', LINE, 'Amount without taxes', last('net_amount', BILL)),
    column('discount_amount', LINE, 'Discounts, already taken off', last('discount_amount', BILL)),
    column('sd_amount', LINE, 'Supplementary duty', last('sd_amount', BILL)),
    column('vat_amount', LINE, 'VAT', last('vat_amount', BILL)),
    column('total', LINE, 'What the vendor asks for', last('amount', BILL)),
    column(
      'vds_withheld',
      LINE,
      'VAT deducted at source: owed to the tax office',
      last('vds_withheld', BILL),
    ),
    column('tds_withheld', LINE, 'Income tax deducted at source', last('tds_withheld', BILL)),
    column(
      'payable_amount',
      SUM,
      'What is owed to the vendor: total less what is deducted at source',
      'toDecimal128(total, 4) - vds_withheld - tds_withheld',
    ),
    column(
      'written_off_amount',
      SUM,
      'What need not be paid any more',
      `sumIf(toDecimal128(log.amount, 4), event_type = 'BillWrittenOff')`,
    ),
    column(
      'paid_amount',
      SUM,
      'Settled by payments',
      'least(sum(toDecimal128(item.2, 4)), greatest(payable_amount - written_off_amount, 0))',
    ),
    column(
      'open_amount',
      SUM,
      'Not settled; 0 for drafts and cancelled bills',
      `if(status IN ('DRAFT', 'CANCELLED'), 0, greatest(payable_amount - written_off_amount - paid_amount, 0))`,
    ),
    column(
      'status',
      CODE,
      'DRAFT, APPROVED, PARTIALLY_PAID, PAID, WRITTEN_OFF (nothing open, a part of it given up) or CANCELLED',
      `multiIf(countIf(event_type = 'BillCancelled') > 0, 'CANCELLED', countIf(log.status = 'APPROVED') = 0, 'DRAFT',
      paid_amount + written_off_amount >= payable_amount, if(written_off_amount > 0, 'WRITTEN_OFF', 'PAID'),
      paid_amount > 0, 'PARTIALLY_PAID', 'APPROVED')`,
    ),
    column(
      'is_disputed',
      'Bool',
      'We dispute it',
      last('is_disputed', `event_type IN ('BillReceived', 'BillDisputeChanged')`),
    ),
    column(
      'approved_on',
      MAYBE_DAY,
      'Day of the approval; null = approved when entered, or a draft',
      maybe('effective_date', `event_type = 'BillApproved'`),
    ),
    column(
      'cancelled_on',
      MAYBE_DAY,
      'Day of the cancelling; null = not cancelled',
      maybe('effective_date', `event_type = 'BillCancelled'`),
    ),
    UPDATED,
    ...newest,
  ],
  from: `finance.event_log AS log
ARRAY JOIN if(entity = 'bill', [(aggregate_id, toDecimal64(0, 4))],
  arrayZip(allocation_bill_ids, allocation_bill_amounts)) AS item
WHERE ${NOT_REFUSED} AND (entity = 'bill' OR entity = 'vendor-payment' AND NOT ${TAKEN_BACK})
GROUP BY tenant_id, item.1
HAVING countIf(${BILL}) > 0`,
}

const vendorPayments: View = {
  name: 'fct_vendor_payments',
  doc: 'Payments to vendors as they stand with all that is recorded, whatever its day.',
  columns: [
    TENANT,
    column('payment_id', TEXT, 'Payment', 'aggregate_id'),
    column('payment_number', TEXT, 'Human number', last('document_number', SENT)),
    column('vendor_id', TEXT, 'Who was paid', last('vendor_id', SENT)),
    column('vendor_name', TEXT, 'Name at the time', last('vendor_name', SENT)),
    column('payment_date', DAY, 'Day on which the money counts', last('posting_date', SENT)),
    column('method', CODE, 'Means of payment', last('method', SENT)),
    column('reference', TEXT, 'Cheque or transfer number', last('reference', SENT)),
    column('account_id', TEXT, 'Account that paid; empty = by method', last('cash_account_id', SENT)),
    column('currency', CODE, 'Currency of the amounts', last('currency', SENT)),
    column('fx_rate', RATE, 'Base currency units for one unit', last('fx_rate', SENT)),
    column('amount', LINE, 'Amount paid', last('amount', SENT)),
    column(
      'allocated_amount',
      SUM,
      'Applied to bills, known or not; the rest is an advance',
      `sum(arraySum(arrayMap(x -> toDecimal128(x, 4), allocation_bill_amounts)))`,
    ),
    column(
      'status',
      CODE,
      'SENT, REVERSED or FAILED',
      `multiIf(countIf(event_type = 'VendorPaymentFailed') > 0, 'FAILED', countIf(event_type = 'VendorPaymentReversed') > 0, 'REVERSED', 'SENT')`,
    ),
    column(
      'reversed_on',
      MAYBE_DAY,
      'Day on which it came back; null = it did not',
      maybe('effective_date', `event_type = 'VendorPaymentReversed'`),
    ),
    column(
      'failed_on',
      MAYBE_DAY,
      'Day of the failure; null = it did not fail',
      maybe('effective_date', `event_type = 'VendorPaymentFailed'`),
    ),
    column(
      'reconciled_on',
      MAYBE_DAY,
      'Day of the line of a bank statement; null = not found on one yet',
      maybe('effective_date', `event_type = 'PaymentReconciled'`),
    ),
    UPDATED,
    ...newest,
  ],
  // A reconciliation says nothing of the direction: it is in the rows of `payment`.
  from: `finance.event_log AS log
WHERE entity IN ('vendor-payment', 'payment') AND ${NOT_REFUSED}
GROUP BY tenant_id, aggregate_id
HAVING countIf(${SENT}) > 0`,
}

const vendorAllocations: View = {
  name: 'fct_vendor_payment_allocations',
  doc: 'What payments to vendors settle: one row per allocation, those of reversed and failed payments too.',
  columns: [
    TENANT,
    column('payment_id', TEXT, 'Payment', 'aggregate_id'),
    column('bill_id', TEXT, 'Bill that is settled', 'settled_id'),
    column('allocated_on', DAY, 'Day of the allocation', `if(${SENT}, posting_date, effective_date)`),
    column('amount', LINE, 'Amount settled, in the currency of the payment', 'settled'),
    column('event_id', TEXT, 'Event that allocated'),
    ...lineage,
  ],
  from: `finance.event_log AS log
ARRAY JOIN allocation_bill_ids AS settled_id, allocation_bill_amounts AS settled
WHERE entity = 'vendor-payment' AND ${NOT_REFUSED}`,
}

const stockMovements: View = {
  name: 'fct_stock_movements',
  doc: 'Stock movements: one row each, never changed. A transfer moves units between warehouses and no value.',
  columns: [
    TENANT,
    column('movement_id', TEXT, 'Movement'),
    column('product_id', TEXT, 'Product', 'aggregate_id'),
    column('sku', TEXT, 'Code of the product at the time', 'document_number'),
    column('product_name', TEXT, 'Name of the product at the time', 'name'),
    column(
      'movement',
      CODE,
      'RECEIPT, ISSUE, CUSTOMER_RETURN, VENDOR_RETURN, TRANSFER or ADJUSTMENT',
      'kind',
    ),
    column('movement_date', DAY, 'Posting date', 'posting_date'),
    column('warehouse', CODE, 'Warehouse; of a transfer the one that gives'),
    column('to_warehouse', CODE, 'Warehouse that takes, of a transfer; empty otherwise'),
    column('batch', TEXT, 'Batch; empty = none'),
    column('quantity', LINE, 'Units: above zero comes in, below goes out; of a transfer above zero'),
    column('unit', CODE, 'Unit of the quantity'),
    column('unit_cost', LINE, 'Cost of one unit, base currency, four decimals'),
    column('value', LINE, 'Change of the value of the stock, base currency, exact', 'amount'),
    column('quantity_after', LINE, 'Units of the product afterwards, all warehouses'),
    column('value_after', LINE, 'Value of the stock of the product afterwards, base currency'),
    column('source_type', CODE, 'Document that moved it; empty = none'),
    column('source_id', TEXT, 'Id of that document'),
    column('reference', TEXT, 'Reference of the source'),
    column('reason', TEXT, 'Why'),
    column('event_id', TEXT, 'Event of the movement'),
    column('updated_at', INSTANT, 'Append time of the event', 'appended_at'),
    ...lineage,
  ],
  from: `finance.event_log AS log
WHERE entity = 'stock' AND ${NOT_REFUSED}`,
}

const AS_OF = column('as_of', DAY, 'Today in the time zone of the tenant', TODAY.asOf)

const stockOnHand: View = {
  name: 'rpt_stock_on_hand',
  doc: 'Stock of today: one row per product that stock is kept of, or was.',
  columns: [
    TENANT,
    AS_OF,
    column('product_id', TEXT, 'Product'),
    column('sku', TEXT, 'Code'),
    column('product_name', TEXT, 'Name'),
    column('category', CODE, 'Product category'),
    column('unit', CODE, 'Unit of the quantity'),
    column('quantity', SUM, 'Units in all warehouses', 'on_hand'),
    column('value', SUM, 'Value, base currency', 'stock_value'),
    column(
      'unit_cost',
      'Nullable(Decimal(38, 4))',
      'value / quantity, cut to four decimals; null = nothing there',
    ),
    column('reorder_level', MAYBE_LINE, 'Units at which to order again; null = none stated'),
    column(
      'is_below_reorder',
      'Bool',
      'No more than the reorder level is there',
      'toBool(ifNull(on_hand <= reorder_level, false))',
    ),
    column('last_moved_on', MAYBE_DAY, 'Day of the newest movement; null = none'),
  ],
  from: `(${stockOf({ ...TODAY, with: '' })}) AS stock`,
  today: true,
}

const stockByWarehouse: View = {
  name: 'rpt_stock_by_warehouse',
  doc: 'Units of today by product, warehouse and batch. Values are kept by product alone: rpt_stock_on_hand.',
  columns: [
    TENANT,
    column('as_of', DAY, 'Today in the time zone of the tenant', `any(${TODAY.asOf})`),
    column('product_id', TEXT, 'Product', 'aggregate_id'),
    column('sku', TEXT, 'Code at the time of the newest movement', now('document_number')),
    column('product_name', TEXT, 'Name then', now('name')),
    column('warehouse', CODE, 'Warehouse', 'part.1'),
    column('batch', TEXT, 'Batch; empty = none', 'log.batch'),
    column('unit', CODE, 'Unit of the quantity', now('unit')),
    column('quantity', SUM, 'Units', 'sum(toDecimal128(part.2, 4))'),
  ],
  from: `finance.event_log AS log
ARRAY JOIN ${STOCK_PARTS} AS part
WHERE entity = 'stock' AND ${NOT_REFUSED} AND posting_date <= ${TODAY.asOf}
GROUP BY tenant_id, aggregate_id, part.1, log.batch`,
  today: true,
}

const targets: View = {
  name: 'fct_targets',
  doc: 'Targets as they are now.',
  columns: [
    TENANT,
    column('target_id', TEXT, 'Target', 'aggregate_id'),
    column('measure', CODE, 'Measure that it is for', said('measure')),
    column('slice', TEXT, 'Part of the company; empty = all', said('slice')),
    column('from_date', DAY, 'First day', now('posting_date')),
    column('to_date', DAY, 'Last day', now('to_date')),
    column('amount', LINE, 'The target', now('amount')),
    column('unit', CODE, 'currency (the base currency), ratio, percent, days or count', now('unit')),
    column('is_withdrawn', 'Bool', 'It is no more', said('withdrawn')),
    UPDATED,
    ...newest,
  ],
  from: `finance.event_log AS log
WHERE entity = 'target' AND ${NOT_REFUSED}
GROUP BY tenant_id, aggregate_id`,
  said: saidBy({ measure: TEXT, slice: TEXT, withdrawn: 'Bool' }),
}

export const BOOK_VIEWS: readonly View[] = [
  bills,
  vendorPayments,
  vendorAllocations,
  stockMovements,
  stockOnHand,
  stockByWarehouse,
  targets,
]
