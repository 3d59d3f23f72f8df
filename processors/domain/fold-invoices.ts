/**
 * What the events of invoices do to the book, and those of bills in the words of invoices (fold-payables.ts). PURE.
 * Refuses what its invoice is in no state for (fold.ts, F2).
 */
import type { EventRecords, Instalment } from '../../schemas/generated/records.ts'
import type { Amount } from '../../schemas/values/amount.ts'
import { checkRoom, settleInvoice } from './allocating.ts'
import type { Book } from './book.ts'
import { checkAmount, checkDay, checkId, checkRate, checkSum, INSTALMENTS_MAX, refuse } from './checks.ts'
import {
  type Change,
  type Claim,
  type Invoice,
  NOBODY,
  type Part,
  type Settings,
  UNKNOWN_INVOICE,
  type Words,
} from './records.ts'

type Created = EventRecords['InvoiceCreated']

/** What a document says of itself: an invoice as its events have it. */
export interface Content
  extends Pick<
    Created,
    | 'aggregateId'
    | 'customerId'
    | 'customerName'
    | 'currency'
    | 'fxRate'
    | 'invoiceDate'
    | 'dueDate'
    | 'subtotal'
    | 'sdAmount'
    | 'vatAmount'
    | 'total'
    | 'instalments'
  > {
  /** Part of the total that is not to be paid to the party: taxes deducted at source of a bill. */
  readonly withheld?: Amount
}

function checkInvoice(e: Content, { words }: Book, settings: Settings): void {
  checkId(words.document, e.aggregateId)
  checkId(words.party, e.customerId)
  checkRate(e.currency, e.fxRate, settings.registered ? settings.currency : null)
  checkDay(`${words.document}Date`, e.invoiceDate)
  checkDay('dueDate', e.dueDate)
  checkAmount('subtotal', e.subtotal, e.currency, 0n)
  checkAmount('sdAmount', e.sdAmount, e.currency, 0n)
  checkAmount('vatAmount', e.vatAmount, e.currency, 0n)
  checkSum(`${words.document} ${e.aggregateId}`, e.subtotal + e.sdAmount + e.vatAmount, e.total)
  if (e.instalments.length > 0) checkInstalments(e, words)
}

function checkInstalments(e: Content, { document }: Words): void {
  if (e.instalments.length > INSTALMENTS_MAX) {
    refuse(
      'too_many_instalments',
      `${document} ${e.aggregateId} has more than ${INSTALMENTS_MAX} instalments`,
    )
  }
  let sum = 0n
  for (const { dueDate, amount } of e.instalments) {
    checkDay('dueDate of an instalment', dueDate)
    checkAmount('instalment', amount, e.currency, 1n)
    sum += amount
  }
  checkSum(`instalments of ${document} ${e.aggregateId}`, sum, e.total)
}

/** Instalments by day, those of one day as one. */
function partsOf(instalments: readonly Instalment[]): readonly Part[] {
  const byDay = new Map<number, bigint>()
  for (const { dueDate, amount } of instalments) byDay.set(dueDate, (byDay.get(dueDate) ?? 0n) + amount)
  return [...byDay].map(([due, amount]) => ({ due, amount })).sort((a, b) => a.due - b.due)
}

const NO_PARTS: readonly Part[] = []

const withDocument = (invoice: Invoice, e: Content, settings: Settings): Invoice => ({
  ...invoice,
  document: {
    customerId: e.customerId,
    currency: e.currency,
    rate: e.fxRate,
    base: settings.currency,
    date: e.invoiceDate,
    due: e.dueDate,
    subtotal: e.subtotal,
    total: e.total - (e.withheld ?? 0n),
    parts: e.instalments.length === 0 ? NO_PARTS : partsOf(e.instalments),
  },
})

export function invoiceCreated(
  e: Content & Pick<Created, 'status' | 'disputed'>,
  book: Book,
  settings: Settings,
): void {
  checkInvoice(e, book, settings)
  const { document } = book.words
  const known = book.invoice(e.aggregateId) ?? UNKNOWN_INVOICE
  if (known.document !== null) refuse(`${document}_exists`, `${document} ${e.aggregateId} was created before`)
  if (e.status === 'UNKNOWN') {
    refuse('unknown_status', `${document} ${e.aggregateId} has a status that this version does not know`)
  }
  const status = e.status === 'APPROVED' ? 'approved' : 'draft'
  const invoice = { ...withDocument(known, e, settings), status, disputed: e.disputed } as const
  book.nameFromDocument(e.customerId, e.customerName)
  settleInvoice(e.aggregateId, invoice, book)
}

