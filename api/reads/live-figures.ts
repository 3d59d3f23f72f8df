/**
 * Current figures as the processors keep them in Redis. Owns the judgement whether they can be served: only when the
 * tenant's values are whole for the server that answers. Else the answer is undefined, and the caller computes from
 * the facts: never a zero from a store that was emptied.
 */
import type { Redis } from 'ioredis'
import { type Guard, UNGUARDED } from '../../platform/breaker.ts'
import {
  type AgingValue,
  type AgingValues,
  keysOf,
  type KpiWindowValues,
  parseAging,
  parseKpiWindow,
  TOTAL_FIELD,
} from '../../sinks/redis/contract.ts'
import type { WindowName } from '../../schemas/rules/windows.ts'

/** Which aging: by the name of its key. */
export type LiveBook = 'aging' | 'payables'

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

export function createLiveFigures(options: LiveFiguresOptions): LiveFigures {
  const { redis, runId, onRead, guard = UNGUARDED } = options
  /** The value when the tenant is whole; a store that does not answer is as one that knows nothing. */
  const whole = async <T>(
    tenant: string,
    read: (keys: ReturnType<typeof keysOf>) => Promise<[unknown, T]>,
  ) => {
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
  const both = async (
    commands: (multi: ReturnType<Redis['multi']>) => unknown,
  ): Promise<[unknown, unknown]> => {
    const multi = redis.multi()
    commands(multi)
    const replies = await guard(() => multi.exec())
    const [first, second] = replies ?? []
    if (!first || !second) throw new Error('Redis gave up the transaction')
    if (first[0]) throw first[0]
    if (second[0]) throw second[0]
    return [first[1], second[1]]
  }
  const kpis = (tenant: string, window: WindowName) =>
    whole(tenant, async (keys) => {
      const [sync, hash] = await both((multi) => multi.get(keys.sync).hgetall(keys.kpi(window)))
      return [sync, parseKpiWindow(hash as Record<string, string>) ?? undefined]
    })
  const agingTotal = (tenant: string, book: LiveBook = 'aging') =>
    whole(tenant, async (keys) => {
      const [sync, text] = await both((multi) => multi.get(keys.sync).hget(keys[book], TOTAL_FIELD))
      return [sync, typeof text === 'string' ? (JSON.parse(text) as AgingValue) : undefined]
    })
  return {
    kpis,
    agingTotal,
    agingByCustomer: (tenant, book = 'aging') =>
      whole(tenant, async (keys) => {
        const [sync, hash] = await both((multi) => multi.get(keys.sync).hgetall(keys[book]))
        return [sync, parseAging(hash as Record<string, string>) ?? undefined]
      }),
    hasAlert: (tenant, id) =>
      whole(tenant, async (keys) => {
        const [sync, known] = await both((multi) => multi.get(keys.sync).hexists(keys.alerts, id))
        return [sync, known === 1]
      }),
    async today(tenant) {
      return (await kpis(tenant, '30d'))?.meta.asOf ?? (await agingTotal(tenant))?.asOf
    },
  }
}
