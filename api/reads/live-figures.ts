/**
 * Current figures as the processors keep them in Redis. Owns the judgement whether they can be served: only when the
 * tenant's values are whole for the server that answers. Else the answer is undefined, and the caller computes from
 * the facts: never a zero from a store that was emptied.
 *
 * F1  values that were read before are the same object again while run id, epoch and number of the tenant's sequence are
 *     what they were when they were read (contract.ts, R3 and R4: they change with the values, in one step).
 */
import type { ChainableCommander, Redis } from 'ioredis'
import { LRUCache } from 'lru-cache'
import { type Guard, UNGUARDED } from '../../platform/breaker.ts'
import {
  type AgingValue,
  type AgingValues,
  type Channel,
  keysOf,
  type KpiWindowValues,
  parseAging,
  parseKpiWindow,
  type TenantKeys,
  TOTAL_FIELD,
} from '../../sinks/redis/contract.ts'
import type { WindowName } from '../../schemas/rules/windows.ts'
import { inOneStep } from './one-step.ts'

/** Which aging: by the name of its key. */
export type LiveBook = 'aging' | 'payables'

/** About what is kept of values that were read, in characters of their JSON. */
const KNOWN_CHARS_MAX = 12_000_000

export interface LiveFigures {
  kpis(tenant: string, window: WindowName): Promise<KpiWindowValues | undefined>
  /** Of receivables, or of payables: then a customer is a vendor. */
  agingTotal(tenant: string, book?: LiveBook): Promise<AgingValue | undefined>
  agingByCustomer(tenant: string, book?: LiveBook): Promise<AgingValues | undefined>
  /** Whether this alert is live now; undefined where Redis can't tell. */
  hasAlert(tenant: string, id: string): Promise<boolean | undefined>
  /** The tenant's local day as the processors know it. */
  today(tenant: string): Promise<string | undefined>
}

export interface LiveFiguresOptions {
  readonly redis: Redis
  /** Run id of the server that `redis` is connected to; empty while unknown. */
  readonly runId: () => string
  readonly onRead: (hit: boolean) => void
  /** Circuit breaker in front of the reads: a store that hangs is not waited for by each of them. */
  readonly guard?: Guard
}

interface Known {
  readonly stamp: string
  readonly value: object
}

export function createLiveFigures(options: LiveFiguresOptions): LiveFigures {
  const { redis, runId, onRead, guard = UNGUARDED } = options
  const known = new LRUCache<string, Known>({ maxSize: KNOWN_CHARS_MAX })

  /** The value when the tenant is whole; a store that does not answer is as one that knows nothing. */
  const whole = async <T>(
    tenant: string,
    read: (keys: TenantKeys) => Promise<readonly [unknown, T | undefined]>,
  ): Promise<T | undefined> => {
    try {
      const [sync, value] = await read(keysOf(tenant))
      const hit = typeof sync === 'string' && sync !== '' && sync === runId()
      onRead(hit && value !== undefined)
      return hit ? value : undefined
    } catch {
      onRead(false)
      return undefined
    }
  }
  const together = inOneStep(redis, guard)
  /** F1. A hash of a channel, parsed. */
  const hashOf = <T extends object>(
    tenant: string,
    hash: {
      readonly channel: Channel
      readonly name: string
      readonly parse: (all: Record<string, string>) => T | null
    },
  ) =>
    whole(tenant, async (keys): Promise<readonly [unknown, T | undefined]> => {
      const { channel, name, parse } = hash
      const key = channel === 'kpi' ? keys.kpi(name) : keys[name as LiveBook]
      const place = (multi: ChainableCommander) => multi.get(keys.sync).hmget(keys.seq, 'epoch', channel)
      const before = known.get(key)
      if (before !== undefined) {
        const [sync, seq] = await together(place)
        if (before.stamp === stampOf(sync, seq)) return [sync, before.value as T]
      }
      const [sync, seq, all] = await together((multi) => place(multi).hgetall(key))
      const value = parse(all as Record<string, string>) ?? undefined
      const stamp = stampOf(sync, seq)
      if (value === undefined || stamp === undefined) known.delete(key)
      else known.set(key, { stamp, value }, { size: charsOf(all as Record<string, string>) })
      return [sync, value]
    })
  const kpis = (tenant: string, window: WindowName) =>
    hashOf(tenant, { channel: 'kpi', name: window, parse: parseKpiWindow })
  const agingTotal = (tenant: string, book: LiveBook = 'aging') =>
    whole(tenant, async (keys) => {
      const [sync, text] = await together((multi) => multi.get(keys.sync).hget(keys[book], TOTAL_FIELD))
      return [sync, typeof text === 'string' ? totalOf(`${keys[book]} ${TOTAL_FIELD}`, text) : undefined]
    })
  /** The same object for the same text. */
  const totalOf = (name: string, text: string): AgingValue => {
    const before = known.get(name)
    if (before?.stamp === text) return before.value as AgingValue
    const value = JSON.parse(text) as AgingValue
    known.set(name, { stamp: text, value }, { size: text.length * 2 })
    return value
  }
  return {
    kpis,
    agingTotal,
    agingByCustomer: (tenant, book = 'aging') =>
      hashOf(tenant, { channel: 'aging', name: book, parse: parseAging }),
    hasAlert: (tenant, id) =>
      whole(tenant, async (keys) => {
        const [sync, there] = await together((multi) => multi.get(keys.sync).hexists(keys.alerts, id))
        return [sync, there === 1]
      }),
    async today(tenant) {
      return (await kpis(tenant, '30d'))?.meta.asOf ?? (await agingTotal(tenant))?.asOf
    },
  }
}

/** Undefined: the place in the sequence is not known, so nothing can be said to be the same. */
export function stampOf(sync: unknown, seq: unknown): string | undefined {
  const [epoch, ...last] = seq as (string | null)[]
  return typeof sync === 'string' && epoch ? `${sync}|${epoch}|${last.join('|')}` : undefined
}

const charsOf = (all: Readonly<Record<string, string>>): number =>
  Object.entries(all).reduce((sum, [field, text]) => sum + field.length + text.length, 1)
