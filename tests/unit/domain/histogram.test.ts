import { describe, expect, it } from '@jest/globals'
import {
  addToHistogram,
  eachDay,
  EMPTY_HISTOGRAM,
  flatten,
  type Histogram,
  unflatten,
} from '../../../processors/domain/histogram.ts'

const contents = (histogram: Histogram) => {
  const seen: [number, bigint][] = []
  eachDay(histogram, (day, amount) => seen.push([day, amount]))
  return seen
}

describe('a histogram of amounts by day', () => {
  it('agrees with a plain map after thousands of changes, blocks and negative days included', () => {
    const plain = new Map<number, bigint>()
    let histogram = EMPTY_HISTOGRAM
    for (let i = 0; i < 5000; i++) {
      const day = ((i * 7919) % 1500) - 400
      const before = plain.get(day) ?? 0n
      const delta = i % 3 === 0 ? -before : BigInt((i * 31) % 97)
      if (before + delta === 0n) plain.delete(day)
      else plain.set(day, before + delta)
      histogram = addToHistogram(histogram, day, delta)
    }
    expect(contents(histogram)).toEqual([...plain].sort(([a], [b]) => a - b))
  })

  it('is the same value whatever order the amounts came in, and empty again when they are gone', () => {
    const days = [5, 300, -7, 5, 255, 256]
    const build = (order: number[]) => order.reduce((h, day) => addToHistogram(h, day, 10n), EMPTY_HISTOGRAM)
    const one = build(days)
    expect(build([...days].reverse())).toEqual(one)
    expect(days.reduce((h, day) => addToHistogram(h, day, -10n), one)).toEqual(EMPTY_HISTOGRAM)
  })

  it('never changes a value that was handed out', () => {
    const one = addToHistogram(EMPTY_HISTOGRAM, 5, 10n)
    const copy = structuredClone(one)
    addToHistogram(addToHistogram(one, 5, 1n), 6, 1n)
    addToHistogram(one, 5, -10n)
    expect(one).toEqual(copy)
  })

  it('throws when an amount would fall below zero, for then something was taken away twice', () => {
    expect(() => addToHistogram(EMPTY_HISTOGRAM, 5, -1n)).toThrow('would fall to -1')
  })

  it('survives being flattened', () => {
    const one = [1, 255, 256, 511, 512, -1].reduce(
      (h, day) => addToHistogram(h, day, BigInt(day + 2)),
      EMPTY_HISTOGRAM,
    )
    const { days, amounts } = flatten(one)
    expect(unflatten(days, amounts)).toEqual(one)
  })
})
