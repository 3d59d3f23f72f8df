/**
 * Owns the rules of payments to vendors. PURE. They are those of payments that come in, for bills instead of invoices.
 * P1: an allocation is never more than what is open of the bill or of the payment, on its day and on every later one
 *     (payments/allocations.ts L1). P2: bill and payment have the same vendor and the same currency. P3: a reversed or
 *     failed payment changes no more. P4: money is allocated on the day it went at the soonest.
 */
import type { BillAllocation } from '../../schemas/generated/records.ts'
import { type Amount, formatAmount } from '../../schemas/values/amount.ts'
import { type EpochDay, fiscalYearName, formatDay } from '../../schemas/values/calendar.ts'
import type { BillState } from '../bills/evolve.ts'
import { payableOf } from '../bills/settlements.ts'
import { documentCurrency } from '../kernel/documents.ts'
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Facts } from '../kernel/events.ts'
import { amountIn } from '../kernel/fields.ts'
import { documentNumber } from '../kernel/numbers.ts'
import { type Allocation, peakFrom } from '../payments/allocations.ts'
import type { FailPayment, ReversePayment } from '../payments/commands.ts'
import { refuseMissingVendor, type VendorState } from '../vendors/decide.ts'
import type { AllocateVendorPayment, SendPayment } from './commands.ts'
import type { VendorPaymentState } from './evolve.ts'

export interface BillFacts {
  readonly billOf: (billId: string) => BillState | undefined
  readonly allocationsOfBill: (billId: string) => readonly Allocation[]
}

export interface SendFacts extends Facts, BillFacts {
  readonly id: string
  readonly vendor: VendorState | undefined
  readonly numberOwner: string | undefined
  readonly serial: number
}

export interface VendorPaymentFacts extends Facts, BillFacts {
  readonly id: string
  readonly allocationsOfPayment: readonly Allocation[]
}

type Money = Pick<VendorPaymentState, 'vendorId' | 'currency' | 'amount'>

export function decideSend(
  state: object | null,
  command: SendPayment,
  facts: SendFacts,
): readonly DomainEvent<'VendorPaymentSent'>[] {
  if (state) throw new Refusal('already_exists', `payment ${facts.id} exists already`)
  const { vendor, tenant } = facts
  const { vendorId, method, reference, accountId } = command
  refuseMissingVendor(vendor, vendorId)
  const { currency, fxRate } = documentCurrency(command, command.amount, tenant.currency)
  const amount = amountIn(command.amount, currency, '/amount')
  const paymentDate = command.paymentDate ?? facts.today
  const allocations = allocate({ vendorId, currency, amount }, [], command.allocations, paymentDate, facts)
  return [
    {
      type: 'VendorPaymentSent',
      data: {
        paymentNumber: documentNumber({
          kind: 'vendor-payment',
          given: command.paymentNumber,
          pointer: '/paymentNumber',
          issuedElsewhere: command.issuedElsewhere,
          owner: facts.numberOwner,
          fiscalYear: fiscalYearName(paymentDate, tenant.fiscalYearStart),
          serial: facts.serial,
        }),
        vendorId,
        vendorName: vendor.name,
        method,
        reference,
        currency,
        fxRate,
        paymentDate,
        amount,
        accountId,
        allocations,
      },
    },
  ]
}

/** Checks P1, P2 and P4 for all of them, each seeing the ones before it. */
function allocate(
  payment: Money,
  earlier: readonly Allocation[],
  wanted: SendPayment['allocations'],
  day: EpochDay,
  facts: BillFacts,
): readonly BillAllocation[] {
  const ofPayment = [...earlier]
  return wanted.map(({ billId, amount: input }, index) => {
    const pointer = `/allocations/${index}`
    const amount = amountIn(input, payment.currency, `${pointer}/amount`)
    const bill = facts.billOf(billId)
    refuseUnfit(payment, bill, billId, pointer)
    const fromDay = Math.max(day, bill.billDate)
    const ofBill = payableOf(bill) - peakFrom(facts.allocationsOfBill(billId), fromDay)
    refuseExcess({ what: `bill ${billId}`, amount, open: ofBill, fromDay }, payment.currency, pointer)
    const left = payment.amount - peakFrom(ofPayment, fromDay)
    refuseExcess({ what: 'the payment', amount, open: left, fromDay }, payment.currency, pointer)
    const made = { sourceType: 'payment', sourceId: '', sourceVersion: 0, targetType: 'bill' } as const
    ofPayment.push({ ...made, targetId: billId, amount, fromDay, toDay: null })
    return { billId, amount }
  })
}

