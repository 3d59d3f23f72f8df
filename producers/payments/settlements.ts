/**
 * Owns what an event means for allocations: which it makes, which it ends. One place for the session, which writes them,
 * and for the postings, which need to know before. PURE.
 */
import type { EpochDay } from '../../schemas/values/calendar.ts'
import type { DomainEvent } from '../kernel/events.ts'
import type { Session } from '../kernel/session.ts'
import { type Allocation, type AllocationOwner, endedOn, type SourceType, voided } from './allocations.ts'

export type Settled = Pick<Session, 'state' | 'allocationsOf'>

interface Part {
  readonly invoiceId: string
  readonly amount: bigint
}

/** Allocations as they are after an event of aggregate `id`: those that it makes or changes. */
export function settlementsOf(
  event: DomainEvent,
  id: string,
  version: number,
  settled: Settled,
): readonly Allocation[] {
  const made = (sourceType: SourceType, day: EpochDay, parts: readonly Part[]): readonly Allocation[] =>
    parts.map(({ invoiceId, amount }) => ({
      sourceType,
      sourceId: id,
      sourceVersion: version,
      targetType: 'invoice',
      targetId: invoiceId,
      amount,
      fromDay: Math.max(day, dateOfInvoice(invoiceId, settled)),
      toDay: null,
    }))
  const ended = (type: AllocationOwner, day: EpochDay): readonly Allocation[] =>
    settled.allocationsOf(type, id).flatMap((one) => {
      const after = endedOn(one, day)
      return after === one ? [] : [after]
    })
  switch (event.type) {
    case 'InvoiceWrittenOff':
      return made('write-off', event.data.writeOffDate, [{ invoiceId: id, amount: event.data.amount }])
    case 'InvoiceCancelled':
      return ended('invoice', event.data.cancelledDate)
    case 'PaymentReceived':
      return made('payment', event.data.paymentDate, event.data.allocations)
    case 'PaymentAllocated':
      return made('payment', event.data.allocationDate, event.data.allocations)
    case 'PaymentReversed':
      return ended('payment', event.data.reversalDate)
    case 'PaymentFailed':
      return settled.allocationsOf('payment', id).map(voided)
    case 'CreditNoteIssued':
      return made('credit-note', event.data.creditDate, event.data.allocations)
    case 'CreditNoteAllocated':
      return made('credit-note', event.data.allocationDate, event.data.allocations)
    case 'CreditNoteCancelled':
      return ended('credit-note', event.data.cancelledDate)
    default:
      return []
  }
}

function dateOfInvoice(id: string, settled: Settled): EpochDay {
  const invoice = settled.state('invoice', id)
  if (!invoice) throw new Error(`invoice ${id} is settled but was not loaded (S3)`)
  return invoice.invoiceDate
}

/** Source and target of an allocation, told apart from all others. */
export const allocationKey = (one: Allocation): string =>
  [one.sourceType, one.sourceId, one.sourceVersion, one.targetType, one.targetId].join('\u0000')
