/**
 * An event as a row of event_log. Refuses nothing: what the processor refuses is filtered elsewhere, and a value that a
 * column can't hold (a day of the year 9000) is moved to the column's bound; the payload has it unchanged.
 * M1: columns that a type does not have are left out of the row (their default applies).
 */
import { jsonOf } from '../../schemas/codec/json.ts'
import type {
  EventRecords,
  EventType,
  FinanceEvent,
  PaymentAllocation,
} from '../../schemas/generated/records.ts'
import { formatDecimal, RATE_SCALE } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import type { InputRecord } from '../../platform/kafka/port.ts'
import type { Row } from './client.ts'

/** 1900-01-01 and 2299-12-31: what Date32 holds. */
const FIRST_DAY = -25_567
const LAST_DAY = 120_529
const DAY_MS = 86_400_000

const within = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most)

export const day = (value: number): string => formatDay(within(value, FIRST_DAY, LAST_DAY))
export const instant = (value: number): number => within(value, FIRST_DAY * DAY_MS, LAST_DAY * DAY_MS)
export const amount = (value: bigint): string => formatDecimal(value, 4)
const rate = (value: bigint): string => formatDecimal(value, RATE_SCALE, RATE_SCALE)

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
  vat_amount: amount(e.vatAmount),
  amount: amount(e.total),
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
  name_bn: e.nameBn ?? '',
  currency: e.currency ?? '',
  payment_terms_days: e.paymentTermsDays,
  credit_limit: e.creditLimit === null ? null : amount(e.creditLimit),
  email: e.email ?? '',
  phone: e.phone ?? '',
  country: e.country ?? '',
})

const tenant = (e: Tenant): Row => ({
  name: e.name,
  zone: e.zone,
  currency: e.currency,
  fiscal_year_start: e.fiscalYearStart,
})

/** Entity by type; null = not a fact of a tenant. */
const ENTITIES: Readonly<Record<EventType, string | null>> = {
  TenantRegistered: 'tenant',
  TenantSettingsChanged: 'tenant',
  CustomerCreated: 'customer',
  CustomerUpdated: 'customer',
  InvoiceCreated: 'invoice',
  InvoiceApproved: 'invoice',
  InvoiceCancelled: 'invoice',
  InvoiceDueDateChanged: 'invoice',
  PaymentReceived: 'payment',
  PaymentAllocated: 'payment',
  PaymentReversed: 'payment',
  PaymentFailed: 'payment',
  ExpenseRecorded: 'expense',
  ExpenseApproved: 'expense',
  FxRateSet: null,
  TaxRateSet: null,
  Tick: null,
}

export const entityOf = (type: EventType): string | null => ENTITIES[type]

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
      return { ...invoice(event.data), status: 'APPROVED', effective_date: day(event.data.approvedDate) }
    case 'InvoiceCancelled':
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
        ...allocations(e.allocations),
      }
    }
    case 'PaymentAllocated':
      return { effective_date: day(event.data.allocationDate), ...allocations(event.data.allocations) }
    case 'PaymentReversed':
      return { effective_date: day(event.data.reversalDate), reason: event.data.reason }
    case 'PaymentFailed':
      return { effective_date: day(event.data.failedDate), reason: event.data.reason }
    case 'ExpenseRecorded':
      return expense(event.data)
    case 'ExpenseApproved':
      return { ...expense(event.data), effective_date: day(event.data.approvedDate) }
    case 'FxRateSet':
    case 'TaxRateSet':
    case 'Tick':
      return {}
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
