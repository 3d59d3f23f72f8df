/**
 * Owns a guess, and nothing that is believed: the tenants' settings as the last transactions of this process read them.
 * From them follows which counters a group will ask for, so that these are locked with all else that it loads instead of
 * after it, which is one round trip less.
 * K1: a guess decides nothing. What the group needs is worked out again from what it loaded; a counter that was not
 *     guessed is locked then, and one that was guessed wrongly was locked in vain.
 * K2: counters are locked after aggregates, always. Operations that lock further aggregates when they have seen the first
 *     (`counterparts`) are not guessed for.
 */
import { LRUCache } from 'lru-cache'
import { Refusal } from './errors.ts'
import type { CommandRequest } from './command.ts'
import type { CounterRef } from './operation.ts'
import { NotLoaded, Session, type StoredAggregate } from './session.ts'

const TENANTS_MAX = 10_000

export class KnownTenants {
  readonly #tenants = new LRUCache<string, StoredAggregate>({ max: TENANTS_MAX })

  remember(tenant: StoredAggregate): void {
    this.#tenants.set(tenant.id, tenant)
  }

  countersOf(tenantId: string, nowMs: number, requests: readonly CommandRequest[]): readonly CounterRef[] {
    const tenant = this.#tenants.get(tenantId)
    if (!tenant) return []
    const session = new Session(tenantId, nowMs)
    session.adoptAggregates([tenant], [tenant])
    const wanted = new Map<string, CounterRef>()
    for (const { operation, id, command } of requests) {
      if (operation.counterparts) return []
      for (const ref of guessed(() => operation.counters?.(session, { id, command }))) {
        wanted.set(`${ref.kind} ${ref.period}`, ref)
      }
    }
    return [...wanted.values()]
  }
}

/** Nothing where it takes more than the tenant to know, or where the command will be refused. */
function guessed(ask: () => readonly CounterRef[] | undefined): readonly CounterRef[] {
  try {
    return ask() ?? []
  } catch (error) {
    if (error instanceof NotLoaded || error instanceof Refusal) return []
    throw error
  }
}
