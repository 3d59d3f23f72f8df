/**
 * What the receivables book of a tenant remembers: one small immutable value per key. PURE types, and the readings of
 * them that everything else is built on.
 *
 * R1: a record holds facts (dates, amounts, allocations), never "as of today" figures; what it contributes to a day is
 * computed from it. So any event may carry any date, and a change is always "take off what it contributed, add what it
 * contributes now". R2: an allocation is written twice, in its payment (Allocation) and in its invoice (Claim); the
 * settlement keeps `granted` equal on both sides. R3: an invoice that is only known from an allocation has no document.
 * R4: a credit note is a payment without cash that takes back revenue; a write-off is a claim of nobody. R5: the book of
 * payables is the same book seen from the other side, and its records have the same names: an invoice is a bill there, a
 * payment is one to a vendor, a customer is the vendor. `Words` is what people are told.
 */
import type { Amount } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { allocationDay } from '../../schemas/rules/aging.ts'
import type { Histogram } from './histogram.ts'
import type { Item, Pricing } from './item.ts'

/** What the things of a book are called (R5). */
export interface Words {
  readonly document: 'invoice' | 'bill'
  readonly party: 'customer' | 'vendor'
}

export const RECEIVABLES: Words = { document: 'invoice', party: 'customer' }
export const PAYABLES: Words = { document: 'bill', party: 'vendor' }

/** An instalment. */
export interface Part {
  readonly due: EpochDay
  readonly amount: Amount
}

export interface InvoiceDocument extends Pricing {
  readonly customerId: string
  readonly date: EpochDay
  readonly due: EpochDay
  readonly subtotal: Amount
  /** What is to be paid: of a bill without what is withheld of it. */
  readonly total: Amount
  /** Instalments, one per day, ascending; empty = all of it on `due`. Their sum may be more than `total`: what is withheld settles too. */
  readonly parts: readonly Part[]
}

/** Who settles with a write-off: nobody. */
export const NOBODY = ''

/** What settles an invoice: an allocation as the invoice sees it, or a write-off. */
export interface Claim {
  /** Key of the payment or credit note; NOBODY for a write-off. */
  readonly payment: string
  /** Place in the payment's allocations. */
  readonly seq: number
  readonly day: EpochDay
  /** First day of the payment's reversal. */
  readonly until: EpochDay | null
  /** What the payment can give. */
  readonly amount: Amount
  /** What the invoice can take of it. */
  readonly granted: Amount
}

/** What is different from a day on: the due date, or whether the invoice is disputed. */
export interface Change {
  readonly from: EpochDay
  readonly due: EpochDay | null
  readonly disputed: boolean | null
}

export interface Invoice {
  readonly status: 'unknown' | 'draft' | 'approved'
  readonly document: InvoiceDocument | null
  /** As created; `changes` say what it is later. */
  readonly disputed: boolean
  /** As the event says; it counts from cancelledOn. */
  readonly cancelled: EpochDay | null
  /** Ascending by day; of two for one day the later event comes later. */
  readonly changes: readonly Change[]
  readonly claims: readonly Claim[]
}

export const UNKNOWN_INVOICE: Invoice = {
  status: 'unknown',
  document: null,
  disputed: false,
  cancelled: null,
  changes: [],
  claims: [],
}

export interface PaymentDocument extends Pricing {
  readonly customerId: string
  readonly date: EpochDay
  /** What can be allocated: money and the taxes withheld at source, or the total of a credit note. */
  readonly amount: Amount
  /** Money that came in. */
  readonly cash: Amount
  /** Revenue that a credit note takes back; null for a payment. */
  readonly revenue: Amount | null
}

/** Key of a credit note among the payments: no id of a payment begins like this. */
export const creditNoteKey = (id: string): string => `~${id}`

/** An allocation as its payment sees it. */
export interface Allocation {
  readonly invoice: string
  readonly day: EpochDay
  readonly requested: Amount
  /** First day on which it settles; null while its invoice is not known. */
  readonly from: EpochDay | null
  /** Day on which the invoice is cancelled. */
  readonly until: EpochDay | null
  /** What the payment can give of `requested`. */
  readonly amount: Amount
  /** What the invoice can take of `amount`. */
  readonly granted: Amount
}

