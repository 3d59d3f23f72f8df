/**
 * The close of a tenant's day: a final, with corrections. Owns which closes are out, which of them no longer hold, and
 * the moves of the days from which they are computed again.
 *
 * What finance people get, on finance.history.v1 (aging of the tenant as a whole, on either side; beside that of the
 * receivables the KPIs):
 * C1: at each local midnight one CLOSE of the day that ended, with all that was known by then; once per day for ever,
 *     also when the clock was away for days: then each missed midnight closes its day, in order. A day that comes again
 *     (the tenant moved west over midnight) is not closed again. Grace: none. A close that is wrong by one late invoice
 *     at 00:00 and right at 00:15 serves more than one that comes an hour later.
 * C2: what comes later and takes effect on a closed day d makes the closes from d on stale: balances and windows run
 *     through all of them. At the next UTC quarter-hour each gets one CORRECTION: the same figures as of the same day,
 *     with all that is known by then, and a higher revision. Newest revision wins. However many events came: one per
 *     day and quarter-hour.
 * C3: the event that takes effect on a closed day is late: it counts, and goes to finance.late.v1 once (`after_final`,
 *     `close 2026-01-14`). An event for a day before the tenant's first close is not late, an import of 2012 least of
 *     all: that day never had a close. While nothing of the tenant is closed, nothing at all is kept for corrections.
 * C4: only the last 45 days are corrected: the 1st of a month until the 15th of the next one, when the VAT return of the
 *     month is due. Older closes stay as they were published; what such a day looks like by all that is known today is
 *     asked of the facts (/v1/kpis and /v1/receivables/aging with asOf).
 * C5: a correction is made with the tenant's settings of its moment. A change of settings alone corrects nothing.
 */
import type { ResultKind } from '../../schemas/generated/records.ts'
import { TOPICS } from '../../schemas/topics.ts'
import { type EpochDay, formatDay, startOfDay } from '../../schemas/values/calendar.ts'
import { NO_BALANCE } from '../domain/balances.ts'
import { readableFigures, WHOLE } from '../domain/book.ts'
import { figureSource } from '../domain/figures.ts'
import { ledgerSource } from '../domain/ledger.ts'
import { MoveTracker, movesKey } from '../domain/move-tracker.ts'
import { type Standing, standingsOf } from '../domain/moves.ts'
import type { Tenant } from '../domain/records.ts'
import type { ResultPlace } from '../domain/results.ts'
import type { Context, RenderContext } from '../runtime/topology.ts'
import {
  changedIn,
  type CorrectionRule,
  finalOut,
  type Finals,
  isOut,
  nextMultiple,
  oldestCorrected,
  takeStale,
} from '../runtime/window/finals.ts'
import { LEDGER_INDEX, LEDGER_MONTHS } from './ledger-stores.ts'
import type { AgingStores } from './stores.ts'

export const QUARTER_MS = 15 * 60_000
/** C2, C4. */
export const RULE: CorrectionRule = { everyMs: QUARTER_MS, horizon: 45 }
export const CORRECT = 'correct|'

/** What is said of a standing: values of records of the history topic. */
export type Tell = (place: ResultPlace, tenant: Tenant, at: Standing) => readonly Buffer[]

/** The tenant as it stands on a side of the books; the ledger is one for both. */
export function standingNow(
  tenantId: string,
  tenant: Tenant,
  ctx: Pick<RenderContext, 'store'>,
  { balances, index, months }: AgingStores,
): Standing {
  const balance = ctx.store(balances).get(`${tenantId}|${WHOLE}`) ?? NO_BALANCE
  const figures = figureSource(readableFigures(tenantId, ctx.store(index), ctx.store(months)))
  const ledger = ledgerSource(readableFigures(tenantId, ctx.store(LEDGER_INDEX), ctx.store(LEDGER_MONTHS)))
  return { day: tenant.today, balance, figures, ledger }
}

export class Closings {
  readonly #stores: AgingStores
  readonly #tell: Tell

  constructor(stores: AgingStores, tell: Tell) {
    this.#stores = stores
    this.#tell = tell
  }

