/** Cancelled expenses, with figures computed by hand. */
import { describe, expect, it } from '@jest/globals'
import { expense, expenseCancellation, TestBook } from './support.ts'

const E1 = expense('E1', { date: '2026-01-10', net: 200, vat: 30 })

describe('an expense that is cancelled', () => {
  it('counts no more from that day on, or never, whichever of both events came first', () => {
    const cases = [
      ['2026-01-15', { expenses: 200 }, { expenses: -200 }],
      ['2026-01-10', {}, {}],
      ['2026-01-02', {}, {}],
    ] as const
    for (const [day, first, then] of cases) {
      const events = [E1, expenseCancellation('E1', day)]
      for (const order of [events, events.toReversed()]) {
        const book = new TestBook('2026-01-20').fold(...order)
        expect([day, book.on('2026-01-10'), book.on('2026-01-15')]).toEqual([day, first, then])
      }
    }
  })

  it('before it was approved moves nothing', () => {
    const book = new TestBook('2026-01-20').fold(expenseCancellation('E1', '2026-01-15'))
    expect(book.figures.firstDay).toBeNull()
  })

  it('is not cancelled twice, nor approved twice', () => {
    const code = (c: string) => expect.objectContaining({ name: 'RefusedEvent', code: c })
    const book = new TestBook('2026-01-20').fold(E1, expenseCancellation('E1', '2026-01-15'))
    expect(() => book.fold(expenseCancellation('E1', '2026-01-16'))).toThrow(code('already_cancelled'))
    expect(() => book.fold(E1)).toThrow(code('already_approved'))
  })

  it('is refused with what to do when its amount was not kept', () => {
    const book = new TestBook('2026-01-20')
    book.stores.expenses?.set('acme|E1', { day: 20_463, base: null, cancelled: null })
    expect(() => book.fold(expenseCancellation('E1', '2026-01-15'))).toThrow('./nikash tenant rebuild acme')
  })
})
