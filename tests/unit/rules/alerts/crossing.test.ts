/** When rules fire and clear: hand tables. */
import { describe, expect, it } from '@jest/globals'
import { stepOf, UNWATCHED, type Watch } from '../../../../schemas/rules/alerts/crossing.ts'
import { type AlertRule, BUILT_IN_RULES, faultOf, rulesOf } from '../../../../schemas/rules/alerts/rules.ts'
import { amountReading, shareReading } from '../../../../schemas/rules/alerts/words.ts'
import { parseDecimal } from '../../../../schemas/values/amount.ts'

const builtIn = (id: string): AlertRule => {
  const found = BUILT_IN_RULES.find((rule) => rule.id === id)
  if (found === undefined) throw new Error(`no rule ${id}`)
  return found
}
const dso: AlertRule = {
  ...builtIn('receivables-over-90'),
  id: 'slow',
  measure: 'dso',
  window: '30d',
  threshold: '45',
}
const reading = (text: string) => ({
  numerator: parseDecimal(text, 8),
  denominator: 100_000_000n,
  text,
})
const MINUTE = 60_000

/** Values at minutes; gives what happened at each. */
function walk(rule: AlertRule, values: readonly (readonly [minute: number, value: string | null])[]) {
  let watch: Watch = UNWATCHED
  return values.map(([minute, value]) => {
    const step = stepOf(rule, watch, value === null ? null : reading(value), minute * MINUTE)
    if (step.kind === 'raise') watch = { alertId: 'a', raisedAt: minute * MINUTE }
    if (step.kind === 'clear') watch = { ...watch, alertId: null }
    return step.kind === 'wait' ? `wait ${step.wakeAt / MINUTE}` : step.kind
  })
}

describe('C-45, the projected balance', () => {
  it.each([
    ['0.01', 'none'],
    ['0.00', 'none'],
    ['-0.01', 'raise'],
    ['-0.0001', 'raise'],
    ['-1000000.00', 'raise'],
  ])('of %s: %s', (text, kind) => {
    const value = amountReading(parseDecimal(text), 'BDT')
    expect(stepOf(builtIn('cash-flow'), UNWATCHED, value, 0)).toEqual({ kind })
  })

  it('clears at 0, not below', () => {
    const holding = { alertId: 'a', raisedAt: 0 }
    const at = (text: string) =>
      stepOf(builtIn('cash-flow'), holding, amountReading(parseDecimal(text), 'BDT'), 1).kind
    expect([at('-0.01'), at('0'), at('5')]).toEqual(['none', 'clear', 'clear'])
  })
})

describe('C-46, the share over 90 days', () => {
  it.each([
    ['20', '100', 'none'],
    ['20.01', '100', 'raise'],
    ['2000', '10000', 'none'],
    ['2000.0001', '10000', 'raise'],
    ['1999.9999', '10000', 'none'],
    ['0.20', '1', 'none'],
    ['1', '1', 'raise'],
    // 20.0000000000002 %: a float, or a share of 8 decimals, would not see it.
    ['200000000000.0001', '1000000000000.0003', 'raise'],
    ['200000000000.0000', '1000000000000.0000', 'none'],
  ])('of %s in %s: %s', (over90, total, kind) => {
    const value = shareReading(parseDecimal(over90), parseDecimal(total))
    expect(stepOf(builtIn('receivables-over-90'), UNWATCHED, value, 0).kind).toBe(kind)
  })

  it.each(['0', '-5'])('of a total of %s is not known', (total) => {
    expect(shareReading(1n, parseDecimal(total))).toBeNull()
    expect(stepOf(builtIn('receivables-over-90'), UNWATCHED, null, 0).kind).toBe('none')
  })

  it('is shown rounded, and compared exactly', () => {
    expect(shareReading(parseDecimal('20.001'), parseDecimal('100'))?.text).toBe('20.001')
    expect(shareReading(parseDecimal('1'), parseDecimal('3'))?.text).toBe('33.3333')
  })
})

