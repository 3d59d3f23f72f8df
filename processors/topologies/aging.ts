/**
 * Aging of one side of the books, by tenant and party: what receivables and payables have in common. Owns the side's book
 * (documents, payments, balances, daily figures), its tenants' days and its part of the history.
 *
 * A1: every event is folded by its own effective dates; today only chooses what counts already. A2: at each local
 * midnight, in this order: CLOSE of the day that ended (closings.ts, with its corrections), today moves, what takes effect on the new day, all parties
 * with a balance are shown anew. A gap in time fires every missed midnight, one after the other. A3: the first change
 * after a snapshot arms the next one, at the following UTC quarter-hour. A4: a party that is settled is shown with
 * zeros until the next midnight, then taken away (tombstone). A5: at every cut the aging of a tenant is held against its
 * control account, which is the sum of daily movements and shares nothing with the balances but the events: should they
 * ever differ, `control_mismatch` is counted, and both figures are what they are.
 */
import { ORDER_FREE } from '../../schemas/rules/accept.ts'
import type { AnyRecords, EventRecords, FinanceEvent, ResultType } from '../../schemas/generated/records.ts'
import { NO_BALANCE } from '../domain/balances.ts'
import { Book, readableFigures, WHOLE } from '../domain/book.ts'
import { checkTenantId } from '../domain/checks.ts'
import { figureSource } from '../domain/figures.ts'
import type { Settings, Tenant, Words } from '../domain/records.ts'
import { type AgingFamily, agingResult, resultKey } from '../domain/results.ts'
import { nextDay, openTenant, withSettings } from '../domain/tenants.ts'
import type { Context, Rendered, RenderContext, Topology } from '../runtime/topology.ts'
import { nextMultiple } from '../runtime/window/finals.ts'
import { Closings, CORRECT, QUARTER_MS, type Tell } from './closings.ts'
import { type AgingStores, bookStores, storeList } from './stores.ts'

/** Value of a result as bytes for its topic. */
export type EncodeResult = <T extends ResultType>(type: T, value: AnyRecords[T]) => Buffer

/** What is different between the sides. */
export interface Side<E extends FinanceEvent> {
  readonly name: string
  readonly version: number
  readonly family: AgingFamily
  readonly words: Words
  readonly stores: AgingStores
  readonly moves: (event: FinanceEvent) => event is E
  readonly fold: (event: E, book: Book, settings: Settings) => void
  /** What its closes and snapshots say. */
  readonly tell: Tell
  /** The tenant at the first event of this side that is about it; undefined = it is not opened by that event. */
  readonly open: (tenantId: string, ctx: Context, bySettings: boolean) => Tenant | undefined
}

const MIDNIGHT = 'midnight|'
const SNAPSHOT = 'snapshot|'

function armed(tenantId: string, tenant: Tenant, ctx: Context): Tenant {
  if (tenant.snapshotAt !== 0) return tenant
  const snapshotAt = nextMultiple(ctx.meta.logTime, QUARTER_MS)
  ctx.setTimer(SNAPSHOT + tenantId, snapshotAt)
  return { ...tenant, snapshotAt }
}