/** A payment, or a credit note: it settles like one. */
export interface Payment {
  readonly document: PaymentDocument
  readonly reversed: EpochDay | null
  readonly failed: boolean
  readonly allocations: readonly Allocation[]
}

/** An expense; null = not known (yet). */
export interface Expense {
  readonly day: EpochDay | null
  /** Net amount in the base currency; null with a day = approved before amounts were kept. */
  readonly base: Amount | null
  readonly cancelled: EpochDay | null
}

/** Balance of a customer, or of a whole tenant, as of the tenant's today, base currency. */
export interface Balance {
  readonly name: string
  /** The name comes from the customer master, not from a document. */
  readonly mastered: boolean
  /** In the tenant's directory of customers to show. */
  readonly listed: boolean
  /** Open amounts by due day. */
  readonly due: Histogram
  /** Open amounts by invoice day. */
  readonly posting: Histogram
  /** Open credits, zero or more. */
  readonly unapplied: Amount
  readonly disputed: Amount
  readonly openItems: number
}

/** Settings of a tenant, and where its day stands. */
export interface Tenant {
  readonly name: string
  readonly zone: string
  readonly currency: string
  /** MM-DD. */
  readonly fiscalYearStart: string
  readonly registered: boolean
  readonly today: EpochDay
  /** Instant at which the next day begins. */
  readonly nextDayAt: number
  /** Instant of the armed snapshot; 0 when none is. */
  readonly snapshotAt: number
  /** Latest day up to today on which an invoice or payment changed. */
  readonly latestChange: EpochDay
}

/** What the fold needs to know of the tenant. */
export type Settings = Pick<Tenant, 'currency' | 'registered'>

/** Day from which an invoice no longer counts. */
export function cancelledOn(invoice: Invoice): EpochDay | null {
  if (invoice.document === null || invoice.cancelled === null) return null
  return Math.max(invoice.cancelled, invoice.document.date)
}

/** Day from which a payment no longer counts. */
export const reversedOn = (payment: Payment): EpochDay | null =>
  payment.reversed === null ? null : Math.max(payment.reversed, payment.document.date)

/** The invoice as an open item; null while it is not approved. */
export function invoiceItem(invoice: Invoice): Item | null {
  const { document } = invoice
  if (document === null || invoice.status !== 'approved') return null
  const holds = []
  for (const claim of invoice.claims) {
    if (claim.granted === 0n) continue
    holds.push({ from: allocationDay(claim.day, document.date), until: claim.until, amount: claim.granted })
  }
  const { currency, rate, base, date, total } = document
  return { currency, rate, base, from: date, until: cancelledOn(invoice), total, holds }
}

/** The payment as an open credit; null when it failed. */
export function paymentItem(payment: Payment): Item | null {
  if (payment.failed) return null
  const holds = []
  for (const { from, until, granted } of payment.allocations) {
    if (granted !== 0n && from !== null) holds.push({ from, until, amount: granted })
  }
  const { currency, rate, base, date, amount } = payment.document
  return { currency, rate, base, from: date, until: reversedOn(payment), total: amount, holds }
}

/** Newest value of one kind of change as of a day; null while there is none. */
function changedTo<K extends 'due' | 'disputed'>(invoice: Invoice, kind: K, day: EpochDay): Change[K] | null {
  for (let i = invoice.changes.length - 1; i >= 0; i--) {
    const change = invoice.changes[i]
    if (change !== undefined && change.from <= day && change[kind] !== null) return change[kind]
  }
  return null
}

/** The day to which the due date was moved, as of a day; null when it was not. */
export const movedTo = (invoice: Invoice, day: EpochDay): EpochDay | null => changedTo(invoice, 'due', day)

/** Whether the invoice is disputed, as of a day. */
export const disputedOn = (invoice: Invoice, day: EpochDay): boolean =>
  changedTo(invoice, 'disputed', day) ?? invoice.disputed
