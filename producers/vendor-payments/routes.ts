/**
 * Owns the operations of payments to vendors. They share paths, ids and the aggregate type with payments that come in:
 * payments/directions.ts puts the two together.
 */
import type { AggregateRef, Needs, Operation, Target } from '../kernel/operation.ts'
import { counterOf, serialOf } from '../kernel/serials.ts'
import type { Session } from '../kernel/session.ts'
import type { FailPayment, ReversePayment } from '../payments/commands.ts'
import type { AllocateVendorPayment, SendPayment } from './commands.ts'
import {
  type BillFacts,
  decideAllocate,
  decideFail,
  decideReverse,
  decideSend,
  type VendorPaymentFacts,
} from './decide.ts'
import { outgoing } from './evolve.ts'

type Part<C> = Pick<Operation<C>, 'needs' | 'counterparts' | 'counters' | 'decide'>

const lockBills = (allocations: SendPayment['allocations']): Needs => ({
  lock: allocations.map(({ billId }) => ({ type: 'bill', id: billId })),
  allocations: true,
})

const billFacts = (session: Session): BillFacts => ({
  billOf: (id) => session.state('bill', id) ?? undefined,
  allocationsOfBill: (id) => session.allocationsOf('bill', id),
})

const numbered = (command: SendPayment) =>
  ({ kind: 'vendor-payment', given: command.paymentNumber, date: command.paymentDate }) as const

const stateOf = (session: Session, id: string) => outgoing(session.state('payment', id), id)

export const send: Part<SendPayment> = {
  needs: ({ command }) => ({
    ...lockBills(command.allocations),
    read: [{ type: 'vendor', id: command.vendorId }],
    numbers:
      command.paymentNumber === undefined ? [] : [{ kind: 'vendor-payment', number: command.paymentNumber }],
  }),
  counters: (session, { command }) => counterOf(session, numbered(command)),
  decide: (session, { id, command }) =>
    decideSend(session.state('payment', id), command, {
      ...session.facts(),
      ...billFacts(session),
      id,
      vendor: session.state('vendor', command.vendorId) ?? undefined,
      numberOwner: session.numberOwner('vendor-payment', command.paymentNumber),
      serial: serialOf(session, numbered(command)),
    }),
}

const factsOf = (session: Session, { id }: Target<unknown>): VendorPaymentFacts => ({
  ...session.facts(),
  ...billFacts(session),
  id,
  allocationsOfPayment: session.allocationsOf('payment', id),
})

export const allocate: Part<AllocateVendorPayment> = {
  needs: ({ command }) => lockBills(command.allocations),
  decide: (session, target) =>
    decideAllocate(stateOf(session, target.id), target.command, factsOf(session, target)),
}

/** What its bills are worth in the books without it: only a foreign currency makes a difference. */
function settledBills(session: Session, { id }: Target<unknown>): readonly AggregateRef[] {
  const payment = session.state('payment', id)
  if (payment?.direction !== 'out' || payment.currency === session.tenant().currency) return []
  return session.allocationsOf('payment', id).map((one) => ({ type: 'bill', id: one.targetId }))
}

export const reverse: Part<ReversePayment> = {
  counterparts: settledBills,
  decide: (session, target) =>
    decideReverse(stateOf(session, target.id), target.command, { ...session.facts(), id: target.id }),
}

export const fail: Part<FailPayment> = {
  counterparts: settledBills,
  decide: (session, target) =>
    decideFail(stateOf(session, target.id), target.command, { ...session.facts(), id: target.id }),
}
