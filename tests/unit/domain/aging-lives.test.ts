/** Receivables and payables by one table worked out by hand: every life of a document on every day, in both clocks. */
import { describe, expect, it } from '@jest/globals'
import { LIVES, SIDES, type Told } from '../../support/aging-lives.ts'
import { shown, TestBook } from './support.ts'

const START = '2025-12-31'

describe.each(SIDES)('$side', ({ side, tell }) => {
  const bookOf = (told: readonly Told[], today: string) =>
    new TestBook(today, side).fold(...tell(told).map(({ event }) => event))

  it.each(LIVES)('$title', ({ told, days, known, posting, disputed }) => {
    // As time passes, and as a history that comes all at once.
    const lived = bookOf(told, START)
    const rows = Object.keys(days).sort()
    expect(Object.fromEntries(rows.map((day) => [day, shown(lived.moveTo(day))]))).toEqual(days)
    for (const day of rows) expect([day, shown(bookOf(told, day))]).toEqual([day, days[day]])
    for (const [day, row] of Object.entries(posting ?? {}))
      expect([day, shown(bookOf(told, day), '', 'posting')]).toEqual([day, row])
    for (const [day, amount] of Object.entries(disputed ?? {}))
      expect([day, bookOf(told, day).balance().disputed / 10_000n]).toEqual([day, BigInt(amount)])
    for (const [at, asOf, row] of known ?? []) {
      const prefix = told.filter(({ appendedAt }) => appendedAt <= Date.parse(at))
      expect([at, asOf, shown(bookOf(prefix, asOf))]).toEqual([at, asOf, row])
    }
  })

  it.each(LIVES)('the control account is the aging: $title', ({ told, days }) => {
    for (const day of Object.keys(days)) {
      const book = bookOf(told, day)
      expect([day, book.aging().total]).toEqual([day, book.figures.through(book.today).receivables])
    }
  })
})
