/** Events for tests of the sinks: whole records from the few fields that a test is about. */
import type { EventRecords, EventType } from '../../../../schemas/generated/records.ts'
import { parseDecimal, RATE_ONE } from '../../../../schemas/values/amount.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'

export const T = 'acme'

let serial = 0
const nextId = (): string => `00000000-0000-7000-8000-${String(++serial).padStart(12, '0')}`

const KINDS: Partial<Record<EventType, string>> = {
  TenantRegistered: 'tenant',
  CustomerCreated: 'customer',
  ExpenseApproved: 'expense',
}

const kindOf = (type: EventType): string =>
  KINDS[type] ?? (type.startsWith('Invoice') ? 'invoice' : type.startsWith('Payment') ? 'payment' : 'other')

/** A record with every field: what `fields` does not say has a plain value. */
export function event<K extends EventType>(
  type: K,
  id: string,
  fields: Partial<EventRecords[K]>,
): { type: K; data: EventRecords[K] } {
  const envelope = {
    eventId: nextId(),
    tenantId: T,
    aggregateType: kindOf(type),
    aggregateId: id,
    aggregateVersion: null,
    schemaVersion: 1,
    occurredAt: 1_700_000_000_000,
    recordedAt: 1_700_000_000_000,
    actor: 'user:test',
    correlationId: null,
    causationId: null,
  }
  return { type, data: { ...envelope, ...fields } as unknown as EventRecords[K] }
}

export const money = (text: string): bigint => parseDecimal(text)

export interface InvoiceFields {
  readonly date: string
  readonly due?: string
  readonly total: string
  readonly customer?: string
  readonly currency?: string
  readonly rate?: bigint
  readonly status?: 'DRAFT' | 'APPROVED'
  readonly disputed?: boolean
  readonly version?: number | null
  readonly tenant?: string
  readonly eventId?: string
}

function invoiceBody(id: string, f: InvoiceFields) {
  const total = money(f.total)
  return {
    ...(f.tenant === undefined ? {} : { tenantId: f.tenant }),
    ...(f.eventId === undefined ? {} : { eventId: f.eventId }),
    aggregateVersion: f.version === undefined ? 1 : f.version,
    invoiceNumber: `N-${id}`,
    customerId: f.customer ?? 'c1',
    customerName: `Customer ${f.customer ?? 'c1'}`,
    currency: f.currency ?? 'BDT',
    fxRate: f.rate ?? RATE_ONE,
    invoiceDate: parseDay(f.date),
    dueDate: parseDay(f.due ?? f.date),
    category: 'sales',
    productCategory: 'goods',
    subtotal: total,
    vatAmount: 0n,
    total,
  }
}

export const created = (id: string, f: InvoiceFields) =>
  event('InvoiceCreated', id, {
    ...invoiceBody(id, f),
    status: f.status ?? 'APPROVED',
    mushakNumber: null,
    fiscalYear: '2025-26',
    disputed: f.disputed ?? false,
    reference: '',
    lines: [],
  })

export const approved = (id: string, f: InvoiceFields & { readonly on: string }) =>
  event('InvoiceApproved', id, { ...invoiceBody(id, { version: 2, ...f }), approvedDate: parseDay(f.on) })

export const cancelled = (id: string, on: string, version = 2) =>
  event('InvoiceCancelled', id, { aggregateVersion: version, cancelledDate: parseDay(on), reason: 'void' })

export const moved = (id: string, due: string, on: string, version = 2) =>
  event('InvoiceDueDateChanged', id, {
    aggregateVersion: version,
    dueDate: parseDay(due),
    previousDueDate: 0,
    effectiveDate: parseDay(on),
    reason: '',
  })

export interface PaymentFields {
  readonly date: string
  readonly amount: string
  readonly to?: Readonly<Record<string, string>>
  readonly customer?: string
  readonly currency?: string
  readonly rate?: bigint
  readonly version?: number
}

const allocationsOf = (to: Readonly<Record<string, string>> = {}) =>
  Object.entries(to).map(([invoiceId, amount]) => ({ invoiceId, amount: money(amount) }))

export const received = (id: string, f: PaymentFields) =>
  event('PaymentReceived', id, {
    aggregateVersion: f.version ?? 1,
    paymentNumber: `P-${id}`,
    customerId: f.customer ?? 'c1',
    customerName: `Customer ${f.customer ?? 'c1'}`,
    method: 'bank',
    reference: '',
    currency: f.currency ?? 'BDT',
    fxRate: f.rate ?? RATE_ONE,
    paymentDate: parseDay(f.date),
    amount: money(f.amount),
    allocations: allocationsOf(f.to),
  })

export const allocated = (id: string, on: string, to: Readonly<Record<string, string>>, version = 2) =>
  event('PaymentAllocated', id, {
    aggregateVersion: version,
    allocationDate: parseDay(on),
    allocations: allocationsOf(to),
  })

export const reversed = (id: string, on: string, version = 2) =>
  event('PaymentReversed', id, { aggregateVersion: version, reversalDate: parseDay(on), reason: '' })

export const failed = (id: string, on: string, version = 2) =>
  event('PaymentFailed', id, { aggregateVersion: version, failedDate: parseDay(on), reason: '' })

export const spent = (id: string, on: string, net: string) =>
  event('ExpenseApproved', id, {
    aggregateVersion: 1,
    expenseNumber: `E-${id}`,
    category: 'rent',
    vendorId: null,
    vendorName: '',
    department: '',
    description: '',
    currency: 'BDT',
    fxRate: RATE_ONE,
    expenseDate: parseDay(on),
    netAmount: money(net),
    vatAmount: 0n,
    total: money(net),
    approvedDate: parseDay(on),
  })

export const registered = (fields: Partial<EventRecords['TenantRegistered']> = {}) =>
  event('TenantRegistered', T, {
    aggregateVersion: 1,
    name: 'Acme',
    zone: 'Asia/Dhaka',
    currency: 'BDT',
    fiscalYearStart: '07-01',
    ...fields,
  })
