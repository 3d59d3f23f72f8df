/**
 * Owns the rules of payments. PURE.
 * P1: an allocation is never more than what is open of the invoice or of the payment, on its day and on every later one
 *     (allocations.ts L1). P2: invoice and payment have the same customer and the same currency. P3: a reversed or failed
 *     payment changes no more. P4: money is allocated on the day it came at the soonest.
 */
import type { PaymentAllocation } from '../../schemas/generated/records.ts'
import { type Amount, formatAmount } from '../../schemas/values/amount.ts'
import { type EpochDay, fiscalYearName, formatDay } from '../../schemas/values/calendar.ts'
import type { CustomerState } from '../customers/decide.ts'
import type { InvoiceState } from '../invoices/evolve.ts'
import { documentCurrency } from '../kernel/documents.ts'
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Facts } from '../kernel/events.ts'
import { amountIn, type MoneyInput } from '../kernel/fields.ts'
import { generatedNumber, refuseReserved } from '../kernel/numbers.ts'
import { type Allocation, peakFrom } from './allocations.ts'
import type { AllocatePayment, FailPayment, ReceivePayment, ReversePayment } from './commands.ts'
import type { PaymentState } from './evolve.ts'

export interface AllocationFacts {
  readonly invoiceOf: (invoiceId: string) => InvoiceState | undefined
  readonly allocationsOfInvoice: (invoiceId: string) => readonly Allocation[]
}

export interface PaymentFacts extends Facts, AllocationFacts {
  readonly id: string
  readonly allocationsOfPayment: readonly Allocation[]
}

export interface ReceiveFacts extends Facts, AllocationFacts {
  readonly id: string
  readonly customer: CustomerState | undefined
  readonly numberOwner: string | undefined
  readonly serial: number
}

interface Money {
  readonly customerId: string
  readonly currency: string
  readonly amount: Amount
  readonly paymentDate: EpochDay
}

export function decideReceive(
  state: PaymentState | null,
  command: ReceivePayment,
  facts: ReceiveFacts,
): readonly DomainEvent<'PaymentReceived'>[] {
  if (state) throw new Refusal('already_exists', `payment ${facts.id} exists already`)
  const { customer, tenant } = facts
  if (!customer) {
    throw refuseField(
      'reference_not_found',
      '/customerId',
      `customer ${command.customerId} does not exist: create it first`,
    )
  }
  const { currency, fxRate } = documentCurrency(command, command.amount, tenant.currency)
  const amount = amountIn(command.amount, currency, '/amount')
  const paymentDate = command.paymentDate ?? facts.today
  const money: Money = { customerId: command.customerId, currency, amount, paymentDate }
  const allocations = allocate(money, [], command.allocations, paymentDate, facts)
  const { customerId, method, reference } = command
  return [
    {
      type: 'PaymentReceived',
      data: {
        paymentNumber: numberOf(command, paymentDate, facts),
        customerId,
        customerName: customer.name,
        method,
        reference,
        currency,
        fxRate,
        paymentDate,
        amount,
        allocations,
      },
    },
  ]
}

function numberOf(command: ReceivePayment, paymentDate: EpochDay, facts: ReceiveFacts): string {
  const given = command.paymentNumber
  if (given === undefined) {
    return generatedNumber('payment', fiscalYearName(paymentDate, facts.tenant.fiscalYearStart), facts.serial)
  }
  if (!command.issuedElsewhere) refuseReserved(given, '/paymentNumber')
  if (facts.numberOwner !== undefined) {
    throw refuseField(
      'number_taken',
      '/paymentNumber',
      `payment number ${given} belongs to payment ${facts.numberOwner}`,
    )
  }
  return given
}