describe('a rule', () => {
  it('fires once per crossing; the threshold itself is silent', () => {
    const values = ['44', '45', '45.00000001', '46', '45.5', '45', '46'] as const
    const steps = walk(
      dso,
      values.map((value, minute) => [minute, value]),
    )
    expect(steps).toEqual(['none', 'none', 'raise', 'none', 'none', 'clear', 'raise'])
  })

  it('below its threshold is the mirror image', () => {
    const rule: AlertRule = { ...dso, operator: 'BELOW', clearLevel: '50' }
    const values = ['46', '45', '44.99999999', '45', '49.9', '50', '44'] as const
    const steps = walk(
      rule,
      values.map((value, minute) => [minute, value]),
    )
    expect(steps).toEqual(['none', 'none', 'raise', 'none', 'none', 'clear', 'raise'])
  })

  it('with hysteresis clears at the clear level, and can fire again only then', () => {
    const rule: AlertRule = { ...dso, clearLevel: '40' }
    const values = ['46', '43', '47', '40.00000001', '40', '46'] as const
    const steps = walk(
      rule,
      values.map((value, minute) => [minute, value]),
    )
    expect(steps).toEqual(['raise', 'none', 'none', 'none', 'clear', 'raise'])
  })

  it('in its cool-down is silent, says until when, and fires then if it still holds', () => {
    const rule: AlertRule = { ...dso, coolDownMinutes: 60 }
    const values = [
      [0, '46'],
      [5, '44'],
      [30, '46'],
      [59, '47'],
      [60, '47'],
      [61, '40'],
      [119, '46'],
      [119.5, '44'],
      [130, '44'],
      [131, '46'],
    ] as const
    expect(walk(rule, values)).toEqual([
      'raise',
      'clear',
      'wait 60',
      'wait 60',
      'raise',
      'clear',
      'wait 120',
      'none',
      'none',
      'raise',
    ])
  })

  it('does not clear because of the cool-down, nor stay because of it', () => {
    const rule: AlertRule = { ...dso, coolDownMinutes: 60 }
    expect(
      walk(rule, [
        [0, '46'],
        [1, '44'],
        [200, '46'],
      ]),
    ).toEqual(['raise', 'clear', 'raise'])
  })

  it('changes nothing while the value is not known', () => {
    expect(
      walk(dso, [
        [0, null],
        [1, '46'],
        [2, null],
        [3, '44'],
        [4, null],
      ]),
    ).toEqual(['none', 'raise', 'none', 'clear', 'none'])
  })
})

describe('what a rule may say', () => {
  const with_ = (more: Partial<AlertRule>): string | undefined => faultOf({ ...dso, ...more })?.field
  it('is sound for every built-in rule', () => {
    expect(BUILT_IN_RULES.map((rule) => faultOf(rule))).toEqual(BUILT_IN_RULES.map(() => undefined))
  })

  it.each<[Partial<AlertRule>, string | undefined]>([
    [{}, undefined],
    [{ measure: 'happiness' }, 'measure'],
    [{ window: '' }, 'window'],
    [{ window: '31d' }, 'window'],
    [{ measure: 'projectedBalance' }, 'window'],
    [{ measure: 'projectedBalance', window: '' }, undefined],
    [{ operator: 'UNKNOWN' }, 'operator'],
    [{ measure: 'failedPayment', window: '', operator: 'BELOW' }, 'operator'],
    [{ threshold: '1e3' }, 'threshold'],
    [{ threshold: '' }, 'threshold'],
    [{ threshold: '-0.000000001' }, 'threshold'],
    [{ threshold: '-12.5' }, undefined],
    [{ clearLevel: '45' }, undefined],
    [{ clearLevel: '45.1' }, 'clearLevel'],
    [{ operator: 'BELOW', clearLevel: '44.9' }, 'clearLevel'],
    [{ operator: 'BELOW', clearLevel: '45.1' }, undefined],
    [{ clearLevel: 'x' }, 'clearLevel'],
    [{ measure: 'cashInAnomaly', window: '', clearLevel: '4' }, 'clearLevel'],
    [{ measure: 'cashInAnomaly', window: '', threshold: '0' }, 'threshold'],
    [{ coolDownMinutes: -1 }, 'coolDownMinutes'],
    [{ coolDownMinutes: 525_601 }, 'coolDownMinutes'],
    [{ parameters: { count: '3' } }, 'parameters/count'],
    [{ measure: 'paymentStructuring', window: '', operator: 'BELOW', parameters: { count: '4' } }, undefined],
    [
      { measure: 'paymentStructuring', window: '', operator: 'BELOW', parameters: { count: '1' } },
      'parameters/count',
    ],
    [{ measure: 'expensesAnomaly', window: '', parameters: { weeks: '7' } }, 'parameters/weeks'],
    [{ measure: 'expensesAnomaly', window: '', parameters: { weeks: '8.5' } }, 'parameters/weeks'],
  ])('%j: %s', (more, field) => expect(with_(more)).toBe(field))

  it('takes the place of the built-in rule with its id', () => {
    const off = { ...builtIn('cash-flow'), active: false }
    expect(rulesOf([off]).filter(({ id }) => id === 'cash-flow')).toEqual([off])
    expect(rulesOf([off])).toHaveLength(BUILT_IN_RULES.length)
    expect(rulesOf([dso])).toHaveLength(BUILT_IN_RULES.length + 1)
  })
})
