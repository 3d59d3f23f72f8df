/**
 * KPIs of a tenant in all windows. Reads the books of receivables-aging; owns nothing but when it was last armed.
 *
 * K1: an event that moves money makes the tenant's KPIs dirty; they are computed once per cut. K2: they are dirty at
 * each local midnight too: windows end on another day then. This timer may fire before or after the one that moves the
 * tenant's day: what is shown is computed at the cut, when both have fired.
 */
import { EVENTS_OF } from '../../schemas/event-kinds.ts'
import { ORDER_FREE } from '../../schemas/rules/accept.ts'
import { BOOKED } from '../domain/fold.ts'
import { KPI_FAMILY, kpiResult, resultKey } from '../domain/results.ts'
import { nextDay } from '../domain/tenants.ts'
import type { Context, Topology } from '../runtime/topology.ts'
import { standingNow } from './closings.ts'
import type { EncodeResult } from './aging.ts'
import { KPI_CLOCKS, RECEIVABLE_STORES, TENANTS } from './stores.ts'

const MIDNIGHT = 'midnight|'
/** Types that change which days are in a window, or the currency. */
const SETTINGS: ReadonlySet<string> = new Set(EVENTS_OF.tenant)

export function kpis(encode: EncodeResult): Topology {
  /** K2. */
  function arm(tenantId: string, atMs: number, ctx: Context): void {
    if (ctx.store(KPI_CLOCKS).get(tenantId) === atMs) return
    ctx.store(KPI_CLOCKS).set(tenantId, atMs)
    ctx.setTimer(MIDNIGHT + tenantId, atMs)
  }

  return {
    name: 'kpis',
    version: 1,
    stores: [KPI_CLOCKS],
    orderFree: ORDER_FREE,

    onEvent(event, ctx) {
      if (!BOOKED.has(event.type) && !SETTINGS.has(event.type)) return
      const { tenantId } = event.data
      const tenant = ctx.store(TENANTS).get(tenantId)
      if (tenant === undefined) return
      arm(tenantId, tenant.nextDayAt, ctx)
      if (event.type !== 'CustomerUpdated') ctx.dirty(tenantId)
    },

    onTimer(name, atMs, ctx) {
      const tenantId = name.slice(MIDNIGHT.length)
      const tenant = ctx.store(TENANTS).get(tenantId)
      if (tenant === undefined) return
      arm(tenantId, tenant.nextDayAt > atMs ? tenant.nextDayAt : nextDay(tenant).nextDayAt, ctx)
      ctx.dirty(tenantId)
    },

    render(tenantId, ctx) {
      const tenant = ctx.store(TENANTS).get(tenantId)
      if (tenant === undefined) return []
      const { epoch, revision, logTime } = ctx
      const place = { tenantId, kind: 'CURRENT', epoch, revision, logTime } as const
      const value = encode(
        'KpiResult',
        kpiResult(place, tenant, standingNow(tenantId, tenant, ctx, RECEIVABLE_STORES)),
      )
      return [{ key: resultKey(tenantId, KPI_FAMILY, ''), value }]
    },
  }
}