  /** Keeps the moves of days after a close that can be corrected; null while nothing is closed (C3). */
  trackerOf(tenantId: string, tenant: Tenant, ctx: Pick<Context, 'store'>): MoveTracker | null {
    const finals = ctx.store(this.#stores.closings).get(tenantId)
    if (finals === undefined) return null
    const from = oldestCorrected(finals, tenant.today, RULE) + 1
    return new MoveTracker(ctx.store(this.#stores.moves), from, tenant.today)
  }

  #now(tenantId: string, tenant: Tenant, ctx: Pick<Context, 'store'>): Standing {
    return standingNow(tenantId, tenant, ctx, this.#stores)
  }

  /** The tenant as it stands, on the history topic. */
  emit(tenantId: string, tenant: Tenant, kind: ResultKind, ctx: Context): void {
    this.#emit(tenantId, tenant, kind, this.#now(tenantId, tenant, ctx), ctx)
  }

  #emit(tenantId: string, tenant: Tenant, kind: ResultKind, at: Standing, ctx: Context): void {
    const { offset: revision, logTime, epoch } = ctx.meta
    const place = { tenantId, kind, epoch, revision, logTime }
    const then = at.day === tenant.today ? tenant : { ...tenant, today: at.day }
    for (const value of this.#tell(place, then, at)) ctx.emit({ topic: TOPICS.history, key: tenantId, value })
  }

  /** C1: the tenant's today has ended, and moves on. */
  close(tenantId: string, tenant: Tenant, ctx: Context): void {
    const closings = ctx.store(this.#stores.closings)
    const known = closings.get(tenantId)
    if (known === undefined || tenant.today > known.through) {
      this.emit(tenantId, tenant, 'CLOSE', ctx)
      closings.set(tenantId, finalOut(known, tenant.today))
    }
    // No close that is still corrected needs the moves of this day from tomorrow on.
    const done = movesKey(tenantId, tenant.today + 1 - RULE.horizon)
    if (ctx.store(this.#stores.moves).get(done) !== undefined) ctx.store(this.#stores.moves).delete(done)
  }

  /** C2, C3: something takes effect on `day`. */
  changed(tenantId: string, tenant: Tenant, day: EpochDay, ctx: Context): void {
    const closings = ctx.store(this.#stores.closings)
    const finals = closings.get(tenantId)
    if (finals === undefined || day > finals.through) return
    const { logTime } = ctx.meta
    if (isOut(finals, day)) {
      const lateMs = Math.max(0, logTime - startOfDay(day + 1, tenant.zone))
      ctx.late({ reason: 'after_final', window: `close ${formatDay(day)}`, lateMs })
      if (day < oldestCorrected(finals, tenant.today, RULE)) ctx.count('close_left_as_it_was')
    }
    const after = changedIn(finals, day, { current: tenant.today, logTime }, RULE)
    if (after === finals) return
    closings.set(tenantId, after)
    if (after.correctAt !== finals.correctAt) ctx.setTimer(CORRECT + tenantId, after.correctAt)
  }

  /** C2: the corrections that are due. */
  correct(tenantId: string, tenant: Tenant, ctx: Context): void {
    const closings = ctx.store(this.#stores.closings)
    const finals = closings.get(tenantId)
    if (finals === undefined || finals.correctAt === 0) return
    const { range, finals: after } = takeStale(finals, tenant.today, RULE)
    closings.set(tenantId, after)
    if (after.staleFrom !== null) this.#again(tenantId, tenant, after, ctx)
    if (range === null) return
    const moves = ctx.store(this.#stores.moves)
    const now = this.#now(tenantId, tenant, ctx)
    for (const at of standingsOf(now, (day) => moves.get(movesKey(tenantId, day)), ...range))
      this.#emit(tenantId, tenant, 'CORRECTION', at, ctx)
  }

  /** A close of a day that is ahead again (C1): it is looked at a quarter-hour after that day began. */
  #again(tenantId: string, tenant: Tenant, finals: Finals, ctx: Context): void {
    const correctAt = nextMultiple(Math.max(ctx.meta.logTime, tenant.nextDayAt), RULE.everyMs)
    ctx.store(this.#stores.closings).set(tenantId, { ...finals, correctAt })
    ctx.setTimer(CORRECT + tenantId, correctAt)
  }
}
