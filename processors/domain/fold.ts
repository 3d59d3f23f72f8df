/**
 * What each finance event does to the book of its tenant. PURE. The dates of the events alone decide on which day
 * something counts (table of effective dates in ARCHITECTURE.md).
 *
 * F1: events of one aggregate come in order; events of different aggregates in any order: allocations wait for their
 * invoice, and the result does not depend on who came first. F2: an event whose aggregate is in no state for it is
 * refused (unknown_invoice, already_cancelled, ...).
 */
import type { EventRecords, EventType, FinanceEvent } from '../../schemas/generated/records.ts'
import { NO_BALANCE } from './balances.ts'
import type { Book } from './book.ts'
import { checkId } from './checks.ts'
import { expenseApproved, expenseCancelled } from './fold-expenses.ts'
import {
  disputeChanged,
  dueDateChanged,
  invoiceApproved,
  invoiceCancelled,
  invoiceCreated,
  invoiceWrittenOff,
} from './fold-invoices.ts'
import {
  creditNoteAllocated,
  creditNoteCancelled,
  creditNoteIssued,
  paymentAllocated,
  paymentFailed,
  paymentReceived,
  paymentReversed,
} from './fold-payments.ts'
import { entryPosted } from './ledger.ts'
import type { Settings } from './records.ts'

/** Types that move the book of receivables. Those of payables are in fold-payables.ts; stock moves none: its journal entries do. */
const BOOKED_TYPES = [
  'InvoiceCreated',
  'InvoiceApproved',
  'InvoiceCancelled',
  'InvoiceDueDateChanged',
  'InvoiceDisputeChanged',
  'InvoiceWrittenOff',
  'PaymentReceived',
  'PaymentAllocated',
  'PaymentReversed',
  'PaymentFailed',
  'CreditNoteIssued',
  'CreditNoteAllocated',
  'CreditNoteCancelled',
  'ExpenseApproved',
  'ExpenseCancelled',
  'CustomerCreated',
  'CustomerUpdated',
  'JournalEntryPosted',
] as const satisfies readonly EventType[]

export const BOOKED: ReadonlySet<EventType> = new Set(BOOKED_TYPES)
export type BookedEvent = Extract<FinanceEvent, { readonly type: (typeof BOOKED_TYPES)[number] }>

export const isBooked = (event: FinanceEvent): event is BookedEvent => BOOKED.has(event.type)

/** Applies an event to the book of its tenant. The caller commits the book. */
export function foldEvent(event: BookedEvent, book: Book, settings: Settings): void {
  switch (event.type) {
    case 'InvoiceCreated':
      return invoiceCreated(event.data, book, settings)
    case 'InvoiceApproved':
      return invoiceApproved(event.data, book, settings)
    case 'InvoiceCancelled':
      return invoiceCancelled(event.data, book)
    case 'InvoiceDueDateChanged':
      return dueDateChanged(event.data, book)
    case 'InvoiceDisputeChanged':
      return disputeChanged(event.data, book)
    case 'InvoiceWrittenOff':
      return invoiceWrittenOff(event.data, book)
    case 'PaymentReceived':
      return paymentReceived(event.data, book, settings)
    case 'PaymentAllocated':
      return paymentAllocated(event.data, book)
    case 'PaymentReversed':
      return paymentReversed(event.data, book)
    case 'PaymentFailed':
      return paymentFailed(event.data, book)
    case 'CreditNoteIssued':
      return creditNoteIssued(event.data, book, settings)
    case 'CreditNoteAllocated':
      return creditNoteAllocated(event.data, book)
    case 'CreditNoteCancelled':
      return creditNoteCancelled(event.data, book)
    case 'ExpenseApproved':
      return expenseApproved(event.data, book, settings)
    case 'ExpenseCancelled':
      return expenseCancelled(event.data, book)
    case 'CustomerCreated':
    case 'CustomerUpdated':
      return partyNamed(event.data, book)
    case 'JournalEntryPosted':
      return entryPosted(event.data, book)
  }
}

/** The master of a customer or vendor says its name. */
export function partyNamed(
  e: Pick<EventRecords['CustomerCreated'], 'aggregateId' | 'name'>,
  book: Book,
): void {
  checkId(book.words.party, e.aggregateId)
  const key = book.key(e.aggregateId)
  const balance = book.stores.balances.get(key) ?? NO_BALANCE
  if (balance.mastered && balance.name === e.name) return
  book.stores.balances.set(key, { ...balance, name: e.name, mastered: true })
  if (balance.listed) book.effects.balanceChanged(e.aggregateId)
}
