/**
 * Owns the execution of a group of commands of one tenant in one transaction: keys, loading, deciding, writing.
 * X1: a refused command writes nothing and does not disturb the others of its group.
 * X2: an Idempotency-Key is looked up before the command is decided and its answer is stored in the same transaction.
 * X3: when another transaction was first, or one command breaks the group, the group is taken apart and each command is
 *     tried again alone, a bounded number of times. After a commit of unknown outcome nothing is tried again: the caller learns it by its key.
 */
import { createHash } from 'node:crypto'
import type pg from 'pg'
import { inTransaction, isOutage, isRace } from '../event-store/database.ts'
import { lockKeys, purgeAnswers, type StoredAnswer } from '../event-store/idempotency.ts'
import {
  type EventMetadata,
  lockAggregates,
  lockCounters,
  readAllocations,
  readShared,
  write,
} from '../event-store/store.ts'
import { BROADCAST_KEY } from '../../schemas/topics.ts'
import { Refusal } from './errors.ts'
import type { AggregateRef, CounterRef, NumberRef, Operation } from './operation.ts'
import { NotLoaded, Session } from './session.ts'

export interface IdempotencyKey {
  readonly key: string
  /** Hash of method, path and body. */
  readonly fingerprint: string
}

export interface CommandRequest {
  readonly operation: Operation
  readonly id: string
  readonly command: unknown
  /** If-Match: the version that the aggregate must have. */
  readonly expectedVersion?: number
  readonly key?: IdempotencyKey
  readonly metadata: EventMetadata
}

export interface Accepted {
  readonly id: string
  readonly version: number
  /** Position of the command's last event in the store. */
  readonly position: number
}

export type CommandResult =
  | {
      readonly kind: 'accepted'
      readonly status: number
      readonly body: Accepted
      readonly replayed: boolean
    }
  | { readonly kind: 'failed'; readonly error: unknown }
  | {
      readonly kind: 'refused'
      readonly refusal: Refusal
      /** Refused as a repetition of itself: the aggregate was created by an equal command. */
      readonly same: boolean
    }

const TRIES_MAX = 4
const PURGE_EVERY = 500

const refused = (refusal: Refusal, same = false): CommandResult => ({ kind: 'refused', refusal, same })
/** Not decided in this pass: to be run alone. */
type Pass = CommandResult | 'alone'

/** Equal for equal commands, whatever the order of their fields. */
export function digestOf(command: unknown): string {
  const sorted = JSON.stringify(command, (_key, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
  return createHash('sha256').update(sorted).digest('base64url')
}

export class Executor {
  readonly #pool: pg.Pool
  readonly #nowMs: () => number
  readonly #onCommit: () => void
  #sincePurge = 0

  constructor(pool: pg.Pool, options: { readonly nowMs: () => number; readonly onCommit: () => void }) {
    this.#pool = pool
    this.#nowMs = options.nowMs
    this.#onCommit = options.onCommit
  }

  /** Results in the order of the requests; rejects only when the store does not answer. */
  async run(tenantId: string, requests: readonly CommandRequest[]): Promise<readonly CommandResult[]> {
    const passes =
      requests.length > 1 ? await this.#pass(tenantId, requests) : requests.map((): Pass => 'alone')
    const results: CommandResult[] = []
    for (const [index, request] of requests.entries()) {
      const pass = passes[index] ?? 'alone'
      results.push(pass === 'alone' ? await this.#alone(tenantId, request) : pass)
    }
    return results
  }

  async #alone(tenantId: string, request: CommandRequest): Promise<CommandResult> {
    try {
      for (let tries = 1; tries <= TRIES_MAX; tries++) {
        const [pass] = await this.#pass(tenantId, [request])
        if (pass !== undefined && pass !== 'alone') return pass
      }
    } catch (error) {
      return { kind: 'failed', error }
    }
    const what = `${request.operation.name} ${request.id}`
    return refused(
      new Refusal('conflict', `${what} lost against other commands ${TRIES_MAX} times: send it again`, {
        retryAfterSeconds: 1,
      }),
    )
  }

  async #pass(tenantId: string, requests: readonly CommandRequest[]): Promise<readonly Pass[]> {
    let wrote = false
    try {
      const passes = await inTransaction(this.#pool, tenantId, async (client) => {
        const group = new Group(tenantId, this.#nowMs(), requests)
        await group.load(client)
        group.decide()
        wrote = await group.write(client)
        if (wrote && ++this.#sincePurge >= PURGE_EVERY) {
          this.#sincePurge = 0
          await purgeAnswers(client, tenantId)
        }
        return group.passes()
      })
      if (wrote) this.#onCommit()
      return passes
    } catch (error) {
      if (isRace(error) || (requests.length > 1 && !isOutage(error))) return requests.map(() => 'alone')
      throw error
    }
  }
}

/** One try of a group of commands. */
class Group {
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

/** What the key alone decides (X2, M1). */
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
