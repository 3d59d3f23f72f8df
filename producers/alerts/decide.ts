/**
 * Owns the rules of what people do about alerts, and of setting what is watched. PURE.
 *
 * L1: open -> acknowledged -> resolved; open or acknowledged -> escalated -> acknowledged or resolved. Nothing comes after
 *     resolved, and nothing is resolved that nobody has looked at. L2: an alert is born in the processors, and this side
 *     reads nothing of theirs: an alert without commands is taken to be open. Whoever asks the API first (as its
 *     /v1/alerts/{id}/... does) is told of an alert that is not there. L3: that an alert cleared by itself stops nobody:
 *     it can still be looked at and resolved.
 */
import { type AlertRule, faultOf } from '../../schemas/rules/alerts/rules.ts'
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Payload } from '../kernel/events.ts'
import type { AcknowledgeAlert, EscalateAlert, ResolveAlert, SetAlertRule } from './commands.ts'

export type AlertRuleState = Payload<'AlertRuleSet'>

export interface AlertCommandState {
  readonly state: 'ACKNOWLEDGED' | 'ESCALATED' | 'RESOLVED'
}

export type AlertEvent = DomainEvent<'AlertAcknowledged' | 'AlertEscalated' | 'AlertResolved'>

/** As the processors make them (processors/topologies/alert-desk.ts). */
const ALERT_ID = /^al-[0-9a-f]{32}$/

export function decideSetRule(
  state: AlertRuleState | null,
  command: SetAlertRule,
): readonly DomainEvent<'AlertRuleSet'>[] {
  const { id, ...data } = command
  const rule: AlertRule = { id, ...data }
  const fault = faultOf(rule)
  if (fault !== undefined) throw refuseField('validation_failed', `/${fault.field}`, fault.detail)
  const same =
    state !== null &&
    (Object.keys(data) as (keyof typeof data)[]).every((name) => isSame(state[name], data[name]))
  if (same) throw new Refusal('nothing_changed', `rule ${id} is set like this already`)
  return [{ type: 'AlertRuleSet', data }]
}

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_name, one: unknown) =>
    one !== null && typeof one === 'object'
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  )
const isSame = (a: unknown, b: unknown): boolean => textOf(a) === textOf(b)

/** Refuses what can be no alert, and what is over (L1). */
function refuseOver(state: AlertCommandState | null, id: string): void {
  if (!ALERT_ID.test(id)) throw new Refusal('alert_not_found', `there is no alert ${id}`)
  if (state?.state === 'RESOLVED')
    throw new Refusal('alert_resolved', `alert ${id} is resolved: nothing comes after that`)
}

export function decideAcknowledge(
  state: AlertCommandState | null,
  { note }: AcknowledgeAlert,
  id: string,
): readonly AlertEvent[] {
  refuseOver(state, id)
  if (state?.state === 'ACKNOWLEDGED') {
    throw new Refusal('alert_acknowledged', `alert ${id} is acknowledged already: resolve it, or escalate it`)
  }
  return [{ type: 'AlertAcknowledged', data: { note } }]
}

export function decideEscalate(
  state: AlertCommandState | null,
  { escalatedTo, note }: EscalateAlert,
  id: string,
): readonly AlertEvent[] {
  refuseOver(state, id)
  if (state?.state === 'ESCALATED') {
    throw new Refusal('alert_escalated', `alert ${id} is escalated already: acknowledge it, or resolve it`)
  }
  return [{ type: 'AlertEscalated', data: { escalatedTo, note } }]
}

export function decideResolve(
  state: AlertCommandState | null,
  { note }: ResolveAlert,
  id: string,
): readonly AlertEvent[] {
  refuseOver(state, id)
  if (state === null) {
    throw new Refusal('alert_not_acknowledged', `alert ${id} is open: acknowledge it before you resolve it`)
  }
  return [{ type: 'AlertResolved', data: { note } }]
}

const AFTER = {
  AlertAcknowledged: 'ACKNOWLEDGED',
  AlertEscalated: 'ESCALATED',
  AlertResolved: 'RESOLVED',
} as const

export const evolveAlert = (_state: AlertCommandState | null, event: AlertEvent): AlertCommandState => ({
  state: AFTER[event.type],
})

export const evolveAlertRule = (
  _state: AlertRuleState | null,
  event: DomainEvent<'AlertRuleSet'>,
): AlertRuleState => event.data
