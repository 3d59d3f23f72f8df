/** The outlook on cash, by hand: pay-lags, what is overdue or disputed, credits, and the first day below zero. */
import { describe, expect, it } from '@jest/globals'
import {
  cashOutlook,
  type DueItem,
  medianLag,
  type OutlookInput,
} from '../../../schemas/rules/cash-outlook.ts'
import { opportunitiesOf, revenueAhead, risksOf } from '../../../schemas/rules/insights.ts'

const ASOF = 100
const item = (id: string, partyId: string, due: number, amount: bigint, disputed = false): DueItem => ({
  id,
  number: id,
  partyId,
  partyName: partyId,
  due,
  amount,
  disputed,
})
const outlook = (more: Partial<OutlookInput>) =>
  cashOutlook({
    asOf: ASOF,
    cash: 100n,
    receivables: [],
    payables: [],
    credits: new Map(),
    advances: new Map(),
    lags: [],
    ...more,
  })
const lag = (customerId: string, daysLate: number, invoices = 1) => ({ customerId, daysLate, invoices })

describe('the pay-lag', () => {
  it.each([
    [[], undefined],
    [[[7, 1]], 7],
    [
      [
        [9, 1],
        [-2, 1],
      ],
      9,
    ],
    [
      [
        [10, 1],
        [5, 1],
        [0, 1],
      ],
      5,
    ],
    [
      [
        [0, 3],
        [30, 2],
      ],
      0,
    ],
    [
      [
        [0, 2],
        [30, 2],
      ],
      30,
    ],
  ])('of %j is %j', (list, expected) => {
    expect(medianLag(list.map(([days = 0, count = 0]) => lag('c', days, count)))).toBe(expected)
  })
})

describe('the calendar', () => {
  it('shifts a receivable by its customer, else by all customers, else not at all', () => {
    const receivables = [item('own', 'a', 105, 10n), item('usual', 'b', 105, 10n)]
    const expected = (lags: OutlookInput['lags']) =>
      outlook({ receivables, lags })
        .weeks.flatMap(({ items }) => items)
        .map(({ id, expected: day, lagDays }) => [id, day, lagDays])
    expect(expected([lag('a', 10), lag('c', 3, 9)])).toEqual([
      ['usual', 108, 3],
      ['own', 115, 10],
    ])
    expect(expected([])).toEqual([
      ['own', 105, 0],
      ['usual', 105, 0],
    ])
  })

  it('expects what is overdue on the next day, what is disputed not at all, and payables at their due date', () => {
    const found = outlook({
      receivables: [item('late', 'a', 60, 7n), item('early', 'e', 103, 5n), item('no', 'a', 110, 90n, true)],
      payables: [item('bill', 'v', 104, 20n, true), item('old', 'v', 90, 3n)],
      lags: [lag('a', 20), lag('e', -40)],
    })
    expect(found.weeks[0]?.items.map(({ id, expected, overdue }) => [id, expected - ASOF, overdue])).toEqual([
      // Of one day the earlier due date is first.
      ['late', 1, true],
      ['old', 1, true],
      ['early', 1, true],
      ['bill', 4, false],
    ])
    expect([found.overdueIn, found.overdueOut, found.notExpected]).toEqual([12n, 3n, 90n])
    expect(found.weeks[0]).toMatchObject({ opening: 100n, cashIn: 12n, cashOut: 23n, closing: 89n })
    expect(found.weeks.at(-1)).toMatchObject({ week: 13, from: ASOF + 85, to: ASOF + 91, closing: 89n })
  })

  it('settles the earliest items of a party with its credits', () => {
    const found = outlook({
      receivables: [item('one', 'a', 110, 30n), item('two', 'a', 105, 20n), item('other', 'b', 105, 5n)],
      payables: [item('bill', 'a', 105, 9n)],
      credits: new Map([['a', 25n]]),
      advances: new Map([['a', 100n]]),
    })
    expect(found.weeks.flatMap(({ items }) => items.map(({ id, amount }) => [id, amount]))).toEqual([
      ['other', 5n],
      ['one', 25n],
    ])
  })

  it('finds the first day below zero: a poisha below is one, zero is none', () => {
    const receivables = [item('r', 'a', ASOF + 5, 50n)]
    const shortage = (amount: bigint, more: Partial<OutlookInput> = {}) => {
      const { daysToShortage, shortageDay } = outlook({
        receivables,
        payables: [item('p', 'v', ASOF + 7, amount)],
        ...more,
      })
      return [daysToShortage, shortageDay]
    }
    expect(shortage(150n)).toEqual([null, null])
    expect(shortage(151n)).toEqual([7, ASOF + 7])
    expect(shortage(120n, { lags: [lag('a', 10)] })).toEqual([7, ASOF + 7])
    // What comes and goes on one day counts together.
    expect(shortage(150n, { lags: [lag('a', 2)] })).toEqual([null, null])
    expect(shortage(1n, { cash: -1n })).toEqual([0, ASOF])
  })

  it('projects balances, and sums what is expected later', () => {
    const found = outlook({
      receivables: [item('r', 'a', ASOF + 30, 50n), item('far', 'a', ASOF + 92, 8n)],
      payables: [item('p', 'v', ASOF + 31, 20n), item('last', 'v', ASOF + 91, 1n), item('far', 'v', 400, 4n)],
    })
    expect(found.projected.map(({ days, balance }) => [days, balance])).toEqual([
      [30, 150n],
      [60, 130n],
      [90, 130n],
    ])
    expect([found.weeks.at(-1)?.closing, found.laterIn, found.laterOut]).toEqual([129n, 8n, 4n])
  })
})

