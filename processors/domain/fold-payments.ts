/**
 * What the events of payments and credit notes do to the book, and those of payments to vendors in the words of payments
 * (fold-payables.ts). PURE. Refuses what its document is in no state for (fold.ts, F2). A credit note is a payment without cash that takes back revenue (records.ts, R4).
 */
import type { EventRecords, PaymentAllocation } from '../../schemas/generated/records.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { newAllocations, settlePayment } from './allocating.ts'
import type { Book } from './book.ts'
import { checkAmount, checkDay, checkId, checkRate, checkSum, refuse } from './checks.ts'
import { creditNoteKey, type Payment, type PaymentDocument, type Settings } from './records.ts'

type Content = Pick<
  EventRecords['PaymentReceived'],
  'aggregateId' | 'customerId' | 'customerName' | 'currency' | 'fxRate' | 'allocations'
>

/** A payment as its event has it. */
export type PaymentContent = Content &
  Pick<EventRecords['PaymentReceived'], 'paymentDate' | 'amount' | 'vdsWithheld' | 'tdsWithheld'>

function checkParty(e: Content, { words }: Book, settings: Settings): void {
  checkId(words.party, e.customerId)
  checkRate(e.currency, e.fxRate, settings.registered ? settings.currency : null)
}

/** Puts a new payment or credit note with what it settles at once. */
function open(
  key: string,
  e: Content,
  document: Pick<PaymentDocument, 'date' | 'amount' | 'cash' | 'revenue'>,
  book: Book,
  settings: Settings,
): void {
  const pricing = { currency: e.currency, rate: e.fxRate, base: settings.currency }
  const payment: Payment = {
    document: { customerId: e.customerId, ...pricing, ...document },
    reversed: null,
    failed: false,
    allocations: [],
  }
  book.nameFromDocument(e.customerId, e.customerName)
  const allocations = newAllocations(e.allocations, document.date, payment, book)
  settlePayment(key, { ...payment, allocations }, book)
}

function allocate(
  key: string,
  payment: Payment,
  allocations: readonly PaymentAllocation[],
  day: EpochDay,
  book: Book,
): void {
  const added = newAllocations(allocations, day, payment, book)
  settlePayment(key, { ...payment, allocations: [...payment.allocations, ...added] }, book)
}

export function paymentReceived(e: PaymentContent, book: Book, settings: Settings): void {
  checkId('payment', e.aggregateId)
  checkParty(e, book, settings)
  checkDay('paymentDate', e.paymentDate)
  checkAmount('vdsWithheld', e.vdsWithheld, e.currency, 0n)
  checkAmount('tdsWithheld', e.tdsWithheld, e.currency, 0n)
  // All of it may have been withheld: a certificate that comes after the money.
  const withheld = e.vdsWithheld + e.tdsWithheld
  checkAmount('amount', e.amount, e.currency, withheld === 0n ? 1n : 0n)
  if (book.payment(e.aggregateId) !== undefined) {
    refuse('payment_exists', `payment ${e.aggregateId} was booked before`)
  }
  const { amount: cash, paymentDate: date } = e
  open(e.aggregateId, e, { date, amount: cash + withheld, cash, revenue: null }, book, settings)
}

function livingPayment(id: string, book: Book): Payment {
  const payment = book.payment(id)
  if (payment === undefined) return refuse('unknown_payment', `payment ${id} was never booked`)
  if (payment.failed) return refuse('already_failed', `payment ${id} has failed`)
  if (payment.reversed !== null) return refuse('already_reversed', `payment ${id} is reversed`)
  return payment
}

export function paymentAllocated(
  e: Pick<EventRecords['PaymentAllocated'], 'aggregateId' | 'allocationDate' | 'allocations'>,
  book: Book,
): void {
  checkDay('allocationDate', e.allocationDate)
  const payment = livingPayment(e.aggregateId, book)
  if (e.allocationDate < payment.document.date) {
    refuse('bad_date', `payment ${e.aggregateId} can't settle anything before its own day`)
  }
  allocate(e.aggregateId, payment, e.allocations, e.allocationDate, book)
}

export function paymentReversed(
  e: Pick<EventRecords['PaymentReversed'], 'aggregateId' | 'reversalDate'>,
  book: Book,
): void {
  checkDay('reversalDate', e.reversalDate)
  const payment = livingPayment(e.aggregateId, book)
  settlePayment(e.aggregateId, { ...payment, reversed: e.reversalDate }, book)
}

export function paymentFailed(e: Pick<EventRecords['PaymentFailed'], 'aggregateId'>, book: Book): void {
  const payment = livingPayment(e.aggregateId, book)
  settlePayment(e.aggregateId, { ...payment, failed: true }, book)
}

export function creditNoteIssued(e: EventRecords['CreditNoteIssued'], book: Book, settings: Settings): void {
  checkId('credit note', e.aggregateId)
  checkParty(e, book, settings)
  checkDay('creditDate', e.creditDate)
  checkAmount('subtotal', e.subtotal, e.currency, 0n)
  checkAmount('sdAmount', e.sdAmount, e.currency, 0n)
  checkAmount('vatAmount', e.vatAmount, e.currency, 0n)
  checkAmount('total', e.total, e.currency, 1n)
  checkSum(`credit note ${e.aggregateId}`, e.subtotal + e.sdAmount + e.vatAmount, e.total)
  const key = creditNoteKey(e.aggregateId)
  if (book.payment(key) !== undefined) {
    refuse('credit_note_exists', `credit note ${e.aggregateId} was issued before`)
  }
  const { creditDate: date, total: amount, subtotal: revenue } = e
  open(key, e, { date, amount, cash: 0n, revenue }, book, settings)
}

function livingCreditNote(id: string, book: Book): Payment {
  const note = book.payment(creditNoteKey(id))
  if (note === undefined) return refuse('unknown_credit_note', `credit note ${id} was never issued`)
  if (note.reversed !== null) return refuse('already_cancelled', `credit note ${id} is cancelled`)
  return note
}

export function creditNoteAllocated(e: EventRecords['CreditNoteAllocated'], book: Book): void {
  checkDay('allocationDate', e.allocationDate)
  const note = livingCreditNote(e.aggregateId, book)
  if (e.allocationDate < note.document.date) {
    refuse('bad_date', `credit note ${e.aggregateId} can't settle anything before its own day`)
  }
  allocate(creditNoteKey(e.aggregateId), note, e.allocations, e.allocationDate, book)
}

export function creditNoteCancelled(e: EventRecords['CreditNoteCancelled'], book: Book): void {
  checkDay('cancelledDate', e.cancelledDate)
  const note = livingCreditNote(e.aggregateId, book)
  settlePayment(creditNoteKey(e.aggregateId), { ...note, reversed: e.cancelledDate }, book)
}
