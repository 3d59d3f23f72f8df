/**
 * Owns what one command writes, event by event: what it decided, what follows from that, and the journal entries, each
 * right after its event. PURE: the session is only read; nothing changes before all of it is known (session.ts S1).
 */
import type { EventType } from '../../schemas/generated/records.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import type { Allocation } from '../payments/allocations.ts'
import type { AggregateType, DomainEvent } from '../kernel/events.ts'
import type { AggregateRef, Change, Operation, Target } from '../kernel/operation.ts'
import type { Session, Step } from '../kernel/session.ts'
import { EVOLVE, type States } from '../kernel/state.ts'
import { documentEntry, journalId, refuseClosed } from './journal.ts'
import type { Posting, PostingFacts, PostingsOf, PostingTable } from './posting.ts'
import { POSTINGS } from './registry.ts'
import { refuseUnusable } from './stated.ts'

/** The session as it will be after the events so far of this command. */
class Ahead implements Pick<Session, 'state' | 'allocationsOf'> {
  readonly #session: Session
  readonly #ahead = new Map<string, { readonly version: number; readonly state: unknown }>()

  constructor(session: Session) {
    this.#session = session
  }

  state<T extends AggregateType>(type: T, id: string): States[T] | null {
    const ahead = this.#ahead.get(`${type} ${id}`)
    return ahead ? (ahead.state as States[T]) : this.#session.state(type, id)
  }

  allocationsOf(type: Parameters<Session['allocationsOf']>[0], id: string): readonly Allocation[] {
    return this.#session.allocationsOf(type, id)
  }

  versionOf({ type, id }: AggregateRef): number {
    return this.#ahead.get(`${type} ${id}`)?.version ?? this.#session.found({ type, id })?.version ?? 0
  }

  apply(ref: AggregateRef, event: DomainEvent): void {
    const key = `${ref.type} ${ref.id}`
    const before = this.#ahead.get(key)?.state ?? this.#session.found(ref)?.state ?? null
    const state: unknown = EVOLVE[ref.type](before as never, event)
    this.#ahead.set(key, { version: this.versionOf(ref) + 1, state })
  }
}

/** Decides one command and applies it with all that follows; or throws its refusal, and nothing has changed. */
export function applyCommand(
  session: Session,
  item: number,
  operation: Operation,
  target: Target<unknown>,
  digest: string,
): ReturnType<Session['commit']> {
  const aggregate: AggregateRef = { type: operation.aggregate, id: target.id }
  const events = operation.decide(session, target)
  if (operation.accounts) refuseUnusable(session.chart(), operation.accounts(target.command))
  const follows = operation.follows?.(session, target, events) ?? []
  return session.commit(
    item,
    aggregate,
    stepsOf(session, [{ aggregate, events }, ...follows], operation),
    digest,
  )
}

/** All steps of a command, or its refusal. */
export function stepsOf(
  session: Session,
  changes: readonly Change[],
  operation: Pick<Operation, 'name' | 'schema'>,
  table: PostingTable = POSTINGS,
): readonly Step[] {
  const ahead = new Ahead(session)
  const steps: Step[] = []
  for (const { aggregate, events } of changes) {
    for (const event of events) {
      const journals = journalsOf(session, ahead, { aggregate, event }, operation, table)
      ahead.apply(aggregate, event)
      steps.push({ aggregate, event }, ...journals)
    }
  }
  return steps
}

function journalsOf(
  session: Session,
  ahead: Ahead,
  { aggregate, event }: Step,
  operation: Pick<Operation, 'name' | 'schema'>,
  table: PostingTable,
): readonly Step[] {
  const postingsOf = table[event.type] as PostingsOf<EventType> | undefined
  if (!postingsOf) return []
  const { today, tenant } = session.facts()
  const facts: PostingFacts = { tenant, today, id: aggregate.id, session: ahead }
  const postings: readonly Posting[] = postingsOf(event, facts)
  if (postings.length === 0) return []
  const chart = session.chart()
  const version = ahead.versionOf(aggregate) + 1
  return postings.flatMap((posting, index): readonly Step[] => {
    const source = { ...aggregate, version, index }
    const data = documentEntry(posting, source, chart, tenant)
    if (!data) return []
    refuseClosed(chart, posting.entryDate, () => dateFieldOf(event, posting.entryDate, operation))
    return [
      {
        aggregate: { type: 'journal-entry', id: journalId(source) },
        event: { type: 'JournalEntryPosted', data },
      },
    ]
  })
}

/** Pointer to the command's field that the entry's date came from, or that could move it to an open day. */
function dateFieldOf(
  event: DomainEvent,
  day: EpochDay,
  { schema }: Pick<Operation, 'schema'>,
): string | undefined {
  const fields = fieldsOf(schema).filter((name) => name.endsWith('Date'))
  const data = event.data as Readonly<Record<string, unknown>>
  const earlier = (name: string): boolean => typeof data[name] === 'number' && data[name] < day
  const field = fields.find((name) => data[name] === day) ?? fields.find(earlier)
  return field === undefined ? undefined : `/${field}`
}

/** Names of a command's fields, of all its forms where it has several, or is read out of another one. */
function fieldsOf(schema: unknown): readonly string[] {
  const { shape, options, out } = schema as {
    readonly shape?: object
    readonly options?: readonly unknown[]
    readonly out?: unknown
  }
  if (shape !== undefined) return Object.keys(shape)
  if (options !== undefined) return [...new Set(options.flatMap(fieldsOf))]
  return out === undefined ? [] : fieldsOf(out)
}
