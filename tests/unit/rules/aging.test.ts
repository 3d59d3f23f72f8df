import { describe, expect, it } from '@jest/globals'
import {
  ageItems,
  allocationDay,
  bucketIndex,
  bucketLabels,
  checkEdges,
  DEFAULT_EDGES,
} from '../../../schemas/rules/aging.ts'
import { parseDay } from '../../../schemas/values/calendar.ts'

describe('aging', () => {
  it('names the buckets as the API does', () => {
    expect(bucketLabels(DEFAULT_EDGES)).toEqual(['current', '1-30', '31-60', '61-90', '90+'])
    expect(bucketLabels([0, 15])).toEqual(['current', '1-15', '15+'])
    expect(bucketLabels([30, 60])).toEqual(['<=30', '31-60', '60+'])
  })

  it.each([
    ['2026-03-01', '2026-02-28', 'current', 'the day before it is due'],
    ['2026-03-01', '2026-03-01', 'current', 'the due day itself'],
    ['2026-03-01', '2026-03-02', '1-30', 'one day past'],
    ['2026-03-01', '2026-03-31', '1-30', '30 days past'],
    ['2026-03-01', '2026-04-01', '31-60', '31 days past'],
    ['2026-03-01', '2026-04-30', '31-60', '60 days past'],
    ['2026-03-01', '2026-05-01', '61-90', '61 days past'],
    ['2026-03-01', '2026-05-30', '61-90', '90 days past'],
    ['2026-03-01', '2026-05-31', '90+', '91 days past'],
    ['2024-02-29', '2024-03-31', '31-60', '31 days past a leap day'],
  ])('puts an amount anchored on %s into its bucket on %s: %s (%s)', (anchor, asOf, label) => {
    const index = bucketIndex(parseDay(asOf), parseDay(anchor), DEFAULT_EDGES)
    expect(bucketLabels(DEFAULT_EDGES)[index]).toBe(label)
  })

  it('puts every amount in one bucket, so that the buckets sum to what is open', () => {
    const items = Array.from({ length: 200 }, (_, i) => ({ anchor: i, amount: BigInt(i * i + 1) }))
    const buckets = ageItems(items, 120)
    expect(buckets).toHaveLength(5)
    expect(buckets.reduce((a, b) => a + b, 0n)).toBe(items.reduce((a, i) => a + i.amount, 0n))
    expect(buckets[0]).toBe(items.slice(120).reduce((a, i) => a + i.amount, 0n))
  })

  it('settles from the later of the allocation and the invoice', () => {
    expect([allocationDay(10, 12), allocationDay(12, 10)]).toEqual([12, 12])
  })

  it.each([[[]], [[0, 0]], [[30, 10]], [[0.5]], [Array.from({ length: 21 }, (_, i) => i)]])(
    'refuses edges that do not ascend in whole days: %j',
    (edges) => {
      expect(() => checkEdges(edges)).toThrow(RangeError)
    },
  )
})
