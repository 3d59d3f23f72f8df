/**
 * An event as a row of event_log. Refuses nothing: what the processor refuses is filtered elsewhere, and a value that a
 * column can't hold (a day of the year 9000) is moved to the column's bound; the payload has it unchanged.
 * M1: columns that a type does not have are left out of the row (their default applies). M3: what only a master says (an
 * address, a bank account) has no column, since every row of every type pays for it: views read it from the payload.
 */
import { jsonOf } from '../../schemas/codec/json.ts'
import { type EventKind, kindOf } from '../../schemas/event-kinds.ts'
import type {
  EventRecords,
  EventType,
  FinanceEvent,
  PaymentAllocation,
} from '../../schemas/generated/records.ts'
import type { InputRecord } from '../../platform/kafka/port.ts'
import { bookDetails } from './books-mapping.ts'
import type { Row } from './client.ts'
import { amount, day, instalments, instant, rate } from './column-values.ts'

type Invoice = EventRecords['InvoiceCreated'] | EventRecords['InvoiceApproved']
type Expense = EventRecords['ExpenseRecorded'] | EventRecords['ExpenseApproved']
type Tenant = EventRecords['TenantRegistered'] | EventRecords['TenantSettingsChanged']

const invoice = (e: Invoice): Row => ({
  document_number: e.invoiceNumber,
  customer_id: e.customerId,
  customer_name: e.customerName,
  currency: e.currency,
  fx_rate: rate(e.fxRate),
  posting_date: day(e.invoiceDate),
  due_date: day(e.dueDate),
  category: e.category,
  product_category: e.productCategory,
  net_amount: amount(e.subtotal),
  sd_amount: amount(e.sdAmount),
  vat_amount: amount(e.vatAmount),
  amount: amount(e.total),
  salesperson_id: e.salespersonId ?? '',
  ...instalments(e.instalments),
})

const creditNote = (e: EventRecords['CreditNoteIssued']): Row => ({
  document_number: e.creditNoteNumber,
  corrected_invoice_id: e.invoiceId ?? '',
  mushak_number: e.mushakNumber ?? '',
  customer_id: e.customerId,
  customer_name: e.customerName,
  currency: e.currency,
  fx_rate: rate(e.fxRate),
  posting_date: day(e.creditDate),
  fiscal_year: e.fiscalYear,
  category: e.category,
  net_amount: amount(e.subtotal),
  sd_amount: amount(e.sdAmount),
  vat_amount: amount(e.vatAmount),
  amount: amount(e.total),
  reason: e.reason,
  ...allocations(e.allocations),
})

const allocations = (list: readonly PaymentAllocation[]): Row => ({
  allocation_invoice_ids: list.map((a) => a.invoiceId),
  allocation_amounts: list.map((a) => amount(a.amount)),
})

const expense = (e: Expense): Row => ({
  document_number: e.expenseNumber,
  category: e.category,
  vendor_id: e.vendorId ?? '',
  vendor_name: e.vendorName,
  department: e.department,
  description: e.description,
  currency: e.currency,
  fx_rate: rate(e.fxRate),
  posting_date: day(e.expenseDate),
  net_amount: amount(e.netAmount),
  vat_amount: amount(e.vatAmount),
  amount: amount(e.total),
})

const customer = (e: EventRecords['CustomerCreated']): Row => ({
  document_number: e.customerNumber,
  name: e.name,
  currency: e.currency ?? '',
  is_active: e.active,
})

const tenant = (e: Tenant): Row => ({
  name: e.name,
  zone: e.zone,
  currency: e.currency,
})

/** Kinds that are no facts of a tenant. */
const NO_FACTS: ReadonlySet<EventKind> = new Set(['fx-rate', 'tax-rate', 'tick', 'processing'])

/** Null = not a fact of a tenant. */
export function entityOf(type: EventType): string | null {
  const kind = kindOf(type)
  return NO_FACTS.has(kind) ? null : kind
}