/** Checks P1, P2 and P4 for all of them, each seeing the ones before it. */
function allocate(
  payment: Money,
  earlier: readonly Allocation[],
  wanted: readonly { readonly invoiceId: string; readonly amount: MoneyInput }[],
  day: EpochDay,
  facts: AllocationFacts,
): readonly PaymentAllocation[] {
  const ofPayment = [...earlier]
  return wanted.map(({ invoiceId, amount: input }, index) => {
    const pointer = `/allocations/${index}`
    const amount = amountIn(input, payment.currency, `${pointer}/amount`)
    const invoice = facts.invoiceOf(invoiceId)
    refuseUnfit(payment, invoice, invoiceId, pointer)
    const fromDay = Math.max(day, invoice.invoiceDate)
    const left = {
      [`invoice ${invoiceId}`]: invoice.total - peakFrom(facts.allocationsOfInvoice(invoiceId), fromDay),
      'the payment': payment.amount - peakFrom(ofPayment, fromDay),
    }
    for (const [what, open] of Object.entries(left)) {
      if (amount <= open) continue
      throw refuseField(
        'allocation_exceeds_open',
        `${pointer}/amount`,
        `${formatAmount(amount, payment.currency)} is more than the ${formatAmount(open, payment.currency)} ` +
          `${payment.currency} open of ${what} from ${formatDay(fromDay)} on`,
      )
    }
    ofPayment.push({ paymentId: '', paymentVersion: 0, invoiceId, amount, fromDay, toDay: null })
    return { invoiceId, amount }
  })
}

function refuseUnfit(
  payment: Money,
  invoice: InvoiceState | undefined,
  invoiceId: string,
  pointer: string,
): asserts invoice is InvoiceState {
  const at = `${pointer}/invoiceId`
  if (!invoice) throw refuseField('reference_not_found', at, `invoice ${invoiceId} does not exist`)
  if (invoice.status === 'DRAFT') {
    throw refuseField('invoice_not_approved', at, `invoice ${invoiceId} is a draft: approve it first`)
  }
  if (invoice.status === 'CANCELLED')
    throw refuseField('invoice_cancelled', at, `invoice ${invoiceId} is cancelled`)
  if (invoice.customerId !== payment.customerId) {
    throw refuseField(
      'customer_mismatch',
      at,
      `invoice ${invoiceId} is of customer ${invoice.customerId}, the payment of ${payment.customerId}`,
    )
  }
  if (invoice.currency !== payment.currency) {
    throw refuseField(
      'currency_mismatch',
      at,
      `invoice ${invoiceId} is in ${invoice.currency}, the payment in ${payment.currency}`,
    )
  }
}

function refuseEnded(state: PaymentState | null, id: string): asserts state is PaymentState {
  if (!state) throw new Refusal('payment_not_found', `payment ${id} does not exist`)
  if (state.status === 'REVERSED') throw new Refusal('payment_reversed', `payment ${id} is reversed`)
  if (state.status === 'FAILED') throw new Refusal('payment_failed', `payment ${id} has failed`)
}

export function decideAllocate(
  state: PaymentState | null,
  command: AllocatePayment,
  facts: PaymentFacts,
): readonly DomainEvent<'PaymentAllocated'>[] {
  refuseEnded(state, facts.id)
  const allocationDate = command.allocationDate ?? Math.max(facts.today, state.paymentDate)
  if (allocationDate < state.paymentDate) {
    throw refuseField(
      'date_order',
      '/allocationDate',
      `the payment came on ${formatDay(state.paymentDate)} only`,
    )
  }
  const allocations = allocate(state, facts.allocationsOfPayment, command.allocations, allocationDate, facts)
  return [{ type: 'PaymentAllocated', data: { allocationDate, allocations } }]
}

export function decideReverse(
  state: PaymentState | null,
  command: ReversePayment,
  facts: PaymentFacts,
): readonly DomainEvent<'PaymentReversed'>[] {
  refuseEnded(state, facts.id)
  const reversalDate = command.reversalDate ?? facts.today
  return [{ type: 'PaymentReversed', data: { reversalDate, reason: command.reason } }]
}

export function decideFail(
  state: PaymentState | null,
  command: FailPayment,
  facts: PaymentFacts,
): readonly DomainEvent<'PaymentFailed'>[] {
  refuseEnded(state, facts.id)
  const failedDate = command.failedDate ?? facts.today
  return [{ type: 'PaymentFailed', data: { failedDate, reason: command.reason } }]
}
