/**
 * Owns what payments that come in and payments to vendors share: paths, ids and the aggregate type. Which one a command is
 * about is said by its direction, by what its allocations name, or by the payment that is there. Refuses: rules; each
 * direction has its own.
 */
import { z } from 'zod'
import { day, externalId, money } from '../kernel/fields.ts'
import type { Operation, Target } from '../kernel/operation.ts'
import type { Session } from '../kernel/session.ts'
import type { StatedAccount } from '../ledger/stated.ts'
import { type AllocateVendorPayment, type SendPayment, sendPayment } from '../vendor-payments/commands.ts'
import * as out from '../vendor-payments/routes.ts'
import { ALLOCATIONS_MAX, type AllocatePayment, receivePayment, type ReceivePayment } from './commands.ts'

type Outgoing<C> = Pick<Operation<C>, 'needs' | 'counterparts' | 'counters' | 'decide'>

/** One operation of two: `isOut` says whose a command is. */
function either<I, O>(
  incoming: Operation<I>,
  outgoing: Outgoing<O>,
  merged: {
    readonly schema: z.ZodType<I | O>
    readonly summary: string
    readonly isOut: (command: I | O) => command is O
    readonly idOf?: (command: I | O) => string | undefined
    readonly accounts?: (command: I | O) => readonly StatedAccount[]
  },
): Operation<I | O> {
  const { schema, summary, isOut, idOf, accounts } = merged
  const { name, path, role, aggregate, creates, money: movesMoney } = incoming
  const by =
    <A extends unknown[], R>(
      ofIn: (target: Target<I>, ...rest: A) => R,
      ofOut: (target: Target<O>, ...rest: A) => R,
    ) =>
    ({ id, command }: Target<I | O>, ...rest: A): R =>
      isOut(command) ? ofOut({ id, command }, ...rest) : ofIn({ id, command }, ...rest)
  const needs = by(
    (target) => incoming.needs?.(target) ?? {},
    (target) => outgoing.needs?.(target) ?? {},
  )
  const counterparts = by(
    (target, session: Session) => incoming.counterparts?.(session, target) ?? [],
    (target, session: Session) => outgoing.counterparts?.(session, target) ?? [],
  )
  const counters = by(
    (target, session: Session) => incoming.counters?.(session, target) ?? [],
    (target, session: Session) => outgoing.counters?.(session, target) ?? [],
  )
  const decide = by(
    (target, session: Session) => incoming.decide(session, target),
    (target, session: Session) => outgoing.decide(session, target),
  )
  return {
    name,
    path,
    role,
    aggregate,
    creates,
    money: movesMoney,
    schema,
    summary,
    ...(idOf ? { idOf } : {}),
    ...(accounts ? { accounts } : {}),
    needs,
    counterparts: (session, target) => counterparts(target, session),
    counters: (session, target) => counters(target, session),
    decide: (session, target) => decide(target, session),
  }
}

export const recordPayment = z.discriminatedUnion('direction', [receivePayment, sendPayment])

/** Receipts and payments to vendors by one path: `direction` tells them apart, and is `in` when not given. */
export const recording = (receive: Operation<ReceivePayment>): Operation<ReceivePayment | SendPayment> =>
  either(receive, out.send, {
    schema: recordPayment,
    summary: 'Records money that came in (direction in) or went out to a vendor (out), with what it settles',
    isOut: (command): command is SendPayment => command.direction === 'out',
    idOf: (command) => command.id,
    accounts: ({ accountId }) => [{ pointer: '/accountId', id: accountId }],
  })

const part = z
  .strictObject({
    /** Of a payment that came in. */
    invoiceId: externalId.optional(),
    /** Of a payment to a vendor. */
    billId: externalId.optional(),
    amount: money,
  })
  .refine(
    (one) => (one.invoiceId === undefined) !== (one.billId === undefined),
    'must name an invoice (invoiceId) or a bill (billId)',
  )
const idOfPart = (one: z.infer<typeof part>): string => one.invoiceId ?? one.billId ?? ''
const isBills = (parts: readonly z.infer<typeof part>[]): boolean => parts[0]?.billId !== undefined

const allocateEither = z
  .strictObject({
    allocationDate: day.optional(),
    allocations: z
      .array(part)
      .min(1)
      .max(ALLOCATIONS_MAX)
      .refine(
        (parts) => parts.every((one) => (one.billId !== undefined) === isBills(parts)),
        'must name invoices or bills, not both',
      )
      .refine(
        (parts) => new Set(parts.map(idOfPart)).size === parts.length,
        'names a document twice: add the amounts up',
      ),
  })
  .transform(({ allocationDate, allocations }): AllocatePayment | AllocateVendorPayment => {
    const named = allocations.map((one) => ({ id: idOfPart(one), amount: one.amount }))
    return isBills(allocations)
      ? { allocationDate, allocations: named.map(({ id: billId, amount }) => ({ billId, amount })) }
      : { allocationDate, allocations: named.map(({ id: invoiceId, amount }) => ({ invoiceId, amount })) }
  })

export const allocating = (
  allocate: Operation<AllocatePayment>,
): Operation<AllocatePayment | AllocateVendorPayment> =>
  either(allocate, out.allocate, {
    schema: allocateEither,
    summary: 'Settles invoices (or bills, of a payment to a vendor) with what is unapplied of a payment',
    isOut: (command): command is AllocateVendorPayment => command.allocations.some((one) => 'billId' in one),
  })

/** The same command for both: the payment that is there says whose it is. */
export const ending = <C>(incoming: Operation<C>, outgoing: Outgoing<C>): Operation<C> => {
  const isOut = (session: Session, id: string) => session.state('payment', id)?.direction === 'out'
  const of = (session: Session, id: string) => (isOut(session, id) ? outgoing : incoming)
  return {
    ...incoming,
    counterparts: (session, target) => of(session, target.id).counterparts?.(session, target) ?? [],
    decide: (session, target) => of(session, target.id).decide(session, target),
  }
}
