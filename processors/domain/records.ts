/**
 * What the receivables book of a tenant remembers: one small immutable value per key. PURE types, and the readings of
 * them that everything else is built on.
 *
 * R1: a record holds facts (dates, amounts, allocations), never "as of today" figures; what it contributes to a day is
 * computed from it. So any event may carry any date, and a change is always "take off what it contributed, add what it
 * contributes now". R2: an allocation is written twice, in its payment (Allocation) and in its invoice (Claim); the
 * settlement keeps `granted` equal on both sides. R3: an invoice that is only known from an allocation has no document.
 */
import type { Amount } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { allocationDay } from '../../schemas/rules/aging.ts'
import type { Histogram } from './histogram.ts'
import type { Item, Pricing } from './item.ts'

export interface InvoiceDocument extends Pricing {
  readonly customerId: string
  readonly date: EpochDay
  readonly due: EpochDay
  readonly subtotal: Amount
  readonly total: Amount
}

/** An allocation as its invoice sees it. */
export interface Claim {
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

export interface DueChange {
  readonly from: EpochDay
  readonly due: EpochDay
}

export interface Invoice {
  readonly status: 'unknown' | 'draft' | 'approved'
  readonly document: InvoiceDocument | null
  readonly disputed: boolean
  /** As the event says; it counts from cancelledOn. */
  readonly cancelled: EpochDay | null
  /** Ascending by day; of two for one day the later event comes later. */
  readonly dueChanges: readonly DueChange[]
  readonly claims: readonly Claim[]
}

export const UNKNOWN_INVOICE: Invoice = {
  status: 'unknown',
  document: null,
  disputed: false,
  cancelled: null,
  dueChanges: [],
  claims: [],
}

export interface PaymentDocument extends Pricing {
  readonly customerId: string
  readonly date: EpochDay
  readonly amount: Amount
}

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

export interface Payment {
  readonly document: PaymentDocument
  readonly reversed: EpochDay | null
  readonly failed: boolean
  readonly allocations: readonly Allocation[]
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

/** Due date as of a day. */
export function dueOn(invoice: Invoice, document: InvoiceDocument, day: EpochDay): EpochDay {
  for (let i = invoice.dueChanges.length - 1; i >= 0; i--) {
    const change = invoice.dueChanges[i]
    if (change !== undefined && change.from <= day) return change.due
  }
  return document.due
}
