/**
 * Owns the payables side of payments/control.ts: what bills and payments to vendors are as items, before and after an
 * event, from the session as it stands before. PURE.
 * P1: only what the event touches is looked at: the aggregate itself, and the other end of each allocation that it makes
 *     or ends. P2: in the base currency nothing is looked at: the event's own postings are exact.
 */
import { isForeign } from '../kernel/documents.ts'
import type { Posting, PostingFacts } from '../ledger/posting.ts'
import type { Allocation } from '../payments/allocations.ts'
import { exactPostings, type Item, type Link, type View } from '../payments/control.ts'
import { allocationKey } from '../payments/settlements.ts'
import {
  evolveVendorPayment,
  type VendorPaymentEvent,
  type VendorPaymentState,
} from '../vendor-payments/evolve.ts'
import { type BillEvent, type BillState, evolveBill } from './evolve.ts'
import { billOf, billSettlementsOf, payableOf, vendorPaymentOf } from './settlements.ts'

type Kind = 'bill' | 'payment'
type Document = BillState | VendorPaymentState

interface Ref {
  readonly kind: Kind
  readonly id: string
}

const isOfBill = (event: Settling): event is Exclude<Settling, VendorPaymentEvent> =>
  event.type.startsWith('Bill')

/** Events that settle, or take settlements back. A new bill has none, and its own posting is exact. */
type Settling = Exclude<BillEvent, { readonly type: 'BillReceived' | 'BillApproved' }> | VendorPaymentEvent

/** Own postings of an event of a bill or of a payment to a vendor, with what a foreign currency adds. */
export function payablePostings(
  event: Settling,
  facts: PostingFacts,
  own: readonly Posting[],
): readonly Posting[] {
  const { id, session, tenant } = facts
  const kind = isOfBill(event) ? 'bill' : 'payment'
  const before = event.type === 'VendorPaymentSent' ? null : documentOf({ kind, id }, facts)
  const after = isOfBill(event)
    ? evolveBill(before as BillState | null, event)
    : evolveVendorPayment(before as VendorPaymentState | null, event)
  if (!isForeign(after, tenant)) return own
  // The version only tells allocations made now from earlier ones, which have versions from 1.
  const changed = billSettlementsOf(event, id, 0, session)
  const others = othersOf(kind, changed)
  const number = 'billNumber' in after ? after.billNumber : after.paymentNumber
  return exactPostings(
    own,
    viewOf([{ kind, id, state: before }, ...others.map((ref) => withState(ref, facts))], [], changed, facts),
    viewOf(
      [{ kind, id, state: after }, ...others.map((ref) => withState(ref, facts))],
      changed,
      changed,
      facts,
    ),
    { role: 'payables', party: { type: 'vendor', id: after.vendorId }, base: tenant.currency },
    { number, description: `Exchange differences of ${number}` },
  )
}

const documentOf = ({ kind, id }: Ref, { session }: PostingFacts): Document =>
  kind === 'bill' ? billOf(id, session) : vendorPaymentOf(id, session)

/** The other ends of what the event makes or ends (P1); of a write-off there is none. */
function othersOf(kind: Kind, changed: readonly Allocation[]): readonly Ref[] {
  const refs = new Map<string, Ref>()
  for (const { sourceType, sourceId, targetId } of changed) {
    if (sourceType !== 'payment') continue
    const other = kind === 'bill' ? sourceId : targetId
    refs.set(other, { kind: kind === 'bill' ? 'payment' : 'bill', id: other })
  }
  return Array.from(refs.values())
}

interface Standing extends Ref {
  readonly state: Document | null
}

const withState = (ref: Ref, facts: PostingFacts): Standing => ({ ...ref, state: documentOf(ref, facts) })

/** `made`: changes that have happened in this view; `linked`: those whose exchange difference is looked at. */
function viewOf(
  standings: readonly Standing[],
  made: readonly Allocation[],
  linked: readonly Allocation[],
  { session }: PostingFacts,
): View {
  const documents: Item[] = []
  const sources: Item[] = []
  const rates = new Map<string, bigint>()
  const held = new Map<string, Allocation>()
  for (const { kind, id, state } of standings) {
    if (!state) continue
    const known = session.allocationsOf(kind, id)
    const allocations = new Map(known.map((one) => [allocationKey(one), one]))
    for (const one of made) {
      const touches =
        kind === 'bill' ? one.targetId === id : one.sourceType === 'payment' && one.sourceId === id
      if (touches) allocations.set(allocationKey(one), one)
    }
    for (const [key, one] of allocations) held.set(key, one)
    rates.set(`${kind} ${id}`, state.fxRate)
    const item = itemOf(state, Array.from(allocations.values()))
    if (item) (kind === 'bill' ? documents : sources).push(item)
  }
  const links = linked.flatMap((one): readonly Link[] => {
    const allocation = held.get(allocationKey(one))
    const sourceRate = rates.get(`payment ${one.sourceId}`)
    const documentRate = rates.get(`bill ${one.targetId}`)
    return one.sourceType === 'payment' &&
      allocation &&
      sourceRate !== undefined &&
      documentRate !== undefined
      ? [{ allocation, sourceRate, documentRate }]
      : []
  })
  return { documents, sources, links }
}

/** Nothing where it never counts: drafts, failed payments. */
function itemOf(state: Document, allocations: readonly Allocation[]): Item | undefined {
  const { fxRate } = state
  if ('billNumber' in state) {
    if (state.status === 'DRAFT') return undefined
    const { billDate: from, cancelledOn: to } = state
    return { fxRate, amount: payableOf(state), from, to, allocations }
  }
  if (state.status === 'FAILED') return undefined
  const { paymentDate: from, endedOn: to, amount } = state
  return { fxRate, amount, from, to, allocations }
}
