/**
 * Owns one try of a group of commands in one transaction: keys, loading, deciding, writing.
 * G1: a refused command writes nothing and does not disturb the others of its group.
 * G2: an Idempotency-Key is looked up before its command is decided, and its answer is stored in the same transaction.
 * G3: what a decision needs is read after the locks that guard it are held.
 * G4: a command that needs the ledger's sums is not decided among others: what they post is not in those sums yet.
 * G5: the tenant's own validation rules are asked before the decision; they hold from the command after the one that set them.
 */
import type pg from 'pg'
import { BROADCAST_KEY } from '../../schemas/topics.ts'
import { lockKeys, type StoredAnswer } from '../event-store/idempotency.ts'
import { type Charts, readSums } from '../event-store/charts.ts'
import {
  freeNumbers,
  lockAggregates,
  lockCounters,
  lockKnownCounters,
  readAllocations,
  readCreditNotes,
  readShared,
} from '../event-store/store.ts'
import type { TaxRateTable } from '../event-store/tax-rate-table.ts'
import { write } from '../event-store/write.ts'
import { refuseByRules } from '../validation-rules/decide.ts'
import {
  type Accepted,
  type CommandRequest,
  type CommandResult,
  digestOf,
  type IdempotencyKey,
  refused,
} from './command.ts'
import { Chart } from '../ledger/chart.ts'
import { ChartMissing } from '../ledger/seed.ts'
import type { KnownTenants } from './known-tenants.ts'
import { applyCommand } from '../ledger/steps.ts'
import { Refusal } from './errors.ts'
import type { AggregateRef, CounterRef, NumberRef, Operation } from './operation.ts'
import { NotLoaded, Session } from './session.ts'

/** `alone`: not decided in this try, to be run by itself. */
export type Pass = CommandResult | 'alone'

export class Group {
  readonly #session: Session
  readonly #taxRates: TaxRateTable
  readonly #requests: readonly CommandRequest[]
  readonly #passes: (Pass | undefined)[]
  readonly #charts: Charts
  readonly #tenants: KnownTenants
  readonly #accepted = new Map<number, { version: number; lastEvent: number }>()