interface Wanted {
  readonly what: string
  readonly amount: Amount
  readonly open: Amount
  readonly fromDay: EpochDay
}

function refuseExcess({ what, amount, open, fromDay }: Wanted, currency: string, pointer: string): void {
  if (amount <= open) return
  throw refuseField(
    'allocation_exceeds_open',
    `${pointer}/amount`,
    `${formatAmount(amount, currency)} is more than the ${formatAmount(open, currency)} ${currency} ` +
      `open of ${what} from ${formatDay(fromDay)} on`,
  )
}

function refuseUnfit(
  payment: Money,
  bill: BillState | undefined,
  billId: string,
  pointer: string,
): asserts bill is BillState {
  const at = `${pointer}/billId`
  if (!bill) throw refuseField('reference_not_found', at, `bill ${billId} does not exist`)
  if (bill.status === 'DRAFT') {
    throw refuseField('bill_not_approved', at, `bill ${billId} is a draft: approve it first`)
  }
  if (bill.status === 'CANCELLED') throw refuseField('bill_cancelled', at, `bill ${billId} is cancelled`)
  if (bill.vendorId !== payment.vendorId) {
    throw refuseField(
      'vendor_mismatch',
      at,
      `bill ${billId} is of vendor ${bill.vendorId}, the payment of ${payment.vendorId}`,
    )
  }
  if (bill.currency !== payment.currency) {
    throw refuseField(
      'currency_mismatch',
      at,
      `bill ${billId} is in ${bill.currency}, the payment in ${payment.currency}`,
    )
  }
}

function refuseEnded(state: VendorPaymentState | null, id: string): asserts state is VendorPaymentState {
  if (!state) throw new Refusal('payment_not_found', `payment ${id} does not exist`)
  if (state.status === 'REVERSED') throw new Refusal('payment_reversed', `payment ${id} is reversed`)
  if (state.status === 'FAILED') throw new Refusal('payment_failed', `payment ${id} has failed`)
}

export function decideAllocate(
  state: VendorPaymentState | null,
  command: AllocateVendorPayment,
  facts: VendorPaymentFacts,
): readonly DomainEvent<'VendorPaymentAllocated'>[] {
  refuseEnded(state, facts.id)
  const allocationDate = command.allocationDate ?? Math.max(facts.today, state.paymentDate)
  if (allocationDate < state.paymentDate) {
    throw refuseField(
      'date_order',
      '/allocationDate',
      `the payment went on ${formatDay(state.paymentDate)} only`,
    )
  }
  const allocations = allocate(state, facts.allocationsOfPayment, command.allocations, allocationDate, facts)
  return [{ type: 'VendorPaymentAllocated', data: { allocationDate, allocations } }]
}

export function decideReverse(
  state: VendorPaymentState | null,
  command: ReversePayment,
  facts: Facts & { readonly id: string },
): readonly DomainEvent<'VendorPaymentReversed'>[] {
  refuseEnded(state, facts.id)
  const reversalDate = command.reversalDate ?? facts.today
  return [{ type: 'VendorPaymentReversed', data: { reversalDate, reason: command.reason } }]
}

export function decideFail(
  state: VendorPaymentState | null,
  command: FailPayment,
  facts: Facts & { readonly id: string },
): readonly DomainEvent<'VendorPaymentFailed'>[] {
  refuseEnded(state, facts.id)
  const failedDate = command.failedDate ?? facts.today
  return [{ type: 'VendorPaymentFailed', data: { failedDate, reason: command.reason } }]
}