export function invoiceApproved(
  e: Content & Pick<EventRecords['InvoiceApproved'], 'approvedDate'>,
  book: Book,
  settings: Settings,
): void {
  checkInvoice(e, book, settings)
  checkDay('approvedDate', e.approvedDate)
  const { document } = book.words
  const known = book.invoice(e.aggregateId) ?? UNKNOWN_INVOICE
  if (known.status === 'approved') refuse('already_approved', `${document} ${e.aggregateId} is approved`)
  if (known.cancelled !== null) refuse('already_cancelled', `${document} ${e.aggregateId} is cancelled`)
  book.nameFromDocument(e.customerId, e.customerName)
  settleInvoice(e.aggregateId, { ...withDocument(known, e, settings), status: 'approved' }, book)
}

/** What the fold reads of an event: that of a bill has it too. */
type Of<T extends keyof EventRecords, K extends keyof EventRecords[T]> = Pick<
  EventRecords[T],
  K | ('aggregateId' & keyof EventRecords[T])
>

function livingInvoice(id: string, book: Book): Invoice {
  const { document } = book.words
  const invoice = book.invoice(id)
  if (invoice === undefined || invoice.document === null) {
    return refuse(`unknown_${document}`, `${document} ${id} was never created or approved`)
  }
  if (invoice.cancelled !== null) return refuse('already_cancelled', `${document} ${id} is cancelled`)
  return invoice
}

export function invoiceCancelled(e: Of<'InvoiceCancelled', 'cancelledDate'>, book: Book): void {
  checkDay('cancelledDate', e.cancelledDate)
  const invoice = livingInvoice(e.aggregateId, book)
  settleInvoice(e.aggregateId, { ...invoice, cancelled: e.cancelledDate }, book)
}

/** Puts a change behind those of its day and before. */
function withChange(invoice: Invoice, change: Change): Invoice {
  const changes = [...invoice.changes]
  let at = changes.length
  while (at > 0 && (changes[at - 1]?.from ?? 0) > change.from) at--
  changes.splice(at, 0, change)
  return { ...invoice, changes }
}

export function dueDateChanged(
  e: Of<'InvoiceDueDateChanged', 'dueDate' | 'effectiveDate'>,
  book: Book,
): void {
  checkDay('dueDate', e.dueDate)
  checkDay('effectiveDate', e.effectiveDate)
  const invoice = livingInvoice(e.aggregateId, book)
  book.setInvoice(
    e.aggregateId,
    withChange(invoice, { from: e.effectiveDate, due: e.dueDate, disputed: null }),
  )
}

export function disputeChanged(
  e: Of<'InvoiceDisputeChanged', 'disputed' | 'effectiveDate'>,
  book: Book,
): void {
  checkDay('effectiveDate', e.effectiveDate)
  const invoice = livingInvoice(e.aggregateId, book)
  book.setInvoice(
    e.aggregateId,
    withChange(invoice, { from: e.effectiveDate, due: null, disputed: e.disputed }),
  )
}

export function invoiceWrittenOff(e: Of<'InvoiceWrittenOff', 'writeOffDate' | 'amount'>, book: Book): void {
  checkDay('writeOffDate', e.writeOffDate)
  const invoice = livingInvoice(e.aggregateId, book)
  if (invoice.status !== 'approved') {
    const { document } = book.words
    refuse(`${document}_not_approved`, `${document} ${e.aggregateId} is a draft: nothing of it is owed`)
  }
  checkAmount('amount', e.amount, invoice.document?.currency ?? '', 1n)
  checkRoom(e.aggregateId, invoice, book)
  const claim: Claim = {
    payment: NOBODY,
    seq: invoice.claims.filter((c) => c.payment === NOBODY).length,
    day: e.writeOffDate,
    until: null,
    amount: e.amount,
    granted: 0n,
  }
  settleInvoice(e.aggregateId, { ...invoice, claims: [...invoice.claims, claim] }, book)
}
