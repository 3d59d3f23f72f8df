import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type Allocation, endedOn, peakFrom, voided } from '../../../../producers/payments/allocations.ts'

const allocation = (amount: number, fromDay: number, toDay: number | null = null): Allocation => ({
  sourceType: 'payment',
  sourceId: 'p',
  sourceVersion: 1,
  targetType: 'invoice',
  targetId: 'i',
  amount: BigInt(amount),
  fromDay,
  toDay,
})

describe('what is allocated', () => {
  it('counts an allocation that ended on the days on which it still settled', () => {
    const reversed = [allocation(100, 1, 20)]
    expect([peakFrom(reversed, 10), peakFrom(reversed, 19), peakFrom(reversed, 20)]).toEqual([100n, 100n, 0n])
  })

  it('sees what begins later', () => {
    expect(peakFrom([allocation(40, 30), allocation(25, 5, 10)], 1)).toBe(40n)
  })

  it('ends on a day, never before it began, and keeps an earlier end', () => {
    expect(endedOn(allocation(1, 10), 20).toDay).toBe(20)
    expect(endedOn(allocation(1, 10), 5).toDay).toBe(10)
    expect(endedOn(allocation(1, 10, 15), 20).toDay).toBe(15)
    expect(endedOn(allocation(1, 10, 30), 20).toDay).toBe(20)
    expect(peakFrom([voided(allocation(1, 10))], 0)).toBe(0n)
  })

  it('is the greatest of all days, looked at one by one', () => {
    const days = fc.integer({ min: 0, max: 40 })
    const one = fc
      .tuple(fc.integer({ min: 1, max: 9 }), days, fc.option(days))
      .map(([amount, from, length]) => allocation(amount, from, length === null ? null : from + length))
    fc.assert(
      fc.property(fc.array(one, { maxLength: 12 }), days, (list, from) => {
        let greatest = 0
        for (let day = from; day <= 100; day++) {
          let sum = 0
          for (const { amount, fromDay, toDay } of list) {
            if (day >= fromDay && day < (toDay ?? 1_000)) sum += Number(amount)
          }
          greatest = Math.max(greatest, sum)
        }
        expect(peakFrom(list, from)).toBe(BigInt(greatest))
      }),
    )
  })
})
