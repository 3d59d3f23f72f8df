/** Cursors, ranges, buckets and days of reads. */
import { describe, expect, it } from '@jest/globals'
import { decodeCursor, encodeCursor, pageOf } from '../../../../api/http/cursor.ts'
import { rangeOf } from '../../../../api/http/range.ts'
import { day } from '../../../../api/http/schemas.ts'
import { isOriginAllowed } from '../../../../api/live/gateway.ts'
import { edgesOf } from '../../../../api/routes/aging.ts'
import { anchorsOf } from '../../../../api/routes/open-items.ts'
import { bucketIndex } from '../../../../schemas/rules/aging.ts'
import { formatDay, parseDay } from '../../../../schemas/values/calendar.ts'

describe('a cursor', () => {
  const binding = ['invoices', { status: 'PAID' }]

  it('gives back its keys for the same list and filters', () => {
    expect(decodeCursor(encodeCursor(binding, ['2026-01-01', 'i/1']), binding, 2)).toEqual([
      '2026-01-01',
      'i/1',
    ])
    expect(decodeCursor(undefined, binding, 2)).toBeUndefined()
  })

  it.each([
    ['of another filter', encodeCursor(['invoices', { status: 'DRAFT' }], ['a', 'b'])],
    ['of another number of keys', encodeCursor(binding, ['a'])],
    ['that is not base64 of JSON', 'zzz'],
    ['with an object for a key', Buffer.from('{"b":"x","k":[{}]}').toString('base64url')],
    ['with a prototype', Buffer.from('{"__proto__":{"b":"x"},"k":[]}').toString('base64url')],
  ])('%s is refused', (_, text) => {
    expect(() => decodeCursor(text, binding, 2)).toThrow(/start without one/)
  })

  it('is on every page but the last', () => {
    const options = { limit: 2, binding, keys: (n: number) => [String(n), ''], map: (n: number) => n }
    expect(pageOf([1, 2], options)).toEqual({ data: [1, 2], page: { nextCursor: null, hasMore: false } })
    const page = pageOf([1, 2, 3], options)
    expect(page).toMatchObject({ data: [1, 2], page: { hasMore: true } })
    expect(decodeCursor(page.page.nextCursor ?? '', binding, 2)).toEqual(['2', ''])
  })
})

describe('a range', () => {
  const rule = { defaultDays: 30, maxDays: 60 }

  it('ends today and has its default length when nothing is asked', () => {
    const range = rangeOf({ from: undefined, to: undefined }, '2026-03-01', rule)
    expect([formatDay(range.from), formatDay(range.to)]).toEqual(['2026-01-31', '2026-03-01'])
  })

  it('that ends before it begins, or is too long, is refused', () => {
    expect(() => rangeOf({ from: '2026-03-02', to: '2026-03-01' }, '', rule)).toThrow(/after/)
    expect(() => rangeOf({ from: '2026-01-01', to: '2026-03-01' }, '', rule)).not.toThrow()
    expect(() => rangeOf({ from: '2025-12-31', to: '2026-03-01' }, '', rule)).toThrow(/allows 60/)
  })
})

describe('a day', () => {
  it.each([
    '2026-02-29',
    '2026-13-01',
    '1899-12-31',
    '2300-01-01',
    '26-01-01',
    '2026-1-1',
    '2026-01-01T00:00',
    '',
  ])('%s is refused', (text) => expect(day.safeParse(text).success).toBe(false))
  it.each(['2024-02-29', '1900-01-01', '2299-12-30'])('%s is taken', (text) => {
    expect(day.parse(text)).toBe(text)
  })
})

describe('buckets', () => {
  it('asked for as last days begin with current', () => {
    expect(edgesOf('15,45')).toEqual([0, 15, 45])
    expect(edgesOf(undefined)).toEqual([0, 30, 60, 90])
  })

  it.each(['45,15', '30,30', '0', '30,0'])('%s are refused', (text) => {
    expect(() => edgesOf(text)).toThrow(/ascending/)
  })

  it('cover each anchor day once: the days of a bucket are those that the rule puts there', () => {
    const asOf = parseDay('2026-03-01')
    for (const edges of [
      [0, 30, 60, 90],
      [0, 7],
      [0, 1, 2],
    ]) {
      const bounds = Array.from({ length: edges.length + 1 }, (_, i) => anchorsOf(i, asOf, edges))
      for (let anchor = asOf - 130; anchor <= asOf + 130; anchor++) {
        const text = formatDay(anchor)
        const inside = bounds.flatMap(({ first, last }, i) => (first <= text && text <= last ? [i] : []))
        expect(inside).toEqual([bucketIndex(asOf, anchor, edges)])
      }
    }
  })
})

describe('an origin', () => {
  it.each([
    [undefined, true],
    ['http://127.0.0.1:3006', true],
    ['https://books.example', true],
    ['null', false],
    ['', false],
    ['http://127.0.0.1', false],
    ['http://127.0.0.1:30061', false],
    ['http://127.0.0.1:3006.evil.example', false],
    ['http://evil.example?127.0.0.1:3006', false],
    ['http://user@127.0.0.1:3006', false],
    ['https://books.example.evil.example', false],
    ['https://sub.books.example', false],
    ['http://books.example', false],
    ['file://', false],
  ])('%s: allowed %s', (origin, allowed) => {
    expect(isOriginAllowed(origin, '127.0.0.1:3006', ['https://books.example'])).toBe(allowed)
  })
})
