/**
 * Current figures as the processors keep them in Redis. Owns the judgement whether they can be served: only when the
 * tenant's values are whole for the server that answers. Else the answer is undefined, and the caller computes from
 * the facts: never a zero from a store that was emptied.
 */
import type { Redis } from 'ioredis'
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

export interface LiveFigures {
  kpis(tenant: string, window: WindowName): Promise<KpiWindowValues | undefined>
  agingTotal(tenant: string): Promise<AgingValue | undefined>
  agingByCustomer(tenant: string): Promise<AgingValues | undefined>
  /** The tenant's local day as the processors know it. */
  today(tenant: string): Promise<string | undefined>
}

export interface LiveFiguresOptions {
  readonly redis: Redis
  /** Run id of the server that `redis` is connected to; empty while unknown. */
  readonly runId: () => string
  readonly onRead: (hit: boolean) => void
}

export function createLiveFigures({ redis, runId, onRead }: LiveFiguresOptions): LiveFigures {
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
    const replies = await multi.exec()
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
  const agingTotal = (tenant: string) =>
    whole(tenant, async (keys) => {
      const [sync, text] = await both((multi) => multi.get(keys.sync).hget(keys.aging, TOTAL_FIELD))
      return [sync, typeof text === 'string' ? (JSON.parse(text) as AgingValue) : undefined]
    })
  return {
    kpis,
    agingTotal,
    agingByCustomer: (tenant) =>
      whole(tenant, async (keys) => {
        const [sync, hash] = await both((multi) => multi.get(keys.sync).hgetall(keys.aging))
        return [sync, parseAging(hash as Record<string, string>) ?? undefined]
      }),
    async today(tenant) {
      return (await kpis(tenant, '30d'))?.meta.asOf ?? (await agingTotal(tenant))?.asOf
    },
  }
}
