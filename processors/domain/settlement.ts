/**
 * Which allocation settles how much. PURE.
 *
 * The command service never lets an allocation exceed what is open, so the usual case is "all of it". A source that
 * does is capped, in an order that does not depend on which event came first: by first day, then by payment, then by
 * place in the payment. Worked example: an invoice of 150 with allocations of 100 from 5 May and 100 from 3 May grants
 * 100 to the second and 50 to the first, whichever arrived first; the other 50 stay unapplied.
 * Source: the table of effective dates in ARCHITECTURE.md.
 *
 * S1: first the payments are capped (by their amount), then the invoices (by their total): what a payment gives does
 * not depend on what invoices take, so there is no cycle. S2: the sum of the holds that stand on any day is never above
 * the item's total. S3: an allocation that waits for its invoice uses nothing up. S4: a write-off is a claim like any
 * other, so one that is too large is capped at what is open on its day.
 */
import type { Amount } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { allocationDay } from '../../schemas/rules/aging.ts'
import { standsOn } from './item.ts'
import type { Allocation, Claim, Invoice, Payment } from './records.ts'
import { cancelledOn, NOBODY } from './records.ts'

interface Demand {
  readonly from: EpochDay
  readonly until: EpochDay | null
  readonly amount: Amount
}

/** What each demand gets out of `total`, in the order given, which must be by first day (S2). */
function share(demands: readonly Demand[], total: Amount): Amount[] {
  const shares: Amount[] = []
  for (const [i, demand] of demands.entries()) {
    let free = total
    for (let j = 0; j < i; j++) {
      const other = demands[j]
      if (other !== undefined && standsOn(other, demand.from)) free -= shares[j] ?? 0n
    }
    shares.push(demand.amount < free ? demand.amount : free)
  }
  return shares
}

/** Caps the allocations of a payment by its amount. */
export function capAllocations(payment: Payment): Payment {
  const { allocations } = payment
  let wanted = 0n
  for (const a of allocations) if (a.from !== null) wanted += a.requested
  let amounts: Amount[]
  if (payment.failed) amounts = allocations.map(() => 0n)
  else if (wanted <= payment.document.amount) {
    amounts = allocations.map((a) => (a.from === null ? 0n : a.requested))
  } else amounts = shareOut(payment)
  if (allocations.every((a, i) => a.amount === amounts[i])) return payment
  return { ...payment, allocations: allocations.map((a, i) => ({ ...a, amount: amounts[i] ?? 0n })) }
}

function shareOut(payment: Payment): Amount[] {
  const amounts = payment.allocations.map(() => 0n)
  const live: (Demand & { seq: number })[] = []
  for (const [seq, a] of payment.allocations.entries()) {
    if (a.from !== null) live.push({ seq, from: a.from, until: a.until, amount: a.requested })
  }
  live.sort((a, b) => a.from - b.from || a.seq - b.seq)
  const shares = share(live, payment.document.amount)
  for (const [i, { seq }] of live.entries()) amounts[seq] = shares[i] ?? 0n
  return amounts
}

/** Of one day, a write-off comes last: it takes what is left (S4). */
const settler = ({ payment }: Claim): string => (payment === NOBODY ? '\uffff' : payment)

const byFirstDay =
  (date: EpochDay) =>
  (a: Claim, b: Claim): number =>
    allocationDay(a.day, date) - allocationDay(b.day, date) ||
    (settler(a) < settler(b) ? -1 : settler(a) > settler(b) ? 1 : a.seq - b.seq)

/** Caps the claims on an invoice by its total. */
export function grantClaims(invoice: Invoice): Invoice {
  const { claims, document } = invoice
  if (document === null || invoice.status !== 'approved') return invoice
  let wanted = 0n
  for (const claim of claims) wanted += claim.amount
  if (wanted <= document.total) {
    if (claims.every((c) => c.granted === c.amount)) return invoice
    return {
      ...invoice,
      claims: claims.map((c) => (c.granted === c.amount ? c : { ...c, granted: c.amount })),
    }
  }
  const ordered = claims.toSorted(byFirstDay(document.date))
  const demands = ordered.map((c) => ({
    from: allocationDay(c.day, document.date),
    until: c.until,
    amount: c.amount,
  }))
  const shares = share(demands, document.total)
  const granted = new Map(ordered.map((c, i) => [c, shares[i] ?? 0n]))
  return { ...invoice, claims: claims.map((c) => ({ ...c, granted: granted.get(c) ?? 0n })) }
}

/** The allocation with what is known of its invoice now. An invoice in another currency can't be settled by it. */
export function linked(allocation: Allocation, payment: Payment, invoice: Invoice): Allocation {
  const { document } = invoice
  const known = document !== null && invoice.status === 'approved'
  const from =
    known && document.currency === payment.document.currency
      ? allocationDay(allocation.day, document.date)
      : null
  const until = from === null ? null : cancelledOn(invoice)
  return from === allocation.from && until === allocation.until ? allocation : { ...allocation, from, until }
}

/** Write-offs of more than is open. */
export const countCappedWriteOffs = (invoice: Invoice): number => {
  let count = 0
  for (const c of invoice.claims) if (c.payment === NOBODY && c.granted < c.amount) count++
  return count
}

/** Allocations that settle less than was asked for, of those whose invoice is known. */
export const countCapped = (payment: Payment): number =>
  payment.failed ? 0 : payment.allocations.filter((a) => a.from !== null && a.granted < a.requested).length
