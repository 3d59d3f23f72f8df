/**
 * Owns what the events of payments mean for the general ledger. PURE.
 * R1: money that came, and what the customer deducted as VAT and income tax (assets until the tax office credits them),
 *     takes all of it off what the customer owes, allocated or not. R2: an allocation moves nothing but the exchange
 *     difference of a foreign currency. R3: a reversal undoes it on its own day, a failure on the payment's.
 */
import { convert } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import type { DomainEvent } from '../kernel/events.ts'
import type { Posting, PostingFacts, PostingTable } from '../ledger/posting.ts'
import { opposite } from './control.ts'
import { type PaymentState, settlingAmount } from './evolve.ts'
import { incoming } from '../vendor-payments/evolve.ts'
import { receivablePostings } from './receivables.ts'

type Received = Pick<
  PaymentState,
  | 'paymentNumber'
  | 'customerId'
  | 'customerName'
  | 'method'
  | 'currency'
  | 'fxRate'
  | 'paymentDate'
  | 'amount'
  | 'vdsWithheld'
  | 'tdsWithheld'
  | 'accountId'
>

function receipt(payment: Received, { tenant }: PostingFacts): Posting {
  const { paymentNumber, customerId, customerName, method, currency, fxRate, paymentDate } = payment
  const { amount, vdsWithheld, tdsWithheld, accountId } = payment
  const party = { type: 'customer', id: customerId } as const
  const all = settlingAmount(payment)
  const base = convert(all, fxRate, tenant.currency)
  return {
    entryDate: paymentDate,
    description: `Payment ${paymentNumber} from ${customerName}`,
    number: paymentNumber,
    currency,
    fxRate,
    lines: [
      { side: 'debit', role: 'cash', key: method, accountId, amount },
      { side: 'debit', role: 'vds-receivable', amount: vdsWithheld, party },
      { side: 'debit', role: 'tds-receivable', amount: tdsWithheld, party },
      { side: 'credit', role: 'receivables', amount: all, base, party },
    ],
  }
}

const received = (event: DomainEvent<'PaymentReceived'>, facts: PostingFacts): readonly Posting[] =>
  receivablePostings('payment', event, facts, [receipt(event.data, facts)])

const allocated = (event: DomainEvent<'PaymentAllocated'>, facts: PostingFacts): readonly Posting[] =>
  receivablePostings('payment', event, facts, [])

function undone(
  event: DomainEvent<'PaymentReversed' | 'PaymentFailed'>,
  facts: PostingFacts,
  dayOf: (payment: PaymentState) => EpochDay,
  what: string,
): readonly Posting[] {
  const payment = incoming(facts.session.state('payment', facts.id), facts.id)
  if (!payment) throw new Error(`payment ${facts.id} is posted but was not loaded (S3)`)
  const { paymentNumber, customerName } = payment
  const description = `Payment ${paymentNumber} from ${customerName} ${what}`
  return receivablePostings('payment', event, facts, [
    opposite(receipt(payment, facts), dayOf(payment), description),
  ])
}

export const paymentPostings: PostingTable = {
  PaymentReceived: received,
  PaymentAllocated: allocated,
  PaymentReversed: (event, facts) =>
    undone(event, facts, ({ paymentDate }) => Math.max(event.data.reversalDate, paymentDate), 'reversed'),
  PaymentFailed: (event, facts) => undone(event, facts, ({ paymentDate }) => paymentDate, 'failed'),
}
