/**
 * Which tenants of a task are stopped or being rebuilt, by the events that said so (README.md, T1-T3, T8). Synchronous
 * and deterministic: part of the fold. Owns the store `$stopped` and what the fold must leave out. Knows no I/O; how a
 * rebuild runs is rebuild.ts's.
 */
import type { DecodedEvent, DecodeFailure } from '../../../schemas/codec/event-codec.ts'
import type { FinanceEvent } from '../../../schemas/generated/records.ts'
import type { TopologyContext } from '../context.ts'
import type { CellStore } from '../state/cell-store.ts'
import type { TaskState } from '../state/task-state.ts'
import type { Topology } from '../topology.ts'
import { type KnownIds, nextForgetting, TenantIds } from './ids.ts'
import { type OwnerOf, tenantOfKey, timerKey, timerOwner } from './owners.ts'
import { REBUILT, type StoppedTenant } from './stores.ts'

export type ControlType = 'TenantProcessingStopped' | 'TenantRebuildRequested'
export type ControlEvent = Extract<FinanceEvent, { type: ControlType }>

/** Two compares of interned strings: this is asked of every event. */
export const isControl = (event: FinanceEvent): event is ControlEvent =>
  event.type === 'TenantProcessingStopped' || event.type === 'TenantRebuildRequested'

export class TenantControl {
  readonly timerOf: OwnerOf
  readonly #state: TaskState
  readonly #records: CellStore<StoppedTenant>
  readonly #ids: TenantIds
  /** Log time at which ids may have to be forgotten; the fold compares. */
  forgetAt = Number.POSITIVE_INFINITY

  constructor(state: TaskState, topologies: readonly Topology[], horizonMs: number | undefined) {
    this.#state = state
    this.#records = state.stopped
    this.#ids = new TenantIds(state.tenantIds, horizonMs)
    this.timerOf = timerOwner(topologies)
  }

  ownerOf(timer: string, topology: string): string {
    return this.timerOf(timerKey(timer, topology))
  }

  /** Tenants that need a second look; 0 = nobody was ever stopped. */
  get size(): number {
    return this.#records.size
  }

  of(tenant: string): StoppedTenant | undefined {
    return this.#records.get(tenant)
  }

  isHeld(tenant: string): boolean {
    const mode = this.#records.get(tenant)?.mode
    return mode === 'stopped' || mode === 'rebuilding'
  }

  /** Those whose events are left out, by name. */
  held(): readonly (readonly [tenant: string, record: StoppedTenant])[] {
    if (this.size === 0) return []
    return [...this.#records.entries()]
      .filter(([, { mode }]) => mode !== 'rebuilt')
      .sort(([a], [b]) => (a < b ? -1 : 1))
  }

  /** T2: whether a record is one of a tenant that is stopped; by its key, also when its bytes cannot be read. */
  holds(key: Buffer | null, decoded: DecodedEvent | DecodeFailure): boolean {
    const tenant = key === null ? (decoded.ok ? decoded.data.tenantId : undefined) : key.toString('utf8')
    return tenant !== undefined && this.isHeld(tenant)
  }

  /** T8. Undefined: those of the partition. The ids of control events are kept apart from the first one on. */
  idsOf(event: FinanceEvent): KnownIds | undefined {
    const record = this.#records.get(event.data.tenantId)
    if (record === undefined && !isControl(event)) return undefined
    return this.#ids.of(record?.forgottenBefore ?? Number.NEGATIVE_INFINITY)
  }

  /** T1, T3: an accepted control event. */
  obey(event: ControlEvent, offset: number, logTime: number, contexts: readonly TopologyContext[]): void {
    const { tenantId, reason } = event.data
    const before = this.#records.get(tenantId)
    const held = before !== undefined && before.mode !== 'rebuilt'
    const stop = event.type === 'TenantProcessingStopped'
    if (held) {
      if (stop && before.mode === 'rebuilding')
        this.#records.set(tenantId, { ...before, mode: 'stopped', reason, requested: null })
      else if (!stop && before.mode === 'stopped')
        this.#records.set(tenantId, { ...before, mode: 'rebuilding', requested: offset })
    } else {
      this.#records.set(tenantId, {
        mode: stop ? 'stopped' : 'rebuilding',
        offset,
        at: logTime,
        reason,
        requested: stop ? null : offset,
        forgottenBefore: before?.forgottenBefore ?? null,
      })
      this.#silence(tenantId, contexts)
      this.entered(logTime)
    }
    this.#state.undo.forget()
  }

  /** T2: nothing of it fires or is shown any more. */
  #silence(tenant: string, contexts: readonly TopologyContext[]): void {
    const { timers } = this.#state
    const mine: string[] = []
    for (const [key] of timers.entries()) if (this.timerOf(key) === tenant) mine.push(key)
    for (const key of mine) timers.delete(key)
    this.quiet(contexts)
  }

  /** T2: dirty marks of tenants that are stopped are dropped; a rebuild marks all of its own. */
  quiet(contexts: readonly TopologyContext[]): void {
    for (const { dirtyKeys } of contexts)
      for (const key of dirtyKeys) if (this.isHeld(tenantOfKey(key))) dirtyKeys.delete(key)
  }

  /** After a restore, or when the first tenant came in. */
  entered(logTime: number): void {
    if (this.size > 0) this.forgetAt = nextForgetting(logTime)
  }

  /** N1. */
  forget(logTime: number): void {
    for (const [tenant, newest] of this.#ids.forget(logTime)) {
      const record = this.#records.get(tenant)
      if (record === undefined) continue
      const forgottenBefore = Math.max(newest + 1, record.forgottenBefore ?? 0)
      this.#records.set(tenant, { ...record, forgottenBefore })
    }
    this.forgetAt = nextForgetting(logTime)
    this.#state.undo.forget()
  }

  /** T6: what the rebuild found out takes its place. */
  rebuilt(tenant: string, forgottenBefore: number | null): void {
    this.#records.set(tenant, { ...REBUILT, forgottenBefore })
  }
}
