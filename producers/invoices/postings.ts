/**
 * Owns what the events of invoices mean for the general ledger. PURE.
 * V1: the customer owes the total; revenue is net of discounts, by account, product and tax code of the lines; SD and VAT
 *     are owed to the tax office (sold.ts). V2: a cancellation takes back the same amounts on its own day, and bad debt
 *     with them on the days from which it counted. V3: a draft means nothing.
 */
import type { InvoiceLine } from '../../schemas/generated/records.ts'
import { type Amount, convert } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import type { DomainEvent } from '../kernel/events.ts'
import type { Posting, PostingFacts, PostingTable } from '../ledger/posting.ts'
import { opposite } from '../payments/control.ts'
import { receivablePostings } from '../payments/receivables.ts'
import { type InvoiceState, linesOf } from './evolve.ts'
import { soldLines } from './sold.ts'

type Owed = Pick<
  InvoiceState,
  'invoiceNumber' | 'customerId' | 'customerName' | 'currency' | 'fxRate' | 'category' | 'total'
>

const named = ({ invoiceNumber, currency, fxRate }: Owed) => ({ number: invoiceNumber, currency, fxRate })
const partyOf = ({ customerId }: Owed) => ({ type: 'customer', id: customerId }) as const

function sale(
  invoice: Owed,
  entryDate: EpochDay,
  lines: readonly InvoiceLine[],
  { tenant }: PostingFacts,
): Posting {
  return {
    ...named(invoice),
    entryDate,
    description: `Invoice ${invoice.invoiceNumber} to ${invoice.customerName}`,
    lines: soldLines({ ...invoice, lines }, 'revenue', tenant.currency),
  }
}

function badDebt(
  invoice: Owed,
  entryDate: EpochDay,
  amount: Amount,
  description: string,
  { tenant }: PostingFacts,
): Posting {
  const base = convert(amount, invoice.fxRate, tenant.currency)
  const party = partyOf(invoice)
  return {
    ...named(invoice),
    entryDate,
    description,
    lines: [
      { side: 'debit', role: 'bad-debt', amount, base, party },
      { side: 'credit', role: 'receivables', amount, base, party },
    ],
  }
}

function created(event: DomainEvent<'InvoiceCreated'>, facts: PostingFacts): readonly Posting[] {
  const { data } = event
  return data.status === 'APPROVED' ? [sale(data, data.invoiceDate, data.lines, facts)] : []
}

function approved(event: DomainEvent<'InvoiceApproved'>, facts: PostingFacts): readonly Posting[] {
  const invoice = invoiceOf(facts)
  return [sale(event.data, event.data.invoiceDate, linesOf(invoice), facts)]
}

function writtenOff(event: DomainEvent<'InvoiceWrittenOff'>, facts: PostingFacts): readonly Posting[] {
  const invoice = invoiceOf(facts)
  const { writeOffDate, amount } = event.data
  const day = Math.max(writeOffDate, invoice.invoiceDate)
  const description = `Invoice ${invoice.invoiceNumber} of ${invoice.customerName} written off`
  return receivablePostings('invoice', event, facts, [badDebt(invoice, day, amount, description, facts)])
}

function cancelled(event: DomainEvent<'InvoiceCancelled'>, facts: PostingFacts): readonly Posting[] {
  const invoice = invoiceOf(facts)
  if (invoice.status === 'DRAFT') return []
  const { id, session } = facts
  const day = Math.max(event.data.cancelledDate, invoice.invoiceDate)
  const description = `Invoice ${invoice.invoiceNumber} to ${invoice.customerName} cancelled`
  const own = [opposite(sale(invoice, day, linesOf(invoice), facts), day, description)]
  for (const { sourceType, amount, fromDay, toDay } of session.allocationsOf('invoice', id)) {
    if (sourceType !== 'write-off' || toDay !== null) continue
    const from = Math.max(fromDay, day)
    own.push(opposite(badDebt(invoice, from, amount, description, facts), from, description))
  }
  return receivablePostings('invoice', event, facts, own)
}

/** The invoice before the event. */
function invoiceOf({ session, id }: PostingFacts): InvoiceState {
  const invoice = session.state('invoice', id)
  if (!invoice) throw new Error(`invoice ${id} is posted but was not loaded (S3)`)
  return invoice
}

export const invoicePostings: PostingTable = {
  InvoiceCreated: created,
  InvoiceApproved: approved,
  InvoiceWrittenOff: writtenOff,
  InvoiceCancelled: cancelled,
}
