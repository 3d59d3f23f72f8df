/**
 * Alerts of a tenant. Reads the books of receivables-aging; owns the rules of tenants, what each rule saw last, the live
 * alerts, and what the projected balance needs beside the books (domain/payables-due.ts).
 *
 * T1: after each event that moves a figure, and at each local midnight, every rule of the tenant that watches a figure
 *     is looked at; so an alert is a matter of events and ticks alone, not of cuts, and a replay raises the same ones.
 * T2: rules are events: a rule holds from its event on, and is looked at there and then. One that is off, or that
 *     watches something else now, clears its alert. T3: patterns (a failed payment, payments just under a threshold,
 *     a day unlike its weekday) are raised by the event or the midnight that shows them, and never clear by themselves;
 *     in the cool-down of their rule they are not raised. T4: the timer sorts behind the midnight of receivables-aging:
 *     the day has moved when it fires. A gap in time looks at each missed day, in order.
 */
import { EVENTS_OF } from '../../schemas/event-kinds.ts'
import type { EventType, FinanceEvent } from '../../schemas/generated/records.ts'
import { ORDER_FREE } from '../../schemas/rules/accept.ts'
import {
  coolDownEnd,
  type Reading,
  stepOf,
  UNWATCHED,
  type Watch,
} from '../../schemas/rules/alerts/crossing.ts'
import { isNear, strangenessOf, structuringWith } from '../../schemas/rules/alerts/detectors.ts'
import {
  type AlertRule,
  ANOMALY,
  faultOf,
  FLOW_MEASURES,
  FLOWS,
  isFlow,
  isPattern,
  parameterOf,
  type PatternMeasure,
  RULES_MAX,
  rulesOf,
  STRUCTURING,
  thresholdOf,
  watchesSame,
} from '../../schemas/rules/alerts/rules.ts'
import { anomalyWords, failedWords, structuringWords, type Words } from '../../schemas/rules/alerts/words.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { checkId, checkTenantId } from '../domain/checks.ts'
import { BOOKED } from '../domain/fold.ts'
import { toBase } from '../domain/item.ts'
import { foldOutlook, isOfOutlook } from '../domain/payables-due.ts'
import type { Tenant } from '../domain/records.ts'
import { ALERTS_FAMILY, alertStatus, resultKey } from '../domain/results.ts'
import { nextDay, openTenant } from '../domain/tenants.ts'
import type { Context, Topology } from '../runtime/topology.ts'
import { AlertDesk } from './alert-desk.ts'
import { Readings } from './alert-readings.ts'
import {
  ALERT_CLOCKS,
  ALERT_RULES,
  ALERT_STORES,
  LIVE_ALERTS,
  NEAR_PAYMENTS,
  outlookStores,
  WATCHES,
} from './alert-stores.ts'
import type { EncodeResult } from './aging.ts'
import { PAYMENTS, TENANTS } from './stores.ts'

/** T4: behind `midnight|`. */
const NIGHT = 'night|'
const COOL = 'cool|'

/** Types whose effect on the books changes no figure that a rule reads. */
const NAMES: ReadonlySet<EventType> = new Set(EVENTS_OF.customer)
const SETTINGS: ReadonlySet<EventType> = new Set(EVENTS_OF.tenant)

type RuleSet = Extract<FinanceEvent, { readonly type: 'AlertRuleSet' }>['data']

const ruleOf = (e: RuleSet): AlertRule => ({
  id: e.aggregateId,
  measure: e.measure,
  window: e.window,
  operator: e.operator,
  threshold: e.threshold,
  clearLevel: e.clearLevel,
  coolDownMinutes: e.coolDownMinutes,
  severity: e.severity,
  impact: e.impact,
  parameters: { ...e.parameters },
  active: e.active,
})

/** What a look at a tenant works with. */
interface Look {
  readonly tenantId: string
  readonly tenant: Tenant
  readonly cause: string
  readonly ctx: Context
}