  constructor(
    tenantId: string,
    nowMs: number,
    requests: readonly CommandRequest[],
    known: { readonly charts: Charts; readonly taxRates: TaxRateTable; readonly tenants: KnownTenants },
  ) {
    this.#session = new Session(tenantId, nowMs)
    this.#requests = requests
    this.#charts = known.charts
    this.#taxRates = known.taxRates
    this.#tenants = known.tenants
    const among = requests.length > 1
    this.#passes = requests.map(({ operation }) => (among && operation.balances ? 'alone' : undefined))
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
    const ledger = this.#ledger()
    const afterLocks = { aggregates: needs.readAfterLocks, numbers: [], keys: [] }
    // All at once, in this order (database.ts D3): each statement sees what was committed before the locks ahead of it.
    const requests = Array.from(this.#open(), ([, request]) => request)
    const guessed = this.#tenants.countersOf(tenant, session.nowMs, requests)
    const [locked, shared, owned, made, allocations, creditNotes, counters] = await Promise.all([
      lockKeys(client, tenant, needs.keys, ledger),
      readShared(client, tenant, { ...needs, aggregates: needs.read }),
      lockAggregates(client, tenant, needs.lock),
      // Read once more what a creation is to make, now that its invoices are held: whoever held them until now may have
      // made it, and the allocations below would tell only half of that.
      needs.readAfterLocks.length > 0 ? readShared(client, tenant, afterLocks) : undefined,
      readAllocations(client, tenant, needs.allocations),
      readCreditNotes(client, tenant, needs.creditNotes),
      lockKnownCounters(client, tenant, guessed),
    ])
    session.adoptAggregates(needs.read, shared.aggregates)
    session.adoptNumbers(needs.numbers, shared.numbers)
    if (ledger !== 'none') await this.#adoptChart(client, shared.chartVersion)
    session.adoptTaxRates(await this.#taxRates.at(shared.taxRatesVersion, client))
    this.#answerKeys(locked, shared.answers)
    session.adoptAggregates(needs.lock, owned)
    session.adoptAggregates(needs.readAfterLocks, made?.aggregates ?? [])
    session.adoptAllocations(needs.allocations, allocations)
    session.adoptCreditNotes(needs.creditNotes, creditNotes)
    const counterparts = this.#counterparts(needs.lock)
    const [met, theirs] = await Promise.all([
      lockAggregates(client, tenant, counterparts),
      readAllocations(client, tenant, counterparts),
    ])
    session.adoptAggregates(counterparts, met)
    session.adoptAllocations(counterparts, theirs)
    session.adoptCounters(counters)
    session.adoptCounters(await lockCounters(client, tenant, this.#countersBut(counters)))
    await this.#adoptSums(client)
    const itself = session.found({ type: 'tenant', id: tenant })
    if (itself) this.#tenants.remember(itself)
  }

  /** How the chart is held: as the most demanding of the commands asks. */
  #ledger(): 'none' | 'posts' | 'changes' {
    let held: 'none' | 'posts' = 'none'
    for (const [, { operation }] of this.#open()) {
      if (operation.ledger === 'changes') return 'changes'
      if (operation.ledger === 'posts' || operation.money) held = 'posts'
    }
    return held
  }

  async #adoptChart(client: pg.PoolClient, version: number): Promise<void> {
    const { tenantId } = this.#session
    if (version > 0) this.#session.adoptChart(await this.#charts.at(client, tenantId, version))
    // A tenant that is not there yet has none either, and is told so by the decision, or made by it.
    else if (this.#session.found({ type: 'tenant', id: tenantId })) throw new ChartMissing(tenantId)
    else this.#session.adoptChart(Chart.EMPTY)
  }

  async #adoptSums(client: pg.PoolClient): Promise<void> {
    for (const [index, { operation, id, command }] of this.#open()) {
      const query = this.#guard(index, () => operation.balances?.(this.#session, { id, command }))
      if (query) this.#session.adoptSums(await readSums(client, this.#session.tenantId, query))
    }
  }

  #needs() {
    const read = new Map<string, AggregateRef>()
    const lock = new Map<string, AggregateRef>()
    const allocations = new Map<string, AggregateRef>()
    const readAfterLocks = new Map<string, AggregateRef>()
    const creditNotes = new Set<string>()
    const numbers: NumberRef[] = []
    const keys = new Set<string>()
    const add = (to: Map<string, AggregateRef>, ref: AggregateRef) => to.set(`${ref.type} ${ref.id}`, ref)
    const { tenantId } = this.#session
    if (tenantId !== BROADCAST_KEY) {
      add(read, { type: 'tenant', id: tenantId })
      add(read, { type: 'validation-rules', id: tenantId })
    }
    for (const [, { operation, id, command, key }] of this.#open()) {
      const own: AggregateRef = { type: operation.aggregate, id }
      const needs = operation.needs?.({ id, command }) ?? {}
      // A creation finds nothing to lock; of two at a time, the unique key of the events lets one through.
      const makes = operation.creates && !operation.overwrites
      add(makes ? (needs.lock?.length ? readAfterLocks : read) : lock, own)
      for (const ref of needs.lock ?? []) add(lock, ref)
      for (const ref of needs.read ?? []) add(read, ref)
      for (const ref of needs.readAfterLocks ?? []) add(readAfterLocks, ref)
      numbers.push(...(needs.numbers ?? []))
      for (const invoiceId of needs.creditNotes ?? []) creditNotes.add(invoiceId)
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
      creditNotes: [...creditNotes],
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

  /** Documents that the allocations just read name, and that are not locked yet. */
  #counterparts(locked: readonly AggregateRef[]): readonly AggregateRef[] {
    const held = new Set(locked.map(({ type, id }) => `${type} ${id}`))
    const wanted = new Map<string, AggregateRef>()
    for (const [index, { operation, id, command }] of this.#open()) {
      this.#guard(index, () => {
        for (const ref of operation.counterparts?.(this.#session, { id, command }) ?? []) {
          const key = `${ref.type} ${ref.id}`
          if (!held.has(key)) wanted.set(key, ref)
        }
      })
    }
    return [...wanted.values()]
  }

  #countersBut(locked: readonly CounterRef[]): readonly CounterRef[] {
    const wanted = new Map<string, CounterRef>()
    for (const [index, { operation, id, command }] of this.#open()) {
      this.#guard(index, () => {
        for (const ref of operation.counters?.(this.#session, { id, command }) ?? []) {
          wanted.set(`${ref.kind} ${ref.period}`, ref)
        }
      })
    }
    for (const { kind, period } of locked) wanted.delete(`${kind} ${period}`)
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
      this.#refuseByRules(operation, command, before !== undefined)
      this.#accepted.set(index, applyCommand(session, index, operation, { id, command }, digest))
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

  /** G5: what would be made once more is refused as such, whatever the rules are by now. */
  #refuseByRules({ name, creates, overwrites }: Operation, command: unknown, exists: boolean): void {
    const { tenantId } = this.#session
    if (tenantId === BROADCAST_KEY || (creates && !overwrites && exists)) return
    refuseByRules(this.#session.state('validation-rules', tenantId), name, command)
  }

  #guard<T>(index: number, work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      if (error instanceof Refusal) this.#passes[index] = refused(error)
      else if (error instanceof NotLoaded && this.#requests.length > 1) this.#passes[index] = 'alone'
      else throw error
      return undefined
    }
  }

  /** False when there was nothing to write. The commit goes out with the last statement. */
  async write(client: pg.PoolClient, commit: () => void): Promise<boolean> {
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
    const freed = freeNumbers(client, session.tenantId, session.freedNumbers)
    const written = write(client, session, (item) => requestAt(item).metadata, answers)
    commit()
    const [, positions] = await Promise.all([freed, written])
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
