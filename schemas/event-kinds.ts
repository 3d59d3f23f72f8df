/**
 * Which events each kind of thing has, in the order in which they happen to it: the one list of event types that is
 * written by hand. Which types there are follows from schemas/avro (`EVENT_TYPES`); a type that is in no kind, or in two,
 * does not compile or does not load. Owns the names of the kinds: they are the entities of the facts in ClickHouse, and the
 * aggregate types of the command service, but that money out is an aggregate of type payment there.
 */
import type { EventType } from './generated/records.ts'

export const EVENTS_OF = {
  tenant: ['TenantRegistered', 'TenantSettingsChanged'],
  customer: ['CustomerCreated', 'CustomerUpdated'],
  vendor: ['VendorCreated', 'VendorUpdated'],
  product: ['ProductCreated', 'ProductUpdated'],
  invoice: [
    'InvoiceCreated',
    'InvoiceApproved',
    'InvoiceDueDateChanged',
    'InvoiceDisputeChanged',
    'InvoiceWrittenOff',
    'InvoiceCancelled',
  ],
  'credit-note': ['CreditNoteIssued', 'CreditNoteAllocated', 'CreditNoteCancelled'],
  payment: ['PaymentReceived', 'PaymentAllocated', 'PaymentReversed', 'PaymentFailed', 'PaymentReconciled'],
  bill: [
    'BillReceived',
    'BillApproved',
    'BillDueDateChanged',
    'BillDisputeChanged',
    'BillWrittenOff',
    'BillCancelled',
  ],
  'vendor-payment': [
    'VendorPaymentSent',
    'VendorPaymentAllocated',
    'VendorPaymentReversed',
    'VendorPaymentFailed',
  ],
  expense: ['ExpenseRecorded', 'ExpenseApproved', 'ExpenseCancelled'],
  stock: ['StockMoved'],
  'journal-entry': ['JournalEntryCreated', 'JournalEntryPosted', 'JournalEntryReversed'],
  account: ['AccountCreated', 'AccountUpdated', 'AccountDeactivated'],
  ledger: ['PeriodClosed', 'PeriodReopened', 'FiscalYearClosed'],
  'posting-rules': ['PostingRulesSet'],
  'validation-rules': ['ValidationRulesSet'],
  target: ['TargetSet'],
  'alert-rule': ['AlertRuleSet'],
  alert: ['AlertAcknowledged', 'AlertEscalated', 'AlertResolved'],
  'fx-rate': ['FxRateSet'],
  'tax-rate': ['TaxRateSet'],
  tick: ['Tick'],
  /** Orders to the processors. */
  processing: ['TenantProcessingStopped', 'TenantRebuildRequested'],
} as const satisfies Readonly<Record<string, readonly EventType[]>>

export type EventKind = keyof typeof EVENTS_OF
type Listed = (typeof EVENTS_OF)[EventKind][number]

const KINDS = new Map<EventType, EventKind>()
for (const [kind, types] of Object.entries(EVENTS_OF) as [EventKind, readonly EventType[]][]) {
  for (const type of types) {
    const before = KINDS.get(type)
    if (before !== undefined)
      throw new Error(
        `${type} is of ${before} and of ${kind}: an event is of one kind (schemas/event-kinds.ts)`,
      )
    KINDS.set(type, kind)
  }
}

export function kindOf(type: EventType): EventKind {
  // Does not compile while a type is in no kind.
  const kind = KINDS.get(type satisfies Listed)
  if (kind === undefined) throw new Error(`${type} is of no kind: put it into schemas/event-kinds.ts`)
  return kind
}
