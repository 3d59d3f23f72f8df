/**
 * Details of the events of the books as columns of event_log: journal entries, accounts, vendors, products, stock, bills,
 * payments to vendors, targets, periods. As facts-mapping.ts, of which it is a part (M1).
 * M2: arrays that are read as pairs have one length in every row, whatever its type: an engine may pair them before it
 * filters. So bills have amounts of their own, apart from those of invoices, and the line_ arrays of a journal entry have
 * one element per line each, in the order of the lines.
 */
import type {
  BillAllocation,
  EventRecords,
  EventType,
  FinanceEvent,
  JournalLine,
} from '../../schemas/generated/records.ts'
import type { Row } from './client.ts'
import { amount, amountOrNull, day, instalments, rate } from './column-values.ts'

type Bill = EventRecords['BillReceived'] | EventRecords['BillApproved']
type Entry = EventRecords['JournalEntryCreated'] | EventRecords['JournalEntryPosted']
type Account = EventRecords['AccountCreated'] | EventRecords['AccountUpdated']
type Vendor = EventRecords['VendorCreated'] | EventRecords['VendorUpdated']
type Product = EventRecords['ProductCreated'] | EventRecords['ProductUpdated']

const bill = (e: Bill): Row => ({
  document_number: e.billNumber,
  vendor_id: e.vendorId,
  vendor_name: e.vendorName,
  vendor_invoice_number: e.vendorInvoiceNumber,
  currency: e.currency,
  fx_rate: rate(e.fxRate),
  posting_date: day(e.billDate),
  due_date: day(e.dueDate),
  fiscal_year: e.fiscalYear,
  reference: e.reference,
  net_amount: amount(e.subtotal),
  vat_amount: amount(e.vatAmount),
  amount: amount(e.total),
  vds_withheld: amount(e.vdsWithheld),
  tds_withheld: amount(e.tdsWithheld),
  discount_amount: amount(e.discountAmount),
  sd_amount: amount(e.sdAmount),
  ...instalments(e.instalments),
})

const billAllocations = (list: readonly BillAllocation[]): Row => ({
  allocation_bill_ids: list.map((a) => a.billId),
  allocation_bill_amounts: list.map((a) => amount(a.amount)),
})

/** M2. */
function linesOf(lines: readonly JournalLine[]): Row {
  return {
    line_account_ids: lines.map((l) => l.accountId),
    line_account_codes: lines.map((l) => l.accountCode),
    line_account_names: lines.map((l) => l.accountName),
    line_account_classes: lines.map((l) => l.accountClass),
    line_account_subtypes: lines.map((l) => l.accountSubtype),
    line_debits: lines.map((l) => amount(l.debit)),
    line_credits: lines.map((l) => amount(l.credit)),
    line_amounts: lines.map((l) => amount(l.amount)),
    line_party_types: lines.map((l) => l.partyType),
    line_party_ids: lines.map((l) => l.partyId),
    line_product_ids: lines.map((l) => l.productId),
    line_tax_codes: lines.map((l) => l.taxCode),
    line_departments: lines.map((l) => l.department),
    line_memos: lines.map((l) => l.memo),
    line_cash_flows: lines.map((l) => l.cashFlow),
  }
}

const entry = (e: Entry): Row => ({
  document_number: e.journalNumber,
  posting_date: day(e.entryDate),
  fiscal_year: e.fiscalYear,
  kind: e.kind,
  description: e.description,
  currency: e.currency,
  fx_rate: rate(e.fxRate),
  source_type: e.sourceType,
  source_id: e.sourceId,
  source_version: e.sourceVersion,
  reverses_id: e.reversesId ?? '',
  amount: amount(e.total),
  ...linesOf(e.lines),
})

const account = (e: Account): Row => ({
  document_number: e.code,
  name: e.name,
  account_class: e.accountClass,
  account_subtype: e.subtype,
  currency: e.currency ?? '',
  is_active: e.active,
})

const vendor = (e: Vendor): Row => ({
  document_number: e.vendorNumber,
  name: e.name,
  currency: e.currency ?? '',
  is_active: e.active,
})

