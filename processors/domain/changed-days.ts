/**
 * From which day on a change of a record matters, and the days on which a record moves a balance. PURE.
 *
 * C1: `NEVER` = no day's standing changes (a draft, a name). C2: the answer is exact for documents, cancellations, due
 * dates, disputes and settlements one by one, and looks at each part of a record once, however many it has. C3: nothing that is
 * dated before the document, or after its end, matters: it starts to count with the document.
 */
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { earlier, type Item } from './item.ts'
import type { Change, Invoice, Payment } from './records.ts'
import { cancelledOn, reversedOn } from './records.ts'
import { allocationDay } from '../../schemas/rules/aging.ts'

export const NEVER: EpochDay = Number.MAX_SAFE_INTEGER

/** A settlement as its document counts it. */
interface Span {
  readonly from: EpochDay
  readonly until: EpochDay | null
  readonly amount: bigint
}

const settles = (span: Span): boolean => span.amount !== 0n && (span.until === null || span.until > span.from)

function firstOfSpans(before: Span, after: Span): EpochDay {
  if (!settles(before)) return settles(after) ? after.from : NEVER
  if (!settles(after)) return before.from
  if (before.amount !== after.amount || before.from !== after.from) return Math.min(before.from, after.from)
  return before.until === after.until ? NEVER : (earlier(before.until, after.until) ?? NEVER)
}

/** First day on which two lists of parts differ; part n of one is part n of the other. */
function firstDifference<P>(
  before: readonly P[],
  after: readonly P[],
  first: (before: P | undefined, after: P | undefined) => EpochDay,
): EpochDay {
  if (before === after) return NEVER
  let day = NEVER
  for (let i = 0; i < before.length || i < after.length; i++) {
    if (before[i] !== after[i]) day = Math.min(day, first(before[i], after[i]))
  }
  return day
}

const NO_SPAN: Span = { from: NEVER, until: null, amount: 0n }

const firstChange = (before: Change | undefined, after: Change | undefined): EpochDay =>
  before?.from === after?.from && before?.due === after?.due && before?.disputed === after?.disputed
    ? NEVER
    : Math.min(before?.from ?? NEVER, after?.from ?? NEVER)

/** The day if it lies inside of what the document counted before or counts now (C3). */
function within(day: EpochDay, from: EpochDay, until: EpochDay | null): EpochDay {
  const first = Math.max(day, from)
  return until !== null && first >= until ? NEVER : first
}

/** First day on which an invoice stands differently; the items are those of the two invoices. */
export function invoiceChangedOn(
  before: Invoice | undefined,
  itemBefore: Item | null,
  after: Invoice,
  item: Item | null,
): EpochDay {
  if (item === null) return itemBefore?.from ?? NEVER
  if (before === undefined || itemBefore === null) return within(item.from, item.from, item.until)
  const [was, is] = [cancelledOn(before), cancelledOn(after)]
  const ended = was === is ? NEVER : (earlier(was, is) ?? NEVER)
  const spanOf = (claim: Invoice['claims'][number] | undefined): Span =>
    claim === undefined
      ? NO_SPAN
      : { from: allocationDay(claim.day, item.from), until: claim.until, amount: claim.granted }
  const settled = firstDifference(before.claims, after.claims, (a, b) => firstOfSpans(spanOf(a), spanOf(b)))
  const changed = firstDifference(before.changes, after.changes, firstChange)
  const until = was === null || is === null ? null : Math.max(was, is)
  return within(Math.min(ended, settled, changed), item.from, until)
}

/** First day on which a payment stands differently. */
export function paymentChangedOn(
  before: Payment | undefined,
  itemBefore: Item | null,
  after: Payment,
  item: Item | null,
): EpochDay {
  if (item === null) return itemBefore?.from ?? NEVER
  if (before === undefined || itemBefore === null) return within(item.from, item.from, item.until)
  const [was, is] = [reversedOn(before), reversedOn(after)]
  const ended = was === is ? NEVER : (earlier(was, is) ?? NEVER)
  const spanOf = (allocation: Payment['allocations'][number] | undefined): Span =>
    allocation === undefined || allocation.from === null
      ? NO_SPAN
      : { from: allocation.from, until: allocation.until, amount: allocation.granted }
  const used = firstDifference(before.allocations, after.allocations, (a, b) =>
    firstOfSpans(spanOf(a), spanOf(b)),
  )
  const until = was === null || is === null ? null : Math.max(was, is)
  return within(Math.min(ended, used), item.from, until)
}

/** Adds the days of `first`..`last` on which an item, or what is dated of its invoice, changes. */
export function addChangeDays(
  days: Set<EpochDay>,
  item: Item | null,
  changes: readonly Change[],
  first: EpochDay,
  last: EpochDay,
): void {
  if (item === null) return
  const see = (day: EpochDay | null) => {
    if (day !== null && day >= first && day <= last) days.add(day)
  }
  see(item.from)
  see(item.until)
  for (const hold of item.holds) {
    see(hold.from)
    see(hold.until)
  }
  for (const change of changes) see(change.from)
}
