/**
 * Owns what the events of payments to vendors mean for the general ledger. PURE.
 * V1: money that went takes all of it off what is owed to the vendor, allocated or not, at its own rate. V2: an allocation
 *     moves nothing but the exchange difference of a foreign currency. V3: a reversal undoes it on its own day, a failure on
 *     the payment's.
 */
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { payablePostings } from '../bills/payables.ts'
import { vendorPaymentOf } from '../bills/settlements.ts'
import type { DomainEvent } from '../kernel/events.ts'
import type { Posting, PostingFacts, PostingTable } from '../ledger/posting.ts'
import { opposite } from '../payments/control.ts'
import type { VendorPaymentState } from './evolve.ts'

type Paid = Pick<
  VendorPaymentState,
  | 'paymentNumber'
  | 'vendorId'
  | 'vendorName'
  | 'method'
  | 'accountId'
  | 'currency'
  | 'fxRate'
  | 'amount'
  | 'paymentDate'
>

function outlay(payment: Paid): Posting {
  const { paymentNumber: number, vendorId, method, accountId, currency, fxRate, amount } = payment
  const party = { type: 'vendor', id: vendorId } as const
  return {
    entryDate: payment.paymentDate,
    description: `Payment ${number} to ${payment.vendorName}`,
    number,
    currency,
    fxRate,
    lines: [
      { side: 'debit', role: 'payables', amount, party },
      { side: 'credit', role: 'cash', key: method, accountId, amount },
    ],
  }
}

function undone(
  event: DomainEvent<'VendorPaymentReversed' | 'VendorPaymentFailed'>,
  facts: PostingFacts,
  dayOf: (payment: VendorPaymentState) => EpochDay,
  what: string,
): readonly Posting[] {
  const payment = vendorPaymentOf(facts.id, facts.session)
  const own = outlay(payment)
  return payablePostings(event, facts, [opposite(own, dayOf(payment), `${own.description} ${what}`)])
}

export const vendorPaymentPostings = {
  VendorPaymentSent: (event, facts) => payablePostings(event, facts, [outlay(event.data)]),
  VendorPaymentAllocated: (event, facts) => payablePostings(event, facts, []),
  VendorPaymentReversed: (event, facts) =>
    undone(event, facts, ({ paymentDate }) => Math.max(event.data.reversalDate, paymentDate), 'reversed'),
  VendorPaymentFailed: (event, facts) => undone(event, facts, ({ paymentDate }) => paymentDate, 'failed'),
} as const satisfies PostingTable