const product = (e: Product): Row => ({
  document_number: e.sku,
  name: e.name,
  unit: e.unit,
  category: e.category,
  kind: e.kind,
  is_stocked: e.stocked,
  reorder_level: amountOrNull(e.reorderLevel),
  is_active: e.active,
})

const movement = (e: EventRecords['StockMoved']): Row => ({
  movement_id: e.movementId,
  document_number: e.sku,
  name: e.productName,
  kind: e.movement,
  posting_date: day(e.movementDate),
  warehouse: e.warehouse,
  to_warehouse: e.toWarehouse,
  batch: e.batch,
  quantity: amount(e.quantity),
  unit: e.unit,
  unit_cost: amount(e.unitCost),
  amount: amount(e.value),
  quantity_after: amount(e.quantityAfter),
  value_after: amount(e.valueAfter),
  reference: e.reference,
  source_type: e.sourceType,
  source_id: e.sourceId,
  reason: e.reason,
})

const vendorPayment = (e: EventRecords['VendorPaymentSent']): Row => ({
  document_number: e.paymentNumber,
  vendor_id: e.vendorId,
  vendor_name: e.vendorName,
  method: e.method,
  reference: e.reference,
  currency: e.currency,
  fx_rate: rate(e.fxRate),
  posting_date: day(e.paymentDate),
  amount: amount(e.amount),
  cash_account_id: e.accountId ?? '',
  ...billAllocations(e.allocations),
})

const target = (e: EventRecords['TargetSet']): Row => ({
  posting_date: day(e.from),
  to_date: day(e.to),
  amount: amount(e.amount),
  unit: e.unit,
})

const changed = (on: number, reason: string): Row => ({ effective_date: day(on), reason })

const entryReversed = (e: EventRecords['JournalEntryReversed']): Row => ({
  ...changed(e.reversalDate, e.reason),
  reversed_by_id: e.reversalId,
})

const yearClosed = (e: EventRecords['FiscalYearClosed']): Row => ({
  posting_date: day(e.from),
  to_date: day(e.to),
  fiscal_year: e.fiscalYear,
  net_amount: amount(e.netIncome),
  source_id: e.journalId,
})

/** By type; a type that is not here has no columns of its own. */
const DETAILS: { readonly [T in EventType]?: (data: EventRecords[T]) => Row } = {
  JournalEntryCreated: entry,
  JournalEntryPosted: entry,
  JournalEntryReversed: entryReversed,
  AccountCreated: account,
  AccountUpdated: account,
  AccountDeactivated: (e) => ({ is_active: false, reason: e.reason }),
  VendorCreated: vendor,
  VendorUpdated: vendor,
  ProductCreated: product,
  ProductUpdated: product,
  StockMoved: movement,
  BillReceived: (e) => ({ ...bill(e), status: e.status, is_disputed: e.disputed }),
  BillApproved: (e) => ({ ...bill(e), status: 'APPROVED', effective_date: day(e.approvedDate) }),
  BillCancelled: (e) => changed(e.cancelledDate, e.reason),
  BillDueDateChanged: (e) => ({ ...changed(e.effectiveDate, e.reason), due_date: day(e.dueDate) }),
  BillDisputeChanged: (e) => ({ ...changed(e.effectiveDate, e.reason), is_disputed: e.disputed }),
  BillWrittenOff: (e) => ({ ...changed(e.writeOffDate, e.reason), amount: amount(e.amount) }),
  VendorPaymentSent: vendorPayment,
  VendorPaymentAllocated: (e) => ({
    effective_date: day(e.allocationDate),
    ...billAllocations(e.allocations),
  }),
  VendorPaymentReversed: (e) => changed(e.reversalDate, e.reason),
  VendorPaymentFailed: (e) => changed(e.failedDate, e.reason),
  PaymentReconciled: (e) => ({ effective_date: day(e.statementDate), reference: e.statementReference }),
  TargetSet: target,
  PeriodClosed: (e) => changed(e.through, e.reason),
  PeriodReopened: (e) => changed(e.through, e.reason),
  FiscalYearClosed: yearClosed,
}

/** Own columns of an event of the books; none of any other. */
export function bookDetails({ type, data }: FinanceEvent): Row {
  const details = DETAILS[type] as ((data: unknown) => Row) | undefined
  return details === undefined ? {} : details(data)
}
