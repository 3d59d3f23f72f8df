/** Projected balance, structuring, anomalies: hand tables. */
import { describe, expect, it } from '@jest/globals'
import { type Due, projectCash } from '../../../../schemas/rules/alerts/cash-flow.ts'
import { isNear, strangenessOf, structuringWith } from '../../../../schemas/rules/alerts/detectors.ts'
import { parseDecimal as units } from '../../../../schemas/values/amount.ts'

const TODAY = 20_000
const due = (items: Readonly<Record<number, string>>): Due => {
  const list = Object.entries(items).map(([day, amount]) => [TODAY + Number(day), units(amount)] as const)
  return {
    through: (day) => list.reduce((sum, [on, amount]) => (on <= day ? sum + amount : sum), 0n),
    daysWithin: (from, to) => list.map(([day]) => day).filter((day) => day > from && day <= to),
  }
}
const project = (
  cash: string,
  receivables: Readonly<Record<number, string>>,
  payables: Readonly<Record<number, string>>,
  [unapplied, prepaid]: readonly [string, string] = ['0', '0'],
) => {
  const found = projectCash({
    today: TODAY,
    cash: units(cash),
    receivables: due(receivables),
    payables: due(payables),
    unapplied: units(unapplied),
    prepaid: units(prepaid),
  })
  return [
    Number(found.lowest) / 10_000,
    found.lowestOn - TODAY,
    found.shortageOn === null ? null : found.shortageOn - TODAY,
  ]
}

describe('the projected balance', () => {
  it('is the example of the rule', () => {
    expect(project('100', { 5: '50' }, { 3: '120', 40: '40' })).toEqual([-20, 3, 3])
  })

  it.each<[string, Readonly<Record<number, string>>, Readonly<Record<number, string>>, unknown]>([
    ['0', {}, {}, [0, 0, null]],
    ['10', {}, { 1: '10' }, [0, 1, null]],
    ['10', {}, { 1: '10.01' }, [-0.01, 1, 1]],
    ['10', {}, { 30: '10.01' }, [-0.01, 30, 30]],
    ['10', {}, { 31: '10.01' }, [10, 0, null]],
    // Past due is expected today, on both sides.
    ['0', { [-400]: '5' }, { [-1]: '7' }, [-2, 0, 0]],
    ['0', { 0: '5' }, { 0: '5' }, [0, 0, null]],
    // On one day money comes in before it goes out: a day is the smallest unit.
    ['0', { 7: '5' }, { 7: '5' }, [0, 0, null]],
    ['0', { 8: '5' }, { 7: '5' }, [-5, 7, 7]],
    ['-1', { 2: '9' }, {}, [-1, 0, 0]],
    ['5', { 10: '1' }, { 4: '6', 12: '3' }, [-3, 12, 4]],
  ])('of %s, in %j, out %j', (cash, receivables, payables, expected) => {
    expect(project(cash, receivables, payables)).toEqual(expected)
  })

  it('takes money without a document off what is due first, and never below 0', () => {
    expect(project('0', { 3: '10', 9: '10' }, { 5: '10' }, ['10', '0'])).toEqual([-10, 5, 5])
    expect(project('0', { 3: '10' }, { 5: '10' }, ['0', '4'])).toEqual([0, 0, null])
    expect(project('0', { 3: '5' }, {}, ['50', '50'])).toEqual([0, 0, null])
  })
})

describe('payments just under a threshold', () => {
  it.each([
    ['900000', true],
    ['899999.9999', false],
    ['999999.9999', true],
    ['1000000', false],
    ['1000000.01', false],
  ])('%s of 1,000,000 with 10 per cent: %s', (amount, near) =>
    expect(isNear(units(amount), units('1000000'), 10)).toBe(near),
  )

  const found = (days: readonly number[], newest: number, windowDays = 7) =>
    structuringWith(
      days.map((day, i) => ({ id: `p${i}`, day, amount: 1n })),
      { id: 'new', day: newest, amount: 1n },
      { count: 3, windowDays },
    )?.map(({ day }) => day)

  it.each<[readonly number[], number, readonly number[] | undefined]>([
    [[1], 2, undefined],
    [[1, 2], 3, [1, 2, 3]],
    [[1, 2], 7, [1, 2, 7]],
    [[1, 2], 8, undefined],
    [[5, 9], 3, [3, 5, 9]],
    [[5, 9], 7, [5, 7, 9]],
    [[5, 12], 8, undefined],
    [[1, 1], 1, [1, 1, 1]],
    [[1, 20, 21], 22, [20, 21, 22]],
    // A pattern of others is not one of this payment.
    [[1, 2, 3], 40, undefined],
  ])('on days %j, then %j', (days, newest, expected) => expect(found(days, newest)).toEqual(expected))
})

describe('a day unlike its weekday', () => {
  const SUNDAYS = ['100', '102', '98', '100', '101', '99', '100', '100'].map((text) => units(text))
  const strange = (value: string, before = SUNDAYS, factor = 8n) =>
    strangenessOf(units(value), before, factor * 100_000_000n)?.isStrange

  it.each([
    ['140', false],
    ['140.0001', true],
    ['60', false],
    ['59.9999', true],
    ['100', false],
    ['0', true],
  ])('of %s is strange: %s', (value, expected) => expect(strange(value)).toBe(expected))

  it('measures by the median distance where that is above the floor', () => {
    // Median 110, distances 10 10 30 30 50 50 70 70: MAD 40; factor 2: below 30 and above 190.
    const wide = ['100', '80', '120', '60', '140', '40', '160', '180'].map((text) => units(text))
    expect(strangenessOf(0n, wide, 1n)?.median2).toBe(units('220'))
    expect([strange('190', wide, 2n), strange('190.0001', wide, 2n), strange('30', wide, 2n)]).toEqual([
      false,
      true,
      false,
    ])
  })

  it('has nothing to say about a weekday of zeros', () => {
    expect(strange('5', [0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n])).toBeUndefined()
    expect(strange('5', [0n, 0n, 0n, 0n, 0n, 0n, 0n, units('9')])).toBeUndefined()
  })

  it('knows amounts below zero', () => {
    expect(strange('-100', SUNDAYS)).toBe(true)
    const refunds = SUNDAYS.map((one) => -one)
    expect([strange('-140', refunds), strange('-140.01', refunds)]).toEqual([false, true])
  })
})