/** Money in and money out are entities of their own, but one kind of aggregate: their versions count on together. */
const PAYMENTS: readonly string[] = ['payment', 'vendor-payment']

/** Entities that rows of the aggregate of such an event may have. */
export function entitiesOf(type: EventType): readonly string[] {
  const entity = entityOf(type)
  if (entity === null) return []
  return PAYMENTS.includes(entity) ? PAYMENTS : [entity]
}

function details(event: FinanceEvent): Row {
  switch (event.type) {
    case 'TenantRegistered':
    case 'TenantSettingsChanged':
      return tenant(event.data)
    case 'CustomerCreated':
    case 'CustomerUpdated':
      return customer(event.data)
    case 'InvoiceCreated':
      return {
        ...invoice(event.data),
        status: event.data.status,
        fiscal_year: event.data.fiscalYear,
        mushak_number: event.data.mushakNumber ?? '',
        is_disputed: event.data.disputed,
        reference: event.data.reference,
      }
    case 'InvoiceApproved':
      return {
        ...invoice(event.data),
        status: 'APPROVED',
        mushak_number: event.data.mushakNumber ?? '',
        effective_date: day(event.data.approvedDate),
      }
    case 'InvoiceWrittenOff':
      return {
        amount: amount(event.data.amount),
        effective_date: day(event.data.writeOffDate),
        reason: event.data.reason,
      }
    case 'InvoiceDisputeChanged':
      return {
        is_disputed: event.data.disputed,
        effective_date: day(event.data.effectiveDate),
        reason: event.data.reason,
      }
    case 'InvoiceCancelled':
    case 'CreditNoteCancelled':
    case 'ExpenseCancelled':
      return { effective_date: day(event.data.cancelledDate), reason: event.data.reason }
    case 'InvoiceDueDateChanged':
      return {
        due_date: day(event.data.dueDate),
        effective_date: day(event.data.effectiveDate),
        reason: event.data.reason,
      }
    case 'PaymentReceived': {
      const e = event.data
      return {
        document_number: e.paymentNumber,
        customer_id: e.customerId,
        customer_name: e.customerName,
        method: e.method,
        reference: e.reference,
        currency: e.currency,
        fx_rate: rate(e.fxRate),
        posting_date: day(e.paymentDate),
        amount: amount(e.amount),
        vds_withheld: amount(e.vdsWithheld),
        tds_withheld: amount(e.tdsWithheld),
        ...allocations(e.allocations),
      }
    }
    case 'CreditNoteIssued':
      return creditNote(event.data)
    case 'PaymentAllocated':
    case 'CreditNoteAllocated':
      return { effective_date: day(event.data.allocationDate), ...allocations(event.data.allocations) }
    case 'PaymentReversed':
      return { effective_date: day(event.data.reversalDate), reason: event.data.reason }
    case 'PaymentFailed':
      return { effective_date: day(event.data.failedDate), reason: event.data.reason }
    case 'ExpenseRecorded':
      return expense(event.data)
    case 'ExpenseApproved':
      return { ...expense(event.data), effective_date: day(event.data.approvedDate) }
    default:
      return bookDetails(event)
  }
}

export function factRow(event: FinanceEvent, record: InputRecord, epoch: number): Row {
  const { data } = event
  return {
    tenant_id: data.tenantId,
    event_id: data.eventId,
    event_type: event.type,
    entity: entityOf(event.type) ?? '',
    aggregate_type: data.aggregateType,
    aggregate_id: data.aggregateId,
    aggregate_version: data.aggregateVersion ?? 0,
    schema_version: data.schemaVersion,
    occurred_at: instant(data.occurredAt),
    recorded_at: instant(data.recordedAt),
    appended_at: instant(record.timestamp),
    actor: data.actor,
    correlation_id: data.correlationId ?? '',
    causation_id: data.causationId ?? '',
    payload: JSON.stringify(jsonOf(event.type, data as never)),
    ...details(event),
    _epoch: epoch,
    _partition: record.partition,
    _offset: record.offset,
    _revision: record.offset,
  }
}
