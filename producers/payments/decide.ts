/**
 * Owns the rules of payments. PURE.
 * P1: allocations are as allocate.ts says (A1, A2); what the customer deducted as VAT (VDS) or income tax (TDS) settles
 *     like the money itself. P2: a reversed or failed payment changes no more. P3: money is allocated on the day it came
 *     at the soonest. P4: what was found on a statement of the bank did arrive: it can be reversed, but has not failed.
 */
import { defaultsOf } from '../../schemas/codec/defaults.ts'
import { type EpochDay, fiscalYearName, formatDay } from '../../schemas/values/calendar.ts'
import { type CustomerState, refuseMissingCustomer } from '../customers/decide.ts'
import { documentCurrency } from '../kernel/documents.ts'
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Facts } from '../kernel/events.ts'
import { amountIn } from '../kernel/fields.ts'
import { generatedNumber, refuseReserved } from '../kernel/numbers.ts'
import { allocate, type AllocationFacts } from './allocate.ts'
import type { Allocation } from './allocations.ts'
import type {
  AllocatePayment,
  FailPayment,
  ReceivePayment,
  ReconcilePayment,
  ReversePayment,
} from './commands.ts'
import { type PaymentState, settlingAmount } from './evolve.ts'

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

export function decideReceive(
  state: object | null,
  command: ReceivePayment,
  facts: ReceiveFacts,
): readonly DomainEvent<'PaymentReceived'>[] {
  if (state) throw new Refusal('already_exists', `payment ${facts.id} exists already`)
  const { customer, tenant } = facts
  refuseMissingCustomer(customer, command.customerId)
  const { currency, fxRate } = documentCurrency(command, command.amount, tenant.currency)
  const amount = amountIn(command.amount, currency, '/amount')
  const paymentDate = command.paymentDate ?? facts.today
  const withheld = (field: 'vdsWithheld' | 'tdsWithheld') =>
    command[field] === undefined ? 0n : amountIn(command[field], currency, `/${field}`)
  const received = { amount, vdsWithheld: withheld('vdsWithheld'), tdsWithheld: withheld('tdsWithheld') }
  const { customerId, method, reference, accountId = null } = command
  const source = { what: 'payment', customerId, currency, amount: settlingAmount(received) } as const
  const allocations = allocate(source, [], command.allocations, paymentDate, facts)
  return [
    {
      type: 'PaymentReceived',
      data: {
        ...defaultsOf('PaymentReceived'),
        paymentNumber: numberOf(command, paymentDate, facts),
        customerId,
        customerName: customer.name,
        method,
        reference,
        currency,
        fxRate,
        paymentDate,
        ...received,
        allocations,
        accountId,
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
  refuseBefore(allocationDate, state.paymentDate, '/allocationDate')
  const { customerId, currency } = state
  const source = { what: 'payment', customerId, currency, amount: settlingAmount(state) } as const
  const allocations = allocate(source, facts.allocationsOfPayment, command.allocations, allocationDate, facts)
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
  if (state.statementDate !== null) {
    throw new Refusal(
      'payment_reconciled',
      `payment ${facts.id} is on the bank's statement of ${formatDay(state.statementDate)}, so it arrived: reverse it`,
    )
  }
  const failedDate = command.failedDate ?? facts.today
  return [{ type: 'PaymentFailed', data: { failedDate, reason: command.reason } }]
}

export function decideReconcile(
  state: PaymentState | null,
  command: ReconcilePayment,
  facts: Facts & { readonly id: string },
): readonly DomainEvent<'PaymentReconciled'>[] {
  refuseEnded(state, facts.id)
  if (state.statementDate !== null) {
    throw new Refusal(
      'payment_reconciled',
      `payment ${facts.id} was found on the statement of ${formatDay(state.statementDate)} already`,
    )
  }
  const statementDate = command.statementDate ?? Math.max(facts.today, state.paymentDate)
  refuseBefore(statementDate, state.paymentDate, '/statementDate')
  return [
    { type: 'PaymentReconciled', data: { statementDate, statementReference: command.statementReference } },
  ]
}

function refuseBefore(date: EpochDay, paymentDate: EpochDay, pointer: string): void {
  if (date >= paymentDate) return
  throw refuseField('date_order', pointer, `the payment came on ${formatDay(paymentDate)} only`)
}
