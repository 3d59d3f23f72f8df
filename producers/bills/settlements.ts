/**
 * Owns what settles bills, and what the events of bills and of payments to vendors mean for that: parts of payments, and
 * write-offs (payments/allocations.ts has the rule of the days, and L1). PURE.
 */
import type { Amount } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import type { DomainEvent } from '../kernel/events.ts'
import { type Allocation, endedOn, voided } from '../payments/allocations.ts'
import type { Settled } from '../payments/settlements.ts'
import type { VendorPaymentState } from '../vendor-payments/evolve.ts'
import type { BillState } from './evolve.ts'

/** What is owed to the vendor: what it asks for, without what goes to the tax office instead. */
export const payableOf = (bill: Pick<BillState, 'total' | 'vdsWithheld' | 'tdsWithheld'>): Amount =>
  bill.total - bill.vdsWithheld - bill.tdsWithheld

/** The bill, which was loaded and is there. */
export function billOf(id: string, settled: Pick<Settled, 'state'>): BillState {
  const bill = settled.state('bill', id)
  if (!bill) throw new Error(`bill ${id} is settled but was not loaded (S3)`)
  return bill
}

/** The payment to a vendor, which was loaded and is there. */
export function vendorPaymentOf(id: string, settled: Pick<Settled, 'state'>): VendorPaymentState {
  const payment = settled.state('payment', id)
  if (payment?.direction !== 'out') throw new Error(`payment ${id} settles bills but was not loaded (S3)`)
  return payment
}

interface Part {
  readonly billId: string
  readonly amount: Amount
}

/** Settlements as they are after an event of aggregate `id`: those that it makes or changes. */
export function billSettlementsOf(
  event: DomainEvent,
  id: string,
  version: number,
  settled: Settled,
): readonly Allocation[] {
  const made = (
    sourceType: 'payment' | 'write-off',
    day: EpochDay,
    parts: readonly Part[],
  ): readonly Allocation[] =>
    parts.map(({ billId, amount }) => ({
      sourceType,
      sourceId: id,
      sourceVersion: version,
      targetType: 'bill',
      targetId: billId,
      amount,
      fromDay: Math.max(day, billOf(billId, settled).billDate),
      toDay: null,
    }))
  const ended = (type: 'bill' | 'payment', day: EpochDay): readonly Allocation[] =>
    settled.allocationsOf(type, id).flatMap((one) => {
      const after = endedOn(one, day)
      return after === one ? [] : [after]
    })
  switch (event.type) {
    case 'VendorPaymentSent':
      return made('payment', event.data.paymentDate, event.data.allocations)
    case 'VendorPaymentAllocated':
      return made('payment', event.data.allocationDate, event.data.allocations)
    case 'VendorPaymentReversed':
      return ended('payment', event.data.reversalDate)
    case 'VendorPaymentFailed':
      return settled.allocationsOf('payment', id).map(voided)
    case 'BillWrittenOff':
      return made('write-off', event.data.writeOffDate, [{ billId: id, amount: event.data.amount }])
    case 'BillCancelled':
      return ended('bill', event.data.cancelledDate)
    default:
      return []
  }
}
