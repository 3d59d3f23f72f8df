import { describe, expect, it } from '@jest/globals'
import { acknowledgeAlert, escalateAlert, setAlertRule } from '../../../../producers/alerts/commands.ts'
import {
  type AlertCommandState,
  decideAcknowledge,
  decideEscalate,
  decideResolve,
  decideSetRule,
  evolveAlert,
} from '../../../../producers/alerts/decide.ts'
import { parseBody } from '../../../../producers/http/request.ts'
import { refusalOf } from '../refusals.ts'

const ID = 'al-0123456789abcdef0123456789abcdef'
const MOVES = {
  acknowledge: (state: AlertCommandState | null) => decideAcknowledge(state, { note: 'n' }, ID),
  escalate: (state: AlertCommandState | null) => decideEscalate(state, { escalatedTo: 'boss', note: '' }, ID),
  resolve: (state: AlertCommandState | null) => decideResolve(state, { note: 'n' }, ID),
}
type Move = keyof typeof MOVES

describe('the life of an alert', () => {
  it.each<[AlertCommandState['state'] | 'OPEN', Move, string]>([
    ['OPEN', 'acknowledge', 'ACKNOWLEDGED'],
    ['OPEN', 'escalate', 'ESCALATED'],
    ['OPEN', 'resolve', 'alert_not_acknowledged'],
    ['ACKNOWLEDGED', 'acknowledge', 'alert_acknowledged'],
    ['ACKNOWLEDGED', 'escalate', 'ESCALATED'],
    ['ACKNOWLEDGED', 'resolve', 'RESOLVED'],
    ['ESCALATED', 'acknowledge', 'ACKNOWLEDGED'],
    ['ESCALATED', 'escalate', 'alert_escalated'],
    ['ESCALATED', 'resolve', 'RESOLVED'],
    ['RESOLVED', 'acknowledge', 'alert_resolved'],
    ['RESOLVED', 'escalate', 'alert_resolved'],
    ['RESOLVED', 'resolve', 'alert_resolved'],
  ])('%s, %s: %s', (state, move, expected) => {
    const before = state === 'OPEN' ? null : { state }
    const refused = refusalOf(() => MOVES[move](before))
    const [event] = refused === 'accepted' ? MOVES[move](before) : []
    expect(event === undefined ? refused : evolveAlert(before, event).state).toBe(expected)
  })

  it('records what was said', () => {
    expect(MOVES.escalate(null)).toEqual([
      { type: 'AlertEscalated', data: { escalatedTo: 'boss', note: '' } },
    ])
    expect(parseBody(acknowledgeAlert, {})).toEqual({ note: '' })
    expect(refusalOf(() => parseBody(acknowledgeAlert, { note: 'x'.repeat(1_001) }))).toContain('/note')
    expect(refusalOf(() => parseBody(escalateAlert, { to: 'boss' }))).toContain('validation_failed')
  })

  it.each(['al-1', 'inv-1', `${ID}0`, 'AL-0123456789ABCDEF0123456789ABCDEF'])('%s is no alert', (id) => {
    expect(refusalOf(() => decideAcknowledge(null, { note: '' }, id))).toBe('alert_not_found')
  })
})

describe('a rule of alerts', () => {
  const rule = {
    id: 'slow',
    measure: 'dso',
    window: '30d',
    operator: 'ABOVE',
    threshold: '45',
    severity: 'WARNING',
  }
  const command = (more: object = {}) => parseBody(setAlertRule, { ...rule, ...more })

  it('is set with defaults', () => {
    expect(decideSetRule(null, command())).toEqual([
      {
        type: 'AlertRuleSet',
        data: {
          measure: 'dso',
          window: '30d',
          operator: 'ABOVE',
          threshold: '45',
          clearLevel: null,
          coolDownMinutes: 0,
          severity: 'WARNING',
          impact: 'MEDIUM',
          parameters: {},
          active: true,
        },
      },
    ])
  })

  it('set again as it is changes nothing; anything else does', () => {
    const [event] = decideSetRule(null, command())
    expect(refusalOf(() => decideSetRule(event?.data ?? null, command()))).toBe('nothing_changed')
    expect(refusalOf(() => decideSetRule(event?.data ?? null, command({ active: false })))).toBe('accepted')
    expect(refusalOf(() => decideSetRule(event?.data ?? null, command({ coolDownMinutes: 1 })))).toBe(
      'accepted',
    )
  })

  it.each([
    [{ measure: 'joy' }, 'validation_failed /measure'],
    [{ window: '31d' }, 'validation_failed /window'],
    [{ threshold: '1e5' }, 'validation_failed /threshold'],
    [{ threshold: 45 }, 'validation_failed /threshold'],
    [{ clearLevel: '46' }, 'validation_failed /clearLevel'],
    [{ parameters: { count: '3' } }, 'validation_failed /parameters/count'],
    [{ operator: 'EQUAL' }, 'validation_failed /operator'],
    [{ coolDownMinutes: -1 }, 'validation_failed /coolDownMinutes'],
    [{ id: 'Slow' }, 'validation_failed /id'],
    [{ tenantId: 'x' }, 'validation_failed '],
  ])('%j is refused: %s', (more, expected) => {
    expect(refusalOf(() => decideSetRule(null, command(more)))).toBe(expected)
  })
})
