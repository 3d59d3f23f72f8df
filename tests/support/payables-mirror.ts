/**
 * A story of sales told as one of purchases: each invoice is a bill, each customer a vendor, each payment one to a vendor;
 * what a customer withholds is money here, and a credit note a payment too (it settles after payments of its day: its id
 * says so). So the open amounts are the same on every day, and one table of expectations serves both sides.
 * `withheldOf` adds taxes deducted at source to a bill: they change what the vendor asks for and nothing that is owed. With
 * instalments they are a part of the first one, which is what they settle.
 */
import { defaultsOf } from '../../schemas/codec/defaults.ts'
import type { EventRecords, FinanceEvent } from '../../schemas/generated/records.ts'

export type Withheld = readonly [vds: bigint, tds: bigint]
export const NOTHING_WITHHELD: Withheld = [0n, 0n]

type Invoice = EventRecords['InvoiceCreated'] | EventRecords['InvoiceApproved']
type Envelope = Pick<
  Invoice,
  | 'eventId'
  | 'tenantId'
  | 'aggregateId'
  | 'aggregateVersion'
  | 'schemaVersion'
  | 'occurredAt'
  | 'recordedAt'
  | 'actor'
  | 'correlationId'
  | 'causationId'
>

const envelope = (e: Envelope, aggregateType: string, aggregateId = e.aggregateId) => ({
  eventId: `b${e.eventId.slice(1)}`,
  tenantId: e.tenantId,
  aggregateType,
  aggregateId,
  aggregateVersion: e.aggregateVersion,
  schemaVersion: e.schemaVersion,
  occurredAt: e.occurredAt,
  recordedAt: e.recordedAt,
  actor: e.actor,
  correlationId: e.correlationId,
  causationId: e.causationId,
})

/** Payments of either direction are aggregates of one type. */
const sentId = (id: string): string => `v-${id}`
const noteId = (id: string): string => `zn-${id}`

const toBills = (list: readonly { readonly invoiceId: string; readonly amount: bigint }[]) =>
  list.map(({ invoiceId, amount }) => ({ billId: invoiceId, amount }))

function bill(e: Invoice, [vdsWithheld, tdsWithheld]: Withheld) {
  const withheld = vdsWithheld + tdsWithheld
  const first = Math.min(...e.instalments.map((part) => part.dueDate))
  const at = e.instalments.findIndex((part) => part.dueDate === first)
  return {
    ...envelope(e, 'bill'),
    billNumber: e.invoiceNumber,
    vendorId: e.customerId,
    vendorName: e.customerName,
    vendorInvoiceNumber: '',
    currency: e.currency,
    fxRate: e.fxRate,
    billDate: e.invoiceDate,
    dueDate: e.dueDate,
    subtotal: e.subtotal + withheld,
    sdAmount: e.sdAmount,
    vatAmount: e.vatAmount,
    total: e.total + withheld,
    vdsWithheld,
    tdsWithheld,
    instalments: e.instalments.map((part, i) =>
      i === at ? { ...part, amount: part.amount + withheld } : part,
    ),
  }
}

const make = (type: FinanceEvent['type'], data: object): FinanceEvent =>
  ({ type, data: { ...defaultsOf(type), ...data } }) as FinanceEvent

/** The event on the side of purchases; what belongs to neither side, and settings, stay as they are. */
export function asPayable(
  { type, data: e }: FinanceEvent,
  withheldOf: (invoiceId: string) => Withheld = () => NOTHING_WITHHELD,
): FinanceEvent {
  switch (type) {
    case 'InvoiceCreated':
      return make('BillReceived', {
        ...bill(e, withheldOf(e.aggregateId)),
        status: e.status,
        disputed: e.disputed,
      })
    case 'InvoiceApproved':
      return make('BillApproved', { ...bill(e, withheldOf(e.aggregateId)), approvedDate: e.approvedDate })
    case 'InvoiceCancelled':
      return make('BillCancelled', { ...e, ...envelope(e, 'bill') })
    case 'InvoiceDueDateChanged':
      return make('BillDueDateChanged', { ...e, ...envelope(e, 'bill') })
    case 'InvoiceDisputeChanged':
      return make('BillDisputeChanged', { ...e, ...envelope(e, 'bill') })
    case 'InvoiceWrittenOff':
      return make('BillWrittenOff', { ...e, ...envelope(e, 'bill') })
    case 'PaymentReceived':
      return make('VendorPaymentSent', {
        ...envelope(e, 'payment', sentId(e.aggregateId)),
        paymentNumber: e.paymentNumber,
        vendorId: e.customerId,
        vendorName: e.customerName,
        currency: e.currency,
        fxRate: e.fxRate,
        paymentDate: e.paymentDate,
        amount: e.amount + e.vdsWithheld + e.tdsWithheld,
        accountId: null,
        allocations: toBills(e.allocations),
      })
    case 'CreditNoteIssued':
      return make('VendorPaymentSent', {
        ...envelope(e, 'payment', noteId(e.aggregateId)),
        paymentNumber: e.creditNoteNumber,
        vendorId: e.customerId,
        vendorName: e.customerName,
        currency: e.currency,
        fxRate: e.fxRate,
        paymentDate: e.creditDate,
        amount: e.total,
        accountId: null,
        allocations: toBills(e.allocations),
      })
    case 'PaymentAllocated':
      return make('VendorPaymentAllocated', {
        ...envelope(e, 'payment', sentId(e.aggregateId)),
        allocationDate: e.allocationDate,
        allocations: toBills(e.allocations),
      })
    case 'CreditNoteAllocated':
      return make('VendorPaymentAllocated', {
        ...envelope(e, 'payment', noteId(e.aggregateId)),
        allocationDate: e.allocationDate,
        allocations: toBills(e.allocations),
      })
    case 'PaymentReversed':
      return make('VendorPaymentReversed', { ...e, ...envelope(e, 'payment', sentId(e.aggregateId)) })
    case 'CreditNoteCancelled':
      return make('VendorPaymentReversed', {
        ...envelope(e, 'payment', noteId(e.aggregateId)),
        reversalDate: e.cancelledDate,
        reason: e.reason,
      })
    case 'PaymentFailed':
      return make('VendorPaymentFailed', { ...e, ...envelope(e, 'payment', sentId(e.aggregateId)) })
    case 'CustomerCreated':
      return make('VendorCreated', {
        ...envelope(e, 'vendor'),
        vendorNumber: e.customerNumber,
        name: e.name,
        nameBn: null,
        tin: '123456789012',
      })
    default:
      return { type, data: e } as FinanceEvent
  }
}

export const asPayables = (
  events: readonly FinanceEvent[],
  withheldOf?: (invoiceId: string) => Withheld,
): FinanceEvent[] => events.map((one) => asPayable(one, withheldOf))

/** A story and its mirror as one: what belongs to neither side is told once. */
export const bothSides = (
  events: readonly FinanceEvent[],
  withheldOf?: (invoiceId: string) => Withheld,
): FinanceEvent[] =>
  events.flatMap((one) => {
    const mirrored = asPayable(one, withheldOf)
    return mirrored.type === one.type ? [one] : [one, mirrored]
  })
