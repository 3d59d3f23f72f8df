/**
 * Ids of version-less events of tenants that were stopped or rebuilt once (README.md, T8): apart from those of the
 * others, so that a rebuild can replace them, and that what is remembered of one tenant follows from its own records and
 * from log time alone. In a store of the engine: undone, checkpointed and restored like any state.
 * N1: ids are forgotten when log time enters a new stretch of SEGMENT_MS, those that the horizon left behind at its
 *     beginning. N2: `forgottenBefore` is kept in the tenant's own record: what another one forgot makes nobody late.
 */
import { ID_HORIZON_MS } from '../../../schemas/rules/accept.ts'
import type { CellStore } from '../state/cell-store.ts'
import { SEGMENT_MS } from '../state/id-segments.ts'
import { tenantOfKey } from './owners.ts'

/** What accept rule A5 needs to know. */
export interface KnownIds {
  readonly forgottenBefore: number
  has(tenant: string, id: string): boolean
  /** Remembers the id that was asked for last. */
  addAsked(logTime: number): void
}

const keyOf = (tenant: string, id: string): string => `${tenant}|${id}`

export class TenantIds {
  readonly #store: CellStore<number>
  readonly #horizonMs: number

  constructor(store: CellStore<number>, horizonMs = ID_HORIZON_MS) {
    this.#store = store
    this.#horizonMs = horizonMs
  }

  of(forgottenBefore: number): KnownIds {
    const store = this.#store
    let asked = ''
    return {
      forgottenBefore,
      has(tenant, id) {
        asked = keyOf(tenant, id)
        return store.get(asked) !== undefined
      },
      addAsked: (logTime) => store.set(asked, logTime),
    }
  }

  /** N1. Gives the newest log time that was forgotten, by tenant. */
  forget(logTime: number): ReadonlyMap<string, number> {
    const before = Math.floor(logTime / SEGMENT_MS) * SEGMENT_MS - this.#horizonMs
    const newest = new Map<string, number>()
    const gone: string[] = []
    for (const [key, seenAt] of this.#store.entries()) {
      if (seenAt >= before) continue
      gone.push(key)
      const tenant = tenantOfKey(key)
      newest.set(tenant, Math.max(seenAt, newest.get(tenant) ?? seenAt))
    }
    for (const key of gone) this.#store.delete(key)
    return newest
  }
}

/** N1: the next log time at which something may be forgotten. */
export const nextForgetting = (logTime: number): number => (Math.floor(logTime / SEGMENT_MS) + 1) * SEGMENT_MS
