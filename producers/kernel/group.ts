/**
 * Owns one try of a group of commands in one transaction: keys, loading, deciding, writing.
 * G1: a refused command writes nothing and does not disturb the others of its group.
 * G2: an Idempotency-Key is looked up before its command is decided, and its answer is stored in the same transaction.
 * G3: what a decision needs is read after the locks that guard it are held.
 */
import type pg from 'pg'
import { BROADCAST_KEY } from '../../schemas/topics.ts'
import { lockKeys, type StoredAnswer } from '../event-store/idempotency.ts'
import { lockAggregates, lockCounters, readAllocations, readShared, write } from '../event-store/store.ts'
import {
  type Accepted,
  type CommandRequest,
  type CommandResult,
  digestOf,
  type IdempotencyKey,
  refused,
} from './command.ts'
import { Refusal } from './errors.ts'
import type { AggregateRef, CounterRef, NumberRef, Operation } from './operation.ts'
import { NotLoaded, Session } from './session.ts'

/** `alone`: not decided in this try, to be run by itself. */
export type Pass = CommandResult | 'alone'

export class Group {
  readonly #session: Session
  readonly #requests: readonly CommandRequest[]
  readonly #passes: (Pass | undefined)[]
  readonly #accepted = new Map<number, { version: number; lastEvent: number }>()

  constructor(tenantId: string, nowMs: number, requests: readonly CommandRequest[]) {
    this.#session = new Session(tenantId, nowMs)
    this.#requests = requests
    this.#passes = requests.map(() => undefined)
  }

  passes(): readonly Pass[] {
    return this.#passes.map((pass) => pass ?? 'alone')
  }

  *#open(): Generator<readonly [number, CommandRequest]> {
    for (const [index, request] of this.#requests.entries()) {
      if (this.#passes[index] === undefined && !this.#accepted.has(index)) yield [index, request]
    }
  }

