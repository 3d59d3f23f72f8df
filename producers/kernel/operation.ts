/**
 * Owns the shape of an operation: what a command needs to know, what it decides, and the path it is reached by. One
 * operation changes one aggregate; what follows from that on others (journal entries, a new tenant's chart) is written
 * with it, and the answer is its own aggregate's. Refuses: I/O; the executor loads what `needs` and its kin ask for.
 */
import type { z } from 'zod'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import type { StatedAccount } from '../ledger/stated.ts'
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
  /** Read once the locks are held: what whoever held them until then may have made. */
  readonly readAfterLocks?: readonly AggregateRef[]
  readonly numbers?: readonly NumberRef[]
  /** Load the allocations of the locked aggregates too. */
  readonly allocations?: boolean
  /** Invoices whose credit notes are to be known. */
  readonly creditNotes?: readonly string[]
}

/** Events of one aggregate, in their order. */
export interface Change {
  readonly aggregate: AggregateRef
  readonly events: readonly DomainEvent[]
}

/** Sums over the general ledger, read after the tenant's postings are held up. */
export interface BalanceQuery {
  readonly from: EpochDay
  readonly to: EpochDay
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
  /** Id that the body, or the tenant, determines. */
  idOf?(command: C, tenantId: string): string | undefined
  needs?(target: Target<C>): Needs
  /**
   * What only the aggregate's own allocations tell: locked, with their allocations, after all that `needs` asked for.
   * Documents in a foreign currency need it: what they are worth in the books depends on all that settles them.
   */
  counterparts?(session: Session, target: Target<C>): readonly AggregateRef[]
  /** Serials that the decision may take; asked after everything else is loaded. */
  counters?(session: Session, target: Target<C>): readonly CounterRef[]
  /** Ledger accounts that the command states itself: checked once it is decided, whatever is posted to them now. */
  accounts?(command: C): readonly StatedAccount[]
  decide(session: Session, target: Target<C>): readonly DomainEvent[]
  /** What follows from the events on other aggregates, but for the journal entries of the posting tables. */
  follows?(session: Session, target: Target<C>, events: readonly DomainEvent[]): readonly Change[]
  /** `changes`: chart, rules or closed days; held alone. Not given: `posts` where money moves, else nothing. */
  readonly ledger?: 'posts' | 'changes'
  /** Ledger sums that the decision needs; such a command runs alone, so that no posting of its group is missed. */
  balances?(session: Session, target: Target<C>): BalanceQuery
  /** Collection path for Location, where it is not the path itself. */
  readonly location?: string
}

/** Collection path of created resources, for Location. */
export const locationOf = (operation: Operation, id: string): string =>
  `${operation.location ?? operation.path.split('/:')[0]}/${encodeURIComponent(id)}`
