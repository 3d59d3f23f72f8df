/**
 * Receivables aging by tenant and customer. Owns the books (invoices, payments, balances, daily figures), the tenants'
 * days, and the history of both families; later topologies read its stores.
 *
 * A1: every event is folded by its own effective dates; today only chooses what counts already. A2: at each local
 * midnight, in this order: CLOSE of the day that ended, today moves, what takes effect on the new day, all customers
 * with a balance are shown anew. A gap in time fires every missed midnight, one after the other. A3: the first change
 * after a snapshot arms the next one, at the following UTC quarter-hour. A4: a customer that is settled is shown with
 * zeros until the next midnight, then taken away (tombstone).
 */
import type {
  AnyRecords,
  EventRecords,
  FinanceEvent,
  ResultKind,
  ResultType,
} from '../../schemas/generated/records.ts'
import { TOPICS } from '../../schemas/topics.ts'
import { NO_BALANCE } from '../domain/balances.ts'
import { Book, readableFigures, WHOLE } from '../domain/book.ts'
import { checkTenantId } from '../domain/checks.ts'
import { figureSource } from '../domain/figures.ts'
import { foldEvent } from '../domain/fold.ts'
import type { Tenant } from '../domain/records.ts'
import { ORDER_FREE } from '../../schemas/rules/accept.ts'
import { AGING_FAMILY, agingResult, kpiResult, resultKey } from '../domain/results.ts'
import { nextDay, openTenant, withSettings } from '../domain/tenants.ts'
import type { Context, Rendered, RenderContext, Topology } from '../runtime/topology.ts'
import { BALANCES, BOOK_STORES, bookStores, FIGURE_INDEX, MONTHS, TENANTS } from './stores.ts'

/** Value of a result as bytes for its topic. */
export type EncodeResult = <T extends ResultType>(type: T, value: AnyRecords[T]) => Buffer

const QUARTER_MS = 15 * 60_000
const MIDNIGHT = 'midnight|'
const SNAPSHOT = 'snapshot|'

/** Types that no book and no result depends on. */
export const BOOKLESS: ReadonlySet<string> = new Set(['ExpenseRecorded', 'FxRateSet', 'TaxRateSet', 'Tick'])

function openBook(tenantId: string, tenant: Tenant, ctx: Context): Book {
  return new Book(tenantId, tenant.today, bookStores(ctx), {
    balanceChanged: (customerId) => ctx.dirty(`${tenantId}|${customerId}`),
    count: (metric) => ctx.count(metric),
  })
}

/** Writes the tenant when it changed, with the snapshot armed (A3) and the latest change kept. */
function keep(tenantId: string, known: Tenant | undefined, tenant: Tenant, book: Book, ctx: Context): void {
  let kept = tenant
  if (book.latestChange > kept.latestChange) kept = { ...kept, latestChange: book.latestChange }
  if (kept !== known) ctx.store(TENANTS).set(tenantId, kept)
}

function armed(tenantId: string, tenant: Tenant, ctx: Context): Tenant {
  if (tenant.snapshotAt !== 0) return tenant
  const snapshotAt = (Math.floor(ctx.meta.logTime / QUARTER_MS) + 1) * QUARTER_MS
  ctx.setTimer(SNAPSHOT + tenantId, snapshotAt)
  return { ...tenant, snapshotAt }
}