describe('insights', () => {
  const input = {
    netRevenue: 100n,
    expenses: 100n,
    largestCustomer: 40n,
    receivables: 100n,
    over90: 20n,
    outlook: outlook({ payables: [item('p', 'v', ASOF + 30, 100n)] }),
  }
  const codes = (more: Partial<typeof input>) => risksOf({ ...input, ...more }).map(({ code }) => code)

  it('are silent at their thresholds and fire a step above', () => {
    expect(codes({})).toEqual([])
    expect(codes({ expenses: 101n, largestCustomer: 41n, over90: 21n })).toEqual([
      'OVERDUE_RECEIVABLES',
      'CONCENTRATION',
      'LOSS',
    ])
    expect(codes({ outlook: outlook({ payables: [item('p', 'v', ASOF + 30, 101n)] }) })).toEqual([
      'CASH_SHORTAGE',
    ])
    expect(codes({ outlook: outlook({ payables: [item('p', 'v', ASOF + 31, 101n)] }) })).toEqual([])
    expect(codes({ receivables: 0n, over90: 0n, netRevenue: 0n, expenses: 0n, largestCustomer: 0n })).toEqual(
      [],
    )
  })

  it('see what can be collected, put off or used', () => {
    const of = (more: Partial<OutlookInput>) =>
      opportunitiesOf({ ...input, outlook: outlook(more) }).map(({ code, amount }) => [code, amount])
    expect(of({ receivables: [item('r', 'a', 50, 6n)] })).toEqual([['COLLECT', 6n]])
    expect(
      of({ payables: [item('p', 'v', 110, 90n), item('q', 'v', 105, 5n), item('x', 'v', 103, 9n)] }),
    ).toEqual([['PAY_LATER', 95n]])
    expect(of({ payables: [item('p', 'v', 110, 30n)] })).toEqual([['IDLE_CASH', 40n]])
    expect(of({})).toEqual([])
  })

  it('expect revenue as it was, by the day', () => {
    expect([revenueAhead(900n, 90), revenueAhead(10n, 3), revenueAhead(0n, 0)]).toEqual([300n, 100n, null])
  })
})
