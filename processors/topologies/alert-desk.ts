/**
 * Alerts of a tenant from being raised to being over. Owns the list of live ones and what goes out on finance.alerts.v1.
 *
 * D1: an id is the hash of tenant, rule, subject, cause and ordinal: a replay raises the same alert again, and whoever
 *     keeps alerts by id keeps it once. D2: an alert is live until it clears or somebody resolves it; the newest 200 of
 *     a tenant are, older ones are only in the history. D3: what people do about an alert is passed on whatever its
 *     state here: their commands were judged where they were given (producers/alerts).
 */
import { createHash } from 'node:crypto'
import type { AlertRaised, AlertState } from '../../schemas/generated/records.ts'
import { type AlertRule, categoryOf } from '../../schemas/rules/alerts/rules.ts'
import type { Words } from '../../schemas/rules/alerts/words.ts'
import { TOPICS } from '../../schemas/topics.ts'
import type { Tenant } from '../domain/records.ts'
import type { Context } from '../runtime/topology.ts'
import { LIVE_ALERTS, LIVE_IDS, type LiveAlert } from './alert-stores.ts'
import type { EncodeResult } from './aging.ts'

export const LIVE_MAX = 200
const ID_CHARS = 32

/** What an alert is about, and what made it. */
export interface Occasion {
  readonly rule: AlertRule
  readonly subject: string
  /** Id of the event, or the instant of the tick. */
  readonly cause: string
  readonly ordinal?: number
}

export interface Move {
  readonly alertId: string
  readonly state: AlertState
  readonly actor: string
  readonly note: string
  readonly escalatedTo: string
  readonly eventId: string
}

/** D1. */
export function alertIdOf(tenantId: string, { rule, subject, cause, ordinal = 0 }: Occasion): string {
  const text = [tenantId, rule.id, subject, cause, String(ordinal)].join('\u0000')
  return `al-${createHash('sha256').update(text).digest('hex').slice(0, ID_CHARS)}`
}

export class AlertDesk {
  readonly #encode: EncodeResult

  constructor(encode: EncodeResult) {
    this.#encode = encode
  }

  /** Gives the id of the alert. */
  raise(
    tenantId: string,
    tenant: Tenant,
    occasion: Occasion,
    what: { readonly value: string; readonly words: Words },
    ctx: Context,
  ): string {
    const { rule, subject, cause } = occasion
    const alertId = alertIdOf(tenantId, occasion)
    const { logTime, epoch, offset } = ctx.meta
    const raised: AlertRaised = {
      tenantId,
      alertId,
      ruleId: rule.id,
      subject,
      severity: rule.severity,
      category: categoryOf(rule.measure),
      impact: rule.impact,
      measure: rule.measure,
      window: rule.window,
      value: what.value,
      threshold: rule.threshold,
      currency: tenant.currency,
      ...what.words,
      asOf: tenant.today,
      raisedAt: logTime,
      causeId: cause,
      epoch,
      revision: offset,
    }
    this.#emit(tenantId, this.#encode('AlertRaised', raised), ctx)
    const live: LiveAlert = { raised, state: 'OPEN', actor: '', note: '', escalatedTo: '', movedAt: null }
    const ids = ctx.store(LIVE_IDS).get(tenantId) ?? []
    ctx.store(LIVE_ALERTS).set(`${tenantId}|${alertId}`, live)
    ctx.store(LIVE_IDS).set(tenantId, [...ids.filter((id) => id !== alertId), alertId])
    ctx.dirty(`${tenantId}|${alertId}`)
    const oldest = ids[0]
    if (ids.length >= LIVE_MAX && oldest !== undefined) {
      this.#end(tenantId, oldest, ctx)
      ctx.count('alert_left_the_live_list')
    }
    ctx.count('alert_raised', { rule: categoryOf(rule.measure) })
    return alertId
  }

  clear(
    tenantId: string,
    tenant: Tenant,
    occasion: Occasion & { readonly alertId: string },
    why: { readonly value: string | null; readonly reason: string },
    ctx: Context,
  ): void {
    const { rule, subject, cause, alertId } = occasion
    const { logTime, epoch, offset } = ctx.meta
    const cleared = this.#encode('AlertCleared', {
      tenantId,
      alertId,
      ruleId: rule.id,
      subject,
      ...why,
      asOf: tenant.today,
      clearedAt: logTime,
      causeId: cause,
      epoch,
      revision: offset,
    })
    this.#emit(tenantId, cleared, ctx)
    this.#end(tenantId, alertId, ctx)
  }

  /** D3. */
  move(tenantId: string, move: Move, ctx: Context): void {
    const { alertId, state, actor, note, escalatedTo, eventId } = move
    const { logTime: movedAt, epoch, offset: revision } = ctx.meta
    const said = { state, actor, note, escalatedTo, movedAt }
    const moved = { tenantId, alertId, ...said, causeId: eventId, epoch, revision }
    this.#emit(tenantId, this.#encode('AlertMoved', moved), ctx)
    const live = ctx.store(LIVE_ALERTS).get(`${tenantId}|${alertId}`)
    if (live === undefined) ctx.count('alert_moved_when_over')
    else if (state === 'RESOLVED') this.#end(tenantId, alertId, ctx)
    else {
      ctx.store(LIVE_ALERTS).set(`${tenantId}|${alertId}`, { ...live, ...said })
      ctx.dirty(`${tenantId}|${alertId}`)
    }
  }

  /** D2. */
  #end(tenantId: string, alertId: string, ctx: Context): void {
    const key = `${tenantId}|${alertId}`
    if (ctx.store(LIVE_ALERTS).get(key) === undefined) return
    ctx.store(LIVE_ALERTS).delete(key)
    const rest = (ctx.store(LIVE_IDS).get(tenantId) ?? []).filter((id) => id !== alertId)
    if (rest.length === 0) ctx.store(LIVE_IDS).delete(tenantId)
    else ctx.store(LIVE_IDS).set(tenantId, rest)
    ctx.dirty(key)
  }

  #emit(tenantId: string, value: Buffer, ctx: Context): void {
    ctx.emit({ topic: TOPICS.alerts, key: tenantId, value })
  }
}
