/**
 * Allocations between payments (credit notes are payments here) and invoices, kept on both sides. PURE.
 *
 * L1: a change of one side is passed on to the other within the same event. L2: an allocation to an invoice that is not
 * (yet) known waits for it, so the order in which aggregates came does not show in the result.
 */
import type { PaymentAllocation } from '../../schemas/generated/records.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import type { Book } from './book.ts'
import { ALLOCATIONS_MAX, checkAmount, checkId, refuse } from './checks.ts'
import type { Allocation, Claim, Invoice, Payment } from './records.ts'
import { NOBODY, reversedOn, UNKNOWN_INVOICE } from './records.ts'
import { capAllocations, grantClaims, linked } from './settlement.ts'

/** Puts an invoice whose standing changed, and passes the change on to the payments that settle it. */
export function settleInvoice(id: string, invoice: Invoice, book: Book): void {
  book.setInvoice(id, invoice)
  if (invoice.claims.length === 0) return
  const payments = new Set(invoice.claims.map((claim) => claim.payment))
  payments.delete(NOBODY)
  const touched = new Set([id])
  for (const paymentId of payments) {
    const payment = book.payment(paymentId)
    if (payment === undefined)
      throw new Error(`invoice ${id} is claimed by payment ${paymentId}, which is not there`)
    const allocations = payment.allocations.map((a) => (a.invoice === id ? linked(a, payment, invoice) : a))
    offer(paymentId, { ...payment, allocations }, book, touched)
  }
  grantAll(touched, book)
}

/** Puts a payment whose standing changed, and passes the change on to its invoices. */
export function settlePayment(id: string, payment: Payment, book: Book): void {
  const touched = new Set<string>()
  offer(id, payment, book, touched)
  grantAll(touched, book)
}

/** Caps a payment and writes what it gives into the claims of its invoices. */
function offer(paymentId: string, changed: Payment, book: Book, touched: Set<string>): void {
  const payment = capAllocations(changed)
  book.setPayment(paymentId, payment)
  const until = reversedOn(payment)
  for (const [seq, { invoice: invoiceId, day, amount }] of payment.allocations.entries()) {
    const invoice = book.invoice(invoiceId) ?? UNKNOWN_INVOICE
    const at = invoice.claims.findIndex((c) => c.seq === seq && c.payment === paymentId)
    const old = at === -1 ? undefined : invoice.claims[at]
    if (old !== undefined && old.amount === amount && old.until === until) continue
    const claim: Claim = { payment: paymentId, seq, day, until, amount, granted: old?.granted ?? 0n }
    const claims = at === -1 ? [...invoice.claims, claim] : invoice.claims.with(at, claim)
    book.setInvoice(invoiceId, { ...invoice, claims })
    touched.add(invoiceId)
  }
}

/** Caps the claims of invoices and writes what they take back into the payments, each payment once. */
function grantAll(touched: ReadonlySet<string>, book: Book): void {
  const changed = new Map<string, Allocation[]>()
  for (const invoiceId of touched) {
    const before = book.invoice(invoiceId) ?? UNKNOWN_INVOICE
    const invoice = grantClaims(before)
    if (invoice !== before) book.setInvoice(invoiceId, invoice)
    for (const { payment: paymentId, seq, granted } of invoice.claims) {
      if (paymentId === NOBODY) continue
      const allocations = changed.get(paymentId) ?? book.payment(paymentId)?.allocations
      const allocation = allocations?.[seq]
      if (allocations === undefined || allocation === undefined) {
        throw new Error(
          `invoice ${invoiceId} is claimed by payment ${paymentId} (${seq}), which is not there`,
        )
      }
      if (allocation.granted === granted) continue
      const copy = changed.get(paymentId) ?? [...allocations]
      copy[seq] = { ...allocation, granted }
      changed.set(paymentId, copy)
    }
  }
  for (const [paymentId, allocations] of changed) {
    const payment = book.payment(paymentId)
    if (payment !== undefined) book.setPayment(paymentId, { ...payment, allocations })
  }
}

/** Refuses one settlement more than an invoice may have. */
export function checkRoom(id: string, invoice: Invoice, { words }: Book): void {
  if (invoice.claims.length >= ALLOCATIONS_MAX) {
    refuse('too_many_allocations', `${words.document} ${id} has ${ALLOCATIONS_MAX} allocations`)
  }
}

/** Checked allocations of a payment, from `day` on. */
export function newAllocations(
  wanted: readonly PaymentAllocation[],
  day: EpochDay,
  payment: Payment,
  book: Book,
): Allocation[] {
  if (payment.allocations.length + wanted.length > ALLOCATIONS_MAX) {
    refuse('too_many_allocations', `a payment or credit note can have ${ALLOCATIONS_MAX} allocations`)
  }
  return wanted.map(({ invoiceId, amount }) => {
    checkId(book.words.document, invoiceId)
    checkAmount('allocation', amount, payment.document.currency, 1n)
    const invoice = book.invoice(invoiceId) ?? UNKNOWN_INVOICE
    checkRoom(invoiceId, invoice, book)
    const waiting = {
      invoice: invoiceId,
      day,
      requested: amount,
      from: null,
      until: null,
      amount: 0n,
      granted: 0n,
    }
    return linked(waiting, payment, invoice)
  })
}
