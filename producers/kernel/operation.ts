/**
 * Owns the shape of an operation: what a command needs to know, what it decides, and the path it is reached by. One
 * operation changes one aggregate. Refuses: I/O; the executor loads what `needs` and `counters` ask for.
 */
import type { z } from 'zod'
import type { AggregateType, DomainEvent } from './events.ts'
import type { NumberKind, SerialKind } from './numbers.ts'
import type { Session } from './session.ts'

export interface AggregateRef {
  readonly type: AggregateType
  readonly id: string
}

export interface NumberRef {
  readonly kind: NumberKind
  readonly number: string
}

export interface CounterRef {
  readonly kind: SerialKind
  readonly period: string
}

export interface Needs {
  /** Read without a lock: what never goes away (customers). */
  readonly read?: readonly AggregateRef[]
  /** Locked until the end, besides the operation's own aggregate: whose allocations are about to change. */
  readonly lock?: readonly AggregateRef[]
  readonly numbers?: readonly NumberRef[]
  /** Load the allocations of the locked aggregates too. */
  readonly allocations?: boolean
}

export interface Target<C> {
  readonly id: string
  readonly command: C
}

/** Methods, not function fields, so that Operation<X> fits where Operation<unknown> is asked for. */
export interface Operation<C = unknown> {
  /** As items of an import batch name it: invoice.create. */
  readonly name: string
  readonly summary: string
  readonly path: string
  readonly role: 'writer' | 'operator'
  readonly aggregate: AggregateType
  /** True: answers 201 with a Location; the id may come in the body. False: the id is in the path. */
  readonly creates: boolean
  /** Creates, or sets anew what is there: locked like a change. */
  readonly overwrites?: true
  /** Moves money: an Idempotency-Key is required. */
  readonly money: boolean
  readonly schema: z.ZodType<C>
  /** Id that the body itself determines. */
  idOf?(command: C): string | undefined
  needs?(target: Target<C>): Needs
  /** Serials that the decision may take; asked after everything else is loaded. */
  counters?(session: Session, target: Target<C>): readonly CounterRef[]
  decide(session: Session, target: Target<C>): readonly DomainEvent[]
}

/** Collection path of created resources, for Location. */
export const locationOf = (operation: Operation, id: string): string =>
  `${operation.path.split('/:')[0]}/${encodeURIComponent(id)}`
