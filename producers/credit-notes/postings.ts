/**
 * Owns what the events of credit notes mean for the general ledger. PURE.
 * C1: revenue is taken back as sales returns, and the taxes of its lines with it; all of it comes off what the customer
 *     owes, allocated or not. C2: an allocation moves nothing but the exchange difference of a foreign currency. C3: a
 *     cancellation brings all of it back on its own day.
 */
import type { DomainEvent } from '../kernel/events.ts'
import { soldLines } from '../invoices/sold.ts'
import type { Posting, PostingFacts, PostingTable } from '../ledger/posting.ts'
import { opposite } from '../payments/control.ts'
import { receivablePostings } from '../payments/receivables.ts'
import type { CreditNoteState } from './evolve.ts'

type Credited = Pick<
  CreditNoteState,
  | 'creditNoteNumber'
  | 'customerId'
  | 'customerName'
  | 'currency'
  | 'fxRate'
  | 'creditDate'
  | 'category'
  | 'total'
  | 'lines'
>

/** As if it were a sale: turned round, it is the credit. */
function credit(note: Credited, { tenant }: PostingFacts): Posting {
  const { creditNoteNumber, customerName, currency, fxRate, creditDate } = note
  return {
    entryDate: creditDate,
    description: `Credit note ${creditNoteNumber} to ${customerName} cancelled`,
    number: creditNoteNumber,
    currency,
    fxRate,
    lines: soldLines(note, 'sales-returns', tenant.currency),
  }
}

function issued(event: DomainEvent<'CreditNoteIssued'>, facts: PostingFacts): readonly Posting[] {
  const { creditNoteNumber, customerName, creditDate } = event.data
  const description = `Credit note ${creditNoteNumber} to ${customerName}`
  const own = opposite(credit(event.data, facts), creditDate, description)
  return receivablePostings('credit-note', event, facts, [own])
}

function cancelled(event: DomainEvent<'CreditNoteCancelled'>, facts: PostingFacts): readonly Posting[] {
  const note = facts.session.state('credit-note', facts.id)
  if (!note) throw new Error(`credit note ${facts.id} is posted but was not loaded (S3)`)
  const entryDate = Math.max(event.data.cancelledDate, note.creditDate)
  return receivablePostings('credit-note', event, facts, [{ ...credit(note, facts), entryDate }])
}

export const creditNotePostings: PostingTable = {
  CreditNoteIssued: issued,
  CreditNoteAllocated: (event, facts) => receivablePostings('credit-note', event, facts, []),
  CreditNoteCancelled: cancelled,
}