export function agingTopology<E extends FinanceEvent>(side: Side<E>, encode: EncodeResult): Topology {
  const { stores, family } = side
  const closings = new Closings(stores, side.tell)

  function openBook(tenantId: string, tenant: Tenant, ctx: Context): Book {
    const effects = {
      balanceChanged: (partyId: string) => ctx.dirty(`${tenantId}|${partyId}`),
      count: (metric: string) => ctx.count(metric),
    }
    const tracker = closings.trackerOf(tenantId, tenant, ctx)
    return new Book(tenantId, tenant.today, bookStores(ctx, stores), effects, tracker, side.words)
  }

  /** Writes the tenant when it changed, with the snapshot armed (A3) and the latest change kept. */
  function keep(tenantId: string, known: Tenant | undefined, tenant: Tenant, book: Book, ctx: Context): void {
    let kept = tenant
    if (book.latestChange > kept.latestChange) kept = { ...kept, latestChange: book.latestChange }
    if (kept !== known) ctx.store(stores.tenants).set(tenantId, kept)
  }

  /** A2 for one midnight; gives the tenant on its new day. */
  function startNextDay(tenantId: string, tenant: Tenant, ctx: Context): Tenant {
    closings.close(tenantId, tenant, ctx)
    const moved = nextDay(tenant)
    const book = openBook(tenantId, moved, ctx)
    book.startDay()
    book.showAll()
    return book.latestChange > moved.latestChange ? { ...moved, latestChange: book.latestChange } : moved
  }

  function settingsChanged(e: EventRecords['TenantRegistered'], ctx: Context): void {
    const { tenantId } = e
    checkTenantId(tenantId)
    const known = ctx.store(stores.tenants).get(tenantId) ?? side.open(tenantId, ctx, true)
    if (known === undefined) return
    const changed = withSettings(known, e, ctx.meta.logTime)
    let { tenant } = changed
    while (tenant.today < changed.reach) tenant = startNextDay(tenantId, tenant, ctx)
    tenant = armed(tenantId, tenant, ctx)
    ctx.store(stores.tenants).set(tenantId, tenant)
    ctx.setTimer(MIDNIGHT + tenantId, tenant.nextDayAt)
    openBook(tenantId, tenant, ctx).showAll()
  }

  function folded(event: E, ctx: Context): void {
    const { tenantId } = event.data
    const known = ctx.store(stores.tenants).get(tenantId)
    if (known === undefined) checkTenantId(tenantId)
    let tenant = known ?? side.open(tenantId, ctx, false) ?? openTenant(ctx.meta.logTime)
    // Set for a new tenant, and again should a midnight have failed.
    if (known === undefined || ctx.meta.logTime >= tenant.nextDayAt) {
      ctx.setTimer(MIDNIGHT + tenantId, tenant.nextDayAt)
    }
    if (known === undefined) ctx.dirty(`${tenantId}|${WHOLE}`)
    const book = openBook(tenantId, tenant, ctx)
    side.fold(event, book, tenant)
    if (book.commit()) tenant = armed(tenantId, tenant, ctx)
    if (book.moves !== null) closings.changed(tenantId, tenant, book.moves.changedOn, ctx)
    keep(tenantId, known, tenant, book, ctx)
  }

  return {
    name: side.name,
    version: side.version,
    stores: storeList(stores),
    orderFree: ORDER_FREE,

    onEvent(event, ctx) {
      if (event.type === 'TenantRegistered' || event.type === 'TenantSettingsChanged') {
        settingsChanged(event.data, ctx)
      } else if (side.moves(event)) folded(event, ctx)
    },

    onTimer(name, atMs, ctx) {
      const tenantId = name.slice(name.indexOf('|') + 1)
      const tenants = ctx.store(stores.tenants)
      const tenant = tenants.get(tenantId)
      if (tenant === undefined) return
      if (name.startsWith(MIDNIGHT) && tenant.nextDayAt <= atMs) {
        const moved = startNextDay(tenantId, tenant, ctx)
        tenants.set(tenantId, moved)
        ctx.setTimer(name, moved.nextDayAt)
      } else if (name.startsWith(SNAPSHOT) && tenant.snapshotAt !== 0) {
        closings.emit(tenantId, tenant, 'SNAPSHOT', ctx)
        tenants.set(tenantId, { ...tenant, snapshotAt: 0 })
      } else if (name.startsWith(CORRECT)) closings.correct(tenantId, tenant, ctx)
    },

    render(key: string, ctx: RenderContext): readonly Rendered[] {
      const cut = key.indexOf('|')
      const tenantId = key.slice(0, cut)
      const slice = key.slice(cut + 1)
      const tenant = ctx.store(stores.tenants).get(tenantId)
      if (tenant === undefined) return []
      const balance = ctx.store(stores.balances).get(key) ?? NO_BALANCE
      const target = resultKey(tenantId, family, slice)
      if (slice !== WHOLE && !balance.listed) return [{ key: target, value: null }]
      const { epoch, revision, logTime } = ctx
      const place = { tenantId, kind: 'CURRENT', epoch, revision, logTime } as const
      const result = agingResult(place, family, tenant, slice, balance)
      if (slice === WHOLE && result.total !== controlAccount(tenantId, tenant, ctx)) {
        ctx.count('control_mismatch')
      }
      return [{ key: target, value: encode('AgingResult', result) }]
    },
  }

  /** A5. */
  function controlAccount(tenantId: string, tenant: Tenant, ctx: RenderContext): bigint {
    const figures = readableFigures(tenantId, ctx.store(stores.index), ctx.store(stores.months))
    return figureSource(figures).through(tenant.today).receivables
  }
}
