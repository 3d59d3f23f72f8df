/** Owns the operations of payments. */
import { counterOf, serialOf } from '../kernel/serials.ts'
import type { Needs, Operation, Target } from '../kernel/operation.ts'
import type { Session } from '../kernel/session.ts'
import { incoming } from '../vendor-payments/evolve.ts'
import * as outgoing from '../vendor-payments/routes.ts'
import {
  type AllocatePayment,
  allocatePayment,
  type FailPayment,
  failPayment,
  type ReceivePayment,
  receivePayment,
  type ReconcilePayment,
  reconcilePayment,
  type ReversePayment,
  reversePayment,
} from './commands.ts'
import { allocationFacts, settledBy } from './allocate.ts'
import {
  decideAllocate,
  decideFail,
  decideReceive,
  decideReconcile,
  decideReverse,
  type PaymentFacts,
} from './decide.ts'
import { allocating, ending, recording } from './directions.ts'

const lockInvoices = (allocations: ReceivePayment['allocations']): Needs => ({
  lock: allocations.map(({ invoiceId }) => ({ type: 'invoice', id: invoiceId })),
  allocations: true,
})

const numbered = (command: ReceivePayment) =>
  ({ kind: 'payment', given: command.paymentNumber, date: command.paymentDate }) as const

const receive: Operation<ReceivePayment> = {
  name: 'payment.receive',
  summary: 'Records money that came in, with what it settles',
  path: '/v1/payments',
  role: 'writer',
  aggregate: 'payment',
  creates: true,
  money: true,
  schema: receivePayment,
  idOf: (command) => command.id,
  needs: ({ command }) => ({
    ...lockInvoices(command.allocations),
    read: [{ type: 'customer', id: command.customerId }],
    numbers: command.paymentNumber === undefined ? [] : [{ kind: 'payment', number: command.paymentNumber }],
  }),
  counters: (session, { command }) => counterOf(session, numbered(command)),
  decide: (session, { id, command }) =>
    decideReceive(session.state('payment', id), command, {
      ...session.facts(),
      ...allocationFacts(session),
      id,
      customer: session.state('customer', command.customerId) ?? undefined,
      numberOwner: session.numberOwner('payment', command.paymentNumber),
      serial: serialOf(session, numbered(command)),
    }),
}

const stateOf = (session: Session, id: string) => incoming(session.state('payment', id), id)

const factsOf = (session: Session, { id }: Target<unknown>): PaymentFacts => ({
  ...session.facts(),
  ...allocationFacts(session),
  id,
  allocationsOfPayment: session.allocationsOf('payment', id),
})

const allocate: Operation<AllocatePayment> = {
  name: 'payment.allocate',
  summary: 'Settles invoices with what is unapplied of a payment',
  path: '/v1/payments/:id/allocate',
  role: 'writer',
  aggregate: 'payment',
  creates: false,
  money: true,
  schema: allocatePayment,
  needs: ({ command }) => lockInvoices(command.allocations),
  decide: (session, target) =>
    decideAllocate(stateOf(session, target.id), target.command, factsOf(session, target)),
}

const reverse: Operation<ReversePayment> = {
  name: 'payment.reverse',
  summary: 'Takes a payment back from a day on; what it settled is open again',
  path: '/v1/payments/:id/reverse',
  role: 'writer',
  aggregate: 'payment',
  creates: false,
  money: true,
  schema: reversePayment,
  needs: () => ({ allocations: true }),
  counterparts: (session, { id }) => settledBy(session, 'payment', id),
  decide: (session, target) =>
    decideReverse(stateOf(session, target.id), target.command, factsOf(session, target)),
}

const fail: Operation<FailPayment> = {
  name: 'payment.fail',
  summary: 'Undoes a payment that never arrived, on its own days',
  path: '/v1/payments/:id/fail',
  role: 'writer',
  aggregate: 'payment',
  creates: false,
  money: true,
  schema: failPayment,
  needs: () => ({ allocations: true }),
  counterparts: (session, { id }) => settledBy(session, 'payment', id),
  decide: (session, target) =>
    decideFail(stateOf(session, target.id), target.command, factsOf(session, target)),
}

const reconcile: Operation<ReconcilePayment> = {
  name: 'payment.reconcile',
  summary: "Notes that a payment was found on the bank's statement",
  path: '/v1/payments/:id/reconcile',
  role: 'writer',
  aggregate: 'payment',
  creates: false,
  money: false,
  schema: reconcilePayment,
  decide: (session, { id, command }) =>
    decideReconcile(stateOf(session, id), command, { ...session.facts(), id }),
}

export const paymentOperations: readonly Operation[] = [
  recording(receive),
  allocating(allocate),
  ending(reverse, outgoing.reverse),
  ending(fail, outgoing.fail),
  reconcile,
]
