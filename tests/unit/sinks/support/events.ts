/** Events for tests of the sinks: whole records from the few fields that a test is about. */
import { defaultsOf } from '../../../../schemas/codec/defaults.ts'
import type { EventRecords, EventType } from '../../../../schemas/generated/records.ts'
import { parseDecimal, RATE_ONE } from '../../../../schemas/values/amount.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'

export const T = 'acme'

let serial = 0
const nextId = (): string => `00000000-0000-7000-8000-${String(++serial).padStart(12, '0')}`

const KINDS: Partial<Record<EventType, string>> = {
  TenantRegistered: 'tenant',
  CustomerCreated: 'customer',
}
const PREFIXES = { Invoice: 'invoice', Payment: 'payment', CreditNote: 'credit-note', Expense: 'expense' }

const kindOf = (type: EventType): string =>
  KINDS[type] ?? Object.entries(PREFIXES).find(([prefix]) => type.startsWith(prefix))?.[1] ?? 'other'

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
  return { type, data: { ...defaultsOf(type), ...envelope, ...fields } as unknown as EventRecords[K] }
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
  /** Amount by due day. */
  readonly parts?: Readonly<Record<string, string>>
  readonly sd?: string
  readonly version?: number | null
  readonly tenant?: string
  readonly eventId?: string
}

function invoiceBody(id: string, f: InvoiceFields) {
  const total = money(f.total)
  const sdAmount = money(f.sd ?? '0')
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
    subtotal: total - sdAmount,
    sdAmount,
    vatAmount: 0n,
    total,
    instalments: Object.entries(f.parts ?? {}).map(([due, amount]) => ({
      dueDate: parseDay(due),
      amount: money(amount),
    })),
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

export const writtenOff = (id: string, on: string, amount: string, version = 2) =>
  event('InvoiceWrittenOff', id, {
    aggregateVersion: version,
    writeOffDate: parseDay(on),
    amount: money(amount),
    reason: 'bankrupt',
  })

export const disputes = (id: string, disputed: boolean, on: string, version = 2) =>
  event('InvoiceDisputeChanged', id, {
    aggregateVersion: version,
    disputed,
    effectiveDate: parseDay(on),
    reason: '',
  })

export interface PaymentFields {
  readonly date: string
  readonly amount: string
  readonly vds?: string
  readonly tds?: string
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
    vdsWithheld: money(f.vds ?? '0'),
    tdsWithheld: money(f.tds ?? '0'),
    allocations: allocationsOf(f.to),
  })

export interface CreditNoteFields extends Omit<PaymentFields, 'vds' | 'tds' | 'amount'> {
  readonly total: string
  readonly vat?: string
  readonly corrects?: string
}

export const credited = (id: string, f: CreditNoteFields) =>
  event('CreditNoteIssued', id, {
    aggregateVersion: f.version ?? 1,
    creditNoteNumber: `C-${id}`,
    mushakNumber: `6.7-${id}`,
    invoiceId: f.corrects ?? null,
    customerId: f.customer ?? 'c1',
    customerName: `Customer ${f.customer ?? 'c1'}`,
    currency: f.currency ?? 'BDT',
    fxRate: f.rate ?? RATE_ONE,
    creditDate: parseDay(f.date),
    reason: 'returned',
    fiscalYear: '2025-26',
    category: 'sales',
    subtotal: money(f.total) - money(f.vat ?? '0'),
    sdAmount: 0n,
    vatAmount: money(f.vat ?? '0'),
    total: money(f.total),
    allocations: allocationsOf(f.to),
  })

export const noteAllocated = (id: string, on: string, to: Readonly<Record<string, string>>, version = 2) =>
  event('CreditNoteAllocated', id, {
    aggregateVersion: version,
    allocationDate: parseDay(on),
    allocations: allocationsOf(to),
  })

export const noteCancelled = (id: string, on: string, version = 2) =>
  event('CreditNoteCancelled', id, { aggregateVersion: version, cancelledDate: parseDay(on), reason: '' })

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

export const unspent = (id: string, on: string, version = 2) =>
  event('ExpenseCancelled', id, { aggregateVersion: version, cancelledDate: parseDay(on), reason: 'void' })

export const registered = (fields: Partial<EventRecords['TenantRegistered']> = {}) =>
  event('TenantRegistered', T, {
    aggregateVersion: 1,
    name: 'Acme',
    zone: 'Asia/Dhaka',
    currency: 'BDT',
    fiscalYearStart: '07-01',
    ...fields,
  })
