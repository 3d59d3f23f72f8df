/**
 * Owns the receivables side of control.ts: what invoices, payments and credit notes are as items, before and after an
 * event, from the session as it stands before. PURE.
 * R1: only what the event touches is looked at: the aggregate itself, and the other end of each allocation that it makes
 *     or ends.
 */
import { evolveCreditNote, type CreditNoteEvent } from '../credit-notes/evolve.ts'
import { evolveInvoice, type InvoiceEvent } from '../invoices/evolve.ts'
import { isForeign } from '../kernel/documents.ts'
import type { DomainEvent } from '../kernel/events.ts'
import type { States } from '../kernel/state.ts'
import type { Posting, PostingFacts } from '../ledger/posting.ts'
import { incoming } from '../vendor-payments/evolve.ts'
import type { Allocation } from './allocations.ts'
import { exactPostings, type Item, type Link, type View } from './control.ts'
import { evolvePayment, type PaymentEvent, type PaymentState, settlingAmount } from './evolve.ts'
import { allocationKey, settlementsOf } from './settlements.ts'

type Kind = 'invoice' | 'payment' | 'credit-note'
type Document = States['invoice'] | States['credit-note'] | PaymentState

interface Ref {
  readonly kind: Kind
  readonly id: string
}

/** Own postings of an event of `kind`, with what a foreign currency adds. */
export function receivablePostings(
  kind: Kind,
  event: DomainEvent,
  facts: PostingFacts,
  own: readonly Posting[],
): readonly Posting[] {
  const { id, session, tenant } = facts
  const before = documentOf(kind, id, session)
  const after = stateAfter(kind, before, event)
  if (!isForeign(after, tenant)) return own
  const changed = settlementsOf(event, id, 0, session)
  const refs = touchedBy({ kind, id }, changed)
  const [first] = own
  const { customerId } = after
  const numbered = { number: first?.number ?? numberOf(after) }
  return exactPostings(
    own,
    viewOf(refs, changed, facts, { later: false, own: before }),
    viewOf(refs, changed, facts, { later: true, own: after }),
    { role: 'receivables', party: { type: 'customer', id: customerId }, base: tenant.currency },
    { ...numbered, description: `Exchange differences of ${numbered.number}` },
  )
}

const documentOf = (kind: Kind, id: string, session: PostingFacts['session']): Document | null =>
  kind === 'payment' ? incoming(session.state(kind, id), id) : session.state(kind, id)

const numberOf = (document: Document): string =>
  'paymentNumber' in document
    ? document.paymentNumber
    : 'creditNoteNumber' in document
      ? document.creditNoteNumber
      : document.invoiceNumber

function stateAfter(kind: Kind, before: Document | null, event: DomainEvent): Document {
  switch (kind) {
    case 'invoice':
      return evolveInvoice(before as States['invoice'] | null, event as InvoiceEvent)
    case 'payment':
      return evolvePayment(before as PaymentState | null, event as PaymentEvent)
    case 'credit-note':
      return evolveCreditNote(before as States['credit-note'] | null, event as CreditNoteEvent)
  }
}

/** The event's aggregate first, then the other ends (R1). */
function touchedBy(own: Ref, changed: readonly Allocation[]): readonly Ref[] {
  const refs = new Map([[`${own.kind} ${own.id}`, own]])
  for (const { sourceType, sourceId, targetType, targetId } of changed) {
    if (targetType === 'invoice') refs.set(`invoice ${targetId}`, { kind: 'invoice', id: targetId })
    if (sourceType !== 'write-off') refs.set(`${sourceType} ${sourceId}`, { kind: sourceType, id: sourceId })
  }
  return Array.from(refs.values())
}

interface Moment {
  /** After the event. */
  readonly later: boolean
  /** State of the event's own aggregate. */
  readonly own: Document | null
}

function viewOf(
  refs: readonly Ref[],
  changed: readonly Allocation[],
  { session }: PostingFacts,
  { later, own }: Moment,
): View {
  const overlay = new Map(later ? changed.map((one) => [allocationKey(one), one] as const) : [])
  const documents: Item[] = []
  const sources: Item[] = []
  const rates = new Map<string, bigint>()
  const held = new Map<string, Allocation>()
  for (const [index, { kind, id }] of refs.entries()) {
    const state = index === 0 ? own : documentOf(kind, id, session)
    if (!state) continue
    rates.set(`${kind} ${id}`, state.fxRate)
    const allocations = new Map(session.allocationsOf(kind, id).map((one) => [allocationKey(one), one]))
    for (const [key, one] of overlay) {
      const touches =
        kind === 'invoice' ? one.targetId === id : one.sourceType === kind && one.sourceId === id
      if (touches) allocations.set(key, one)
    }
    for (const [key, one] of allocations) held.set(key, one)
    const item = itemOf(state, Array.from(allocations.values()))
    if (item) (kind === 'invoice' ? documents : sources).push(item)
  }
  const links = changed.flatMap((one): readonly Link[] => {
    const allocation = held.get(allocationKey(one))
    const sourceRate = rates.get(`${one.sourceType} ${one.sourceId}`)
    const documentRate = rates.get(`invoice ${one.targetId}`)
    return allocation && sourceRate !== undefined && documentRate !== undefined
      ? [{ allocation, sourceRate, documentRate }]
      : []
  })
  return { documents, sources, links }
}

/** Nothing where it never counts: drafts, failed payments. */
function itemOf(state: Document, allocations: readonly Allocation[]): Item | undefined {
  const { fxRate } = state
  if ('paymentNumber' in state) {
    if (state.status === 'FAILED') return undefined
    const { paymentDate: from, endedOn: to } = state
    return { fxRate, amount: settlingAmount(state), from, to, allocations }
  }
  if ('creditNoteNumber' in state) {
    const { creditDate: from, endedOn: to, total: amount } = state
    return { fxRate, amount, from, to, allocations }
  }
  if (state.status === 'DRAFT') return undefined
  const { invoiceDate: from, cancelledOn: to, total: amount } = state
  return { fxRate, amount, from, to, allocations }
}