  async load(client: pg.PoolClient): Promise<void> {
    const session = this.#session
    const tenant = session.tenantId
    const needs = this.#needs()
    const locked = await lockKeys(client, tenant, needs.keys)
    const shared = await readShared(client, tenant, { ...needs, aggregates: needs.read })
    session.adoptAggregates(needs.read, shared.aggregates)
    session.adoptNumbers(needs.numbers, shared.numbers)
    this.#answerKeys(locked, shared.answers)
    session.adoptAggregates(needs.lock, await lockAggregates(client, tenant, needs.lock))
    // Read once more what a creation is to make, now that its invoices are held: whoever held them until now may have
    // made it, and the allocations below would tell only half of that.
    const afterLocks = { aggregates: needs.readAfterLocks, numbers: [], keys: [] }
    if (needs.readAfterLocks.length > 0) {
      session.adoptAggregates(needs.readAfterLocks, (await readShared(client, tenant, afterLocks)).aggregates)
    }
    session.adoptAllocations(needs.allocations, await readAllocations(client, tenant, needs.allocations))
    session.adoptCounters(await lockCounters(client, tenant, this.#counters()))
  }

  #needs() {
    const read = new Map<string, AggregateRef>()
    const lock = new Map<string, AggregateRef>()
    const allocations = new Map<string, AggregateRef>()
    const readAfterLocks = new Map<string, AggregateRef>()
    const numbers: NumberRef[] = []
    const keys = new Set<string>()
    const add = (to: Map<string, AggregateRef>, ref: AggregateRef) => to.set(`${ref.type} ${ref.id}`, ref)
    if (this.#session.tenantId !== BROADCAST_KEY) add(read, { type: 'tenant', id: this.#session.tenantId })
    for (const { operation, id, command, key } of this.#requests) {
      const own: AggregateRef = { type: operation.aggregate, id }
      const needs = operation.needs?.({ id, command }) ?? {}
      // A creation finds nothing to lock; of two at a time, the unique key of the events lets one through.
      const makes = operation.creates && !operation.overwrites
      add(makes ? (needs.lock?.length ? readAfterLocks : read) : lock, own)
      for (const ref of needs.lock ?? []) add(lock, ref)
      for (const ref of needs.read ?? []) add(read, ref)
      numbers.push(...(needs.numbers ?? []))
      if (needs.allocations) for (const ref of [own, ...(needs.lock ?? [])]) add(allocations, ref)
      if (key) keys.add(key.key)
    }
    for (const ref of lock.keys()) {
      read.delete(ref)
      readAfterLocks.delete(ref)
    }
    return {
      read: [...read.values()],
      lock: [...lock.values()],
      readAfterLocks: [...readAfterLocks.values()],
      allocations: [...allocations.values()],
      numbers,
      keys: [...keys],
    }
  }

  #answerKeys(locked: ReadonlySet<string>, answers: ReadonlyMap<string, StoredAnswer>): void {
    const taken = new Set<string>()
    for (const [index, { key }] of this.#open()) {
      if (!key) continue
      const free = locked.has(key.key) && !taken.has(key.key)
      this.#passes[index] = answerOf(key, answers.get(key.key), free)
      taken.add(key.key)
    }
  }

  #counters(): readonly CounterRef[] {
    const wanted = new Map<string, CounterRef>()
    for (const [index, { operation, id, command }] of this.#open()) {
      this.#guard(index, () => {
        for (const ref of operation.counters?.(this.#session, { id, command }) ?? []) {
          wanted.set(`${ref.kind} ${ref.period}`, ref)
        }
      })
    }
    return [...wanted.values()]
  }

  decide(): void {
    for (const [index, request] of this.#open()) this.#guard(index, () => this.#decideOne(index, request))
  }

  #decideOne(index: number, { operation, id, command, expectedVersion }: CommandRequest): void {
    const session = this.#session
    const ref: AggregateRef = { type: operation.aggregate, id }
    const before = session.aggregate(ref.type, id)
    if (expectedVersion !== undefined && before && before.version !== expectedVersion) {
      throw new Refusal(
        'version_stale',
        `${ref.type} ${id} has version ${before.version}, If-Match says ${expectedVersion}: read it again`,
        { currentVersion: before.version },
      )
    }
    const digest = operation.creates ? digestOf(command) : ''
    try {
      const events = operation.decide(session, { id, command })
      const version = session.append(index, ref, events, digest)
      this.#accepted.set(index, { version, lastEvent: session.events.length - 1 })
    } catch (error) {
      if (!(error instanceof Refusal) || !before) throw error
      const refusal = new Refusal(error.code, error.message, {
        ...error.options,
        currentVersion: before.version,
      })
      const same = error.code === 'already_exists' && before.createdDigest === digest
      this.#passes[index] = refused(refusal, same)
    }
  }

  #guard(index: number, work: () => void): void {
    try {
      work()
    } catch (error) {
      if (error instanceof Refusal) this.#passes[index] = refused(error)
      else if (error instanceof NotLoaded && this.#requests.length > 1) this.#passes[index] = 'alone'
      else throw error
    }
  }

  /** False when there was nothing to write. */
  async write(client: pg.PoolClient): Promise<boolean> {
    if (this.#accepted.size === 0) return false
    const session = this.#session
    const requestAt = (index: number): CommandRequest => {
      const request = this.#requests[index]
      if (!request) throw new Error(`no command ${index} in this group`)
      return request
    }
    const answers = [...this.#accepted].flatMap(([index, { version }]) => {
      const { operation, id, key } = requestAt(index)
      return key ? [{ ...key, type: operation.aggregate, id, version, status: statusOf(operation) }] : []
    })
    const positions = await write(client, session, (item) => requestAt(item).metadata, answers)
    for (const [index, { version, lastEvent }] of this.#accepted) {
      const { operation, id } = requestAt(index)
      const position = positions[lastEvent]
      if (position === undefined)
        throw new Error(`the store gave ${positions.length} positions for ${session.events.length} events`)
      const body: Accepted = { id, version, position }
      this.#passes[index] = { kind: 'accepted', status: statusOf(operation), body, replayed: false }
    }
    return true
  }
}

const statusOf = (operation: Operation): number => (operation.creates ? 201 : 202)

/** What the key alone decides (G2). */
function answerOf(
  key: IdempotencyKey,
  stored: StoredAnswer | undefined,
  free: boolean,
): CommandResult | undefined {
  if (stored) {
    if (stored.fingerprint === key.fingerprint) {
      return { kind: 'accepted', status: stored.status, body: stored.body as Accepted, replayed: true }
    }
    return refused(
      new Refusal(
        'idempotency_key_reused',
        `Idempotency-Key ${key.key} was used for another request: use a new key`,
      ),
    )
  }
  if (free) return undefined
  return refused(
    new Refusal(
      'idempotency_key_in_progress',
      `a command with Idempotency-Key ${key.key} is running: ask again soon`,
      { retryAfterSeconds: 1 },
    ),
  )
}
