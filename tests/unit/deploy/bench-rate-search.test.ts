import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { processOf } from '../../bench/processor-time.ts'
import { highestMet } from '../../bench/rate-search.ts'

describe('the search for a rate', () => {
  it('ends at one that is met, at most an eighth of the first one not met below the highest', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 100, max: 5_000 }),
        fc.integer({ min: 20, max: 10_000 }),
        async (from, limit) => {
          const found = await highestMet(from, (rate) => Promise.resolve(rate <= limit))
          if (found === undefined) return limit < 20
          if (limit >= from) return found === from
          return found <= limit && limit - found <= Math.ceil(found / 8) + 3
        },
      ),
    )
  })

  it('gives up below the least, and asks for no rate twice', async () => {
    const asked: number[] = []
    const never = (rate: number) => {
      asked.push(rate)
      return Promise.resolve(false)
    }
    expect(await highestMet(100, never, { least: 20 })).toBeUndefined()
    expect(asked).toEqual([100, 50, 25])
  })
})

describe('processor time', () => {
  it('is read behind a name that holds blanks and brackets, children that ended counted in', () => {
    const stat = '4711 (a) b (c) S 42 1 1 0 -1 4194560 10 20 0 0 100 20 3 4 20 0 7 0 12345 100 200'
    expect(processOf(stat)).toEqual({ parent: 42, ms: 1_270 })
  })
})
