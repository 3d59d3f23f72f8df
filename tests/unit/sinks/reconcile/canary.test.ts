/** The comparison of the canary: who is named, and what the figures must be at a place. */
import { describe, expect, it } from '@jest/globals'
import type { KpiResult } from '../../../../schemas/generated/records.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'
import { computedAccounts, computedAt, findingsOf } from '../../../../sinks/reconcile/canary.ts'
import { type Opinion, plainDecimal } from '../../../../sinks/reconcile/opinions.ts'

const opinion = (store: Opinion['store'], figures: Record<string, string>): Opinion => ({
  store,
  figures: new Map(Object.entries(figures)),
})

describe('findings', () => {
  const computed = new Map([
    ['receivables total', '575.0100'],
    ['totalExpenses 30d', '0'],
  ])
  it('are none where a store says the same in other words, or says nothing of what is 0', () => {
    expect(findingsOf([opinion('redis', { 'receivables total': '575.01' })], computed)).toEqual([])
  })
  it('name each store that is a poisha off, what it says and what is right', () => {
    const stores = [
      opinion('stream', { 'receivables total': '575.01' }),
      opinion('redis', { 'receivables total': '575.02' }),
      opinion('clickhouse', {}),
    ]
    expect(findingsOf(stores, computed)).toEqual([
      { store: 'redis', figure: 'receivables total', said: '575.02', computed: '575.01' },
      { store: 'clickhouse', figure: 'receivables total', said: '0', computed: '575.01' },
    ])
  })
  it('name a figure that nobody computed', () => {
    const [found] = findingsOf([opinion('redis', { 'receivables total': '575.01', new: '1' })], computed)
    expect(found).toEqual({ store: 'redis', figure: 'new', said: '1', computed: '0' })
  })
})

describe('what must be said', () => {
  const day = parseDay('2026-03-20')
  const place = {
    kpi: {
      asOf: day,
      windows: [
        { window: '30d', fromDate: day - 29 },
        { window: 'mtd', fromDate: day - 19 },
      ],
    } as unknown as KpiResult,
  }
  // One round 45 days ago, two 25 days ago: the newest is 25 days past due.
  const figures = computedAt(
    place,
    new Map([
      [day - 45, 1],
      [day - 25, 2],
    ]),
  )
  const said = (name: string) => plainDecimal(figures.get(name) ?? 'missing')
  it('has the one open invoice in its bucket, for the customer and for all', () => {
    for (const whose of ['receivables', 'receivables of canary']) {
      expect(said(`${whose} due 1-30`)).toBe('575.01')
      expect(said(`${whose} posting 1-30`)).toBe('575.01')
      expect(said(`${whose} due current`)).toBe('0')
      expect(said(`${whose} total`)).toBe('575.01')
      expect(said(`${whose} open items`)).toBe('1')
    }
  })
  it('has the sums of each window', () => {
    const of = (window: string) =>
      ['netRevenue', 'totalRevenue', 'cashReceived', 'totalExpenses', 'receivables'].map((name) =>
        said(`${name} ${window}`),
      )
    expect(of('30d')).toEqual(['2000.02', '1000.01', '2300.02', '0', '575.01'])
    expect(of('mtd')).toEqual(['0', '0', '0', '0', '575.01'])
  })
  it('has the accounts', () => {
    expect(plainDecimal(computedAccounts(1).get('account 1200 debit') ?? '')).toBe('1150.01')
    expect(plainDecimal(computedAccounts(1).get('account 1200 credit') ?? '')).toBe('575')
    expect(computedAccounts(1).size).toBe(10)
  })
})