const watchKey = ({ tenantId }: Look, rule: AlertRule): string => `${tenantId}|${rule.id}`
const watchOf = (look: Look, rule: AlertRule): Watch =>
  look.ctx.store(WATCHES).get(watchKey(look, rule)) ?? UNWATCHED

const rulesFor = ({ tenantId, ctx }: Look): readonly AlertRule[] =>
  rulesOf(ctx.store(ALERT_RULES).get(tenantId) ?? [])

export function alerts(encode: EncodeResult): Topology {
  const desk = new AlertDesk(encode)

  function raise(look: Look, rule: AlertRule, subject: string, value: string, words: Words): void {
    const { tenantId, tenant, cause, ctx } = look
    const alertId = desk.raise(tenantId, tenant, { rule, subject, cause }, { value, words }, ctx)
    const holds = !isFlow(rule.measure) && !isPattern(rule.measure)
    ctx
      .store(WATCHES)
      .set(watchKey(look, rule), { alertId: holds ? alertId : null, raisedAt: ctx.meta.logTime })
  }

  /** The alert of a rule, if one holds, is over. */
  function clear(look: Look, rule: AlertRule, value: string | null, reason: string): void {
    const watch = watchOf(look, rule)
    if (watch.alertId === null) return
    const { tenantId, tenant, cause, ctx } = look
    const occasion = { rule, subject: '', cause, alertId: watch.alertId }
    desk.clear(tenantId, tenant, occasion, { value, reason }, ctx)
    ctx.store(WATCHES).set(watchKey(look, rule), { ...watch, alertId: null })
  }

  /** T1. */
  function lookAround(look: Look): void {
    const { tenantId, tenant, ctx } = look
    const readings = new Readings(tenantId, tenant, ctx)
    let wakeAt = Number.POSITIVE_INFINITY
    for (const rule of rulesFor(look)) {
      if (!rule.active || isFlow(rule.measure) || isPattern(rule.measure)) continue
      const said = readings.of(rule)
      const step = stepOf(rule, watchOf(look, rule), said.reading, ctx.meta.logTime)
      if (step.kind === 'wait') wakeAt = Math.min(wakeAt, step.wakeAt)
      else if (step.kind === 'raise') raise(look, rule, '', textOf(said.reading), said.words())
      else if (step.kind === 'clear') clear(look, rule, textOf(said.reading), 'back_to_normal')
    }
    if (wakeAt !== Number.POSITIVE_INFINITY) ctx.setTimer(COOL + tenantId, wakeAt)
  }

  /** T2. */
  function ruleSet(e: RuleSet, look: Look): void {
    const { tenantId, ctx } = look
    checkTenantId(tenantId)
    checkId('alert rule', e.aggregateId)
    const rule = ruleOf(e)
    const own = ctx.store(ALERT_RULES).get(tenantId) ?? []
    const others = own.filter(({ id }) => id !== rule.id)
    if (faultOf(rule) !== undefined || others.length >= RULES_MAX) {
      ctx.count('alert_rule_ignored')
      return
    }
    const before = rulesFor(look).find(({ id }) => id === rule.id)
    const same = before !== undefined && watchesSame(before, rule)
    if (before !== undefined && (!same || !rule.active)) {
      clear(look, before, null, rule.active ? 'rule_changed' : 'rule_off')
      if (!same) ctx.store(WATCHES).delete(watchKey(look, rule))
    }
    const after = [...others, rule].sort((a, b) => (a.id < b.id ? -1 : 1))
    ctx.store(ALERT_RULES).set(tenantId, after)
    lookAround(look)
  }

  /** T3: the active rules of a pattern that are not in their cool-down. */
  function readyFor(look: Look, measure: PatternMeasure | (typeof FLOW_MEASURES)[number]): AlertRule[] {
    const { logTime } = look.ctx.meta
    return rulesFor(look).filter(
      (rule) => rule.active && rule.measure === measure && logTime >= coolDownEnd(rule, watchOf(look, rule)),
    )
  }

  function failed(look: Look, paymentId: string, direction: 'in' | 'out', reason: string): void {
    for (const rule of readyFor(look, 'failedPayment'))
      raise(look, rule, paymentId, '1', failedWords(paymentId, direction, reason))
  }

  function received(look: Look, e: Extract<FinanceEvent, { type: 'PaymentReceived' }>['data']): void {
    const { tenantId, tenant, ctx } = look
    const amount = toBase(e.amount, { currency: e.currency, rate: e.fxRate, base: tenant.currency })
    for (const rule of readyFor(look, 'paymentStructuring')) {
      // Amounts have 4 decimals, thresholds 8.
      const threshold = thresholdOf(rule.threshold) / 10_000n
      if (!isNear(amount, threshold, parameterOf(rule, 'marginPercent', STRUCTURING.marginPercent))) continue
      const windowDays = parameterOf(rule, 'windowDays', STRUCTURING.windowDays)
      const count = parameterOf(rule, 'count', STRUCTURING.count)
      const newest = { id: e.aggregateId, day: e.paymentDate, amount }
      const key = nearKey(tenantId, e.customerId, rule)
      const kept = ctx.store(NEAR_PAYMENTS).get(key) ?? []
      const pattern = structuringWith(kept, newest, { count, windowDays })
      if (pattern === undefined) {
        // Those of long ago can still be completed by a payment with an old date, but not by so many.
        ctx.store(NEAR_PAYMENTS).set(key, [...kept, newest].slice(-NEAR_MAX))
        continue
      }
      const used = new Set(pattern.map(({ id }) => id))
      const left = kept.filter(({ id }) => !used.has(id))
      if (left.length === 0) ctx.store(NEAR_PAYMENTS).delete(key)
      else ctx.store(NEAR_PAYMENTS).set(key, left)
      const words = structuringWords(e.customerId, pattern, threshold, tenant.currency)
      raise(look, rule, e.customerId, String(pattern.length), words)
    }
  }

  /** A payment that came to nothing is part of no pattern. */
  function takenBack(look: Look, paymentId: string): void {
    const { tenantId, ctx } = look
    const customerId = ctx.store(PAYMENTS).get(`${tenantId}|${paymentId}`)?.document.customerId
    if (customerId === undefined) return
    for (const rule of rulesFor(look)) {
      if (rule.measure !== 'paymentStructuring') continue
      const key = nearKey(tenantId, customerId, rule)
      const kept = ctx.store(NEAR_PAYMENTS).get(key)
      if (kept?.some(({ id }) => id === paymentId) !== true) continue
      const left = kept.filter(({ id }) => id !== paymentId)
      if (left.length === 0) ctx.store(NEAR_PAYMENTS).delete(key)
      else ctx.store(NEAR_PAYMENTS).set(key, left)
    }
  }

  /** T3: the flows of a day that has ended. */
  function judgeDay(look: Look, day: EpochDay): void {
    const { tenantId, tenant, ctx } = look
    const readings = new Readings(tenantId, tenant, ctx)
    for (const [i, flow] of FLOWS.entries()) {
      for (const rule of readyFor(look, FLOW_MEASURES[i] ?? 'cashInAnomaly')) {
        const found = readings.flow(flow, day, parameterOf(rule, 'weeks', ANOMALY.weeks))
        if (found === undefined) continue
        const strange = strangenessOf(found.value, found.before, thresholdOf(rule.threshold))
        if (strange?.isStrange !== true) continue
        const words = anomalyWords(flow, day, found.value, strange, tenant.currency)
        raise(look, rule, formatDay(day), readings.text(found.value), words)
      }
    }
  }

  function arm({ tenantId, ctx }: Look, atMs: number): void {
    const clock = ctx.store(ALERT_CLOCKS).get(tenantId)
    if (clock?.armedAt === atMs) return
    ctx.store(ALERT_CLOCKS).set(tenantId, { armedAt: atMs, judged: clock?.judged ?? null })
    ctx.setTimer(NIGHT + tenantId, atMs)
  }

  function night(look: Look, atMs: number): void {
    const { tenantId, tenant, ctx } = look
    const clock = ctx.store(ALERT_CLOCKS).get(tenantId)
    const ended = tenant.today - 1
    if (clock === undefined || clock.judged === null || ended > clock.judged) {
      judgeDay(look, ended)
      ctx.store(ALERT_CLOCKS).set(tenantId, { armedAt: clock?.armedAt ?? 0, judged: ended })
    }
    lookAround(look)
    arm(look, tenant.nextDayAt > atMs ? tenant.nextDayAt : nextDay(tenant).nextDayAt)
  }

  const moveOf = (event: FinanceEvent) => {
    const { data } = event
    const said = { alertId: data.aggregateId, actor: data.actor, eventId: data.eventId, escalatedTo: '' }
    switch (event.type) {
      case 'AlertAcknowledged':
        return { ...said, state: 'ACKNOWLEDGED', note: event.data.note } as const
      case 'AlertEscalated':
        return { ...said, ...pick(event.data), state: 'ESCALATED' } as const
      case 'AlertResolved':
        return { ...said, state: 'RESOLVED', note: event.data.note } as const
      default:
        return undefined
    }
  }

  return {
    name: 'alerts',
    version: 1,
    stores: ALERT_STORES,
    orderFree: ORDER_FREE,

    onEvent(event, ctx) {
      const { tenantId, eventId: cause } = event.data
      const move = moveOf(event)
      if (move !== undefined) return desk.move(tenantId, move, ctx)
      const booked = BOOKED.has(event.type) && !NAMES.has(event.type)
      const ofOutlook = isOfOutlook(event)
      if (!booked && !ofOutlook && !SETTINGS.has(event.type) && event.type !== 'AlertRuleSet') return
      const tenant = ctx.store(TENANTS).get(tenantId) ?? openTenant(ctx.meta.logTime)
      const look = { tenantId, tenant, cause, ctx }
      if (event.type === 'AlertRuleSet') ruleSet(event.data, look)
      const moved = ofOutlook && foldOutlook(event, tenant.currency, outlookStores(ctx))
      if (event.type === 'PaymentReceived') received(look, event.data)
      if (event.type === 'PaymentFailed') failed(look, event.data.aggregateId, 'in', event.data.reason)
      if (event.type === 'VendorPaymentFailed') failed(look, event.data.aggregateId, 'out', event.data.reason)
      if (event.type === 'PaymentFailed' || event.type === 'PaymentReversed')
        takenBack(look, event.data.aggregateId)
      if (booked || moved || SETTINGS.has(event.type)) lookAround(look)
      arm(look, tenant.nextDayAt)
    },

    onTimer(name, atMs, ctx) {
      const tenantId = name.slice(name.indexOf('|') + 1)
      const tenant = ctx.store(TENANTS).get(tenantId) ?? openTenant(atMs)
      const look = { tenantId, tenant, cause: `tick:${atMs}`, ctx }
      if (name.startsWith(NIGHT)) night(look, atMs)
      else if (name.startsWith(COOL)) lookAround(look)
    },

    render(key, ctx) {
      const cut = key.indexOf('|')
      const [tenantId, alertId] = [key.slice(0, cut), key.slice(cut + 1)]
      const live = ctx.store(LIVE_ALERTS).get(key)
      const target = resultKey(tenantId, ALERTS_FAMILY, alertId)
      if (live === undefined) return [{ key: target, value: null }]
      const { epoch, revision, logTime } = ctx
      return [{ key: target, value: encode('AlertStatus', alertStatus({ epoch, revision, logTime }, live)) }]
    },
  }
}

/** Payments kept of one customer for one rule. */
const NEAR_MAX = 200
const nearKey = (tenantId: string, customerId: string, rule: AlertRule): string =>
  `${tenantId}|${customerId}|${rule.id}`

const pick = ({ note, escalatedTo }: { readonly note: string; readonly escalatedTo: string }) => ({
  note,
  escalatedTo,
})

const textOf = (reading: Reading | null): string => reading?.text ?? ''