export function receivablesAging(encode: EncodeResult): Topology {
  /** The tenant's KPIs and aging as they stand, on the history topic. */
  function emitHistory(tenantId: string, tenant: Tenant, kind: ResultKind, ctx: Context): void {
    const { offset: revision, logTime, epoch } = ctx.meta
    const place = { tenantId, kind, epoch, revision, logTime }
    const figures = readableFigures(tenantId, ctx.store(FIGURE_INDEX), ctx.store(MONTHS))
    const balance = ctx.store(BALANCES).get(`${tenantId}|${WHOLE}`) ?? NO_BALANCE
    const kpis = encode('KpiResult', kpiResult(place, tenant, figureSource(figures)))
    const aging = encode('AgingResult', agingResult(place, tenant, WHOLE, balance))
    ctx.emit({ topic: TOPICS.history, key: tenantId, value: kpis })
    ctx.emit({ topic: TOPICS.history, key: tenantId, value: aging })
  }

  /** A2 for one midnight; gives the tenant on its new day. */
  function startNextDay(tenantId: string, tenant: Tenant, ctx: Context): Tenant {
    emitHistory(tenantId, tenant, 'CLOSE', ctx)
    const moved = nextDay(tenant)
    const book = openBook(tenantId, moved, ctx)
    book.startDay()
    book.showAll()
    return book.latestChange > moved.latestChange ? { ...moved, latestChange: book.latestChange } : moved
  }

  function settingsChanged(e: EventRecords['TenantRegistered'], ctx: Context): void {
    const { tenantId } = e
    checkTenantId(tenantId)
    const known = ctx.store(TENANTS).get(tenantId) ?? openTenant(ctx.meta.logTime)
    const changed = withSettings(known, e, ctx.meta.logTime)
    let { tenant } = changed
    while (tenant.today < changed.reach) tenant = startNextDay(tenantId, tenant, ctx)
    tenant = armed(tenantId, tenant, ctx)
    ctx.store(TENANTS).set(tenantId, tenant)
    ctx.setTimer(MIDNIGHT + tenantId, tenant.nextDayAt)
    openBook(tenantId, tenant, ctx).showAll()
  }

  function folded(event: FinanceEvent, ctx: Context): void {
    const { tenantId } = event.data
    const known = ctx.store(TENANTS).get(tenantId)
    if (known === undefined) checkTenantId(tenantId)
    let tenant = known ?? openTenant(ctx.meta.logTime)
    // Set for a new tenant, and again should a midnight have failed.
    if (known === undefined || ctx.meta.logTime >= tenant.nextDayAt) {
      ctx.setTimer(MIDNIGHT + tenantId, tenant.nextDayAt)
    }
    if (known === undefined) ctx.dirty(`${tenantId}|${WHOLE}`)
    const book = openBook(tenantId, tenant, ctx)
    foldEvent(event, book, tenant)
    if (book.commit()) tenant = armed(tenantId, tenant, ctx)
    keep(tenantId, known, tenant, book, ctx)
  }

  return {
    name: 'receivables-aging',
    version: 1,
    stores: BOOK_STORES,
    orderFree: ORDER_FREE,

    onEvent(event, ctx) {
      if (BOOKLESS.has(event.type)) return
      if (event.type === 'TenantRegistered' || event.type === 'TenantSettingsChanged') {
        settingsChanged(event.data, ctx)
      } else folded(event, ctx)
    },

    onTimer(name, atMs, ctx) {
      const tenantId = name.slice(name.indexOf('|') + 1)
      const tenants = ctx.store(TENANTS)
      const tenant = tenants.get(tenantId)
      if (tenant === undefined) return
      if (name.startsWith(MIDNIGHT) && tenant.nextDayAt <= atMs) {
        const moved = startNextDay(tenantId, tenant, ctx)
        tenants.set(tenantId, moved)
        ctx.setTimer(name, moved.nextDayAt)
      } else if (name.startsWith(SNAPSHOT) && tenant.snapshotAt !== 0) {
        emitHistory(tenantId, tenant, 'SNAPSHOT', ctx)
        tenants.set(tenantId, { ...tenant, snapshotAt: 0 })
      }
    },

    render(key: string, ctx: RenderContext): readonly Rendered[] {
      const cut = key.indexOf('|')
      const tenantId = key.slice(0, cut)
      const slice = key.slice(cut + 1)
      const tenant = ctx.store(TENANTS).get(tenantId)
      if (tenant === undefined) return []
      const balance = ctx.store(BALANCES).get(key) ?? NO_BALANCE
      const target = resultKey(tenantId, AGING_FAMILY, slice)
      if (slice !== WHOLE && !balance.listed) return [{ key: target, value: null }]
      const { epoch, revision, logTime } = ctx
      const place = { tenantId, kind: 'CURRENT', epoch, revision, logTime } as const
      return [{ key: target, value: encode('AgingResult', agingResult(place, tenant, slice, balance)) }]
    },
  }
}
