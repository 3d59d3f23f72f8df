import { describe, expect, it } from '@jest/globals'
import { isWindow, WINDOWS, type WindowName, windowRange } from '../../../schemas/rules/windows.ts'
import { formatDay, parseDay } from '../../../schemas/values/calendar.ts'

const shown = (window: WindowName, asOf: string, start = '07-01') => {
  const r = windowRange(window, parseDay(asOf), start)
  return [r.from, r.to, r.previousFrom, r.previousTo].map(formatDay).join(' ')
}

describe('KPI windows', () => {
  it.each([
    ['30d', '2025-08-10', '07-01', '2025-07-12 2025-08-10 2025-06-12 2025-07-11'],
    ['90d', '2025-08-10', '07-01', '2025-05-13 2025-08-10 2025-02-12 2025-05-12'],
    ['365d', '2025-08-10', '07-01', '2024-08-11 2025-08-10 2023-08-12 2024-08-10'],
    ['mtd', '2025-08-10', '07-01', '2025-08-01 2025-08-10 2025-07-01 2025-07-10'],
    ['mtd', '2025-03-31', '07-01', '2025-03-01 2025-03-31 2025-02-01 2025-02-28'],
    ['mtd', '2024-03-30', '07-01', '2024-03-01 2024-03-30 2024-02-01 2024-02-29'],
    ['mtd', '2025-01-01', '07-01', '2025-01-01 2025-01-01 2024-12-01 2024-12-01'],
    ['qtd', '2025-08-10', '07-01', '2025-07-01 2025-08-10 2025-04-01 2025-05-11'],
    ['qtd', '2025-05-15', '02-01', '2025-05-01 2025-05-15 2025-02-01 2025-02-15'],
    ['fy', '2025-06-30', '07-01', '2024-07-01 2025-06-30 2023-07-01 2024-06-29'],
    ['fy', '2025-07-01', '07-01', '2025-07-01 2025-07-01 2024-07-01 2024-07-01'],
    ['fy', '2024-12-31', '01-01', '2024-01-01 2024-12-31 2023-01-01 2023-12-31'],
  ] as const)('%s as of %s (fiscal year from %s) is %s', (window, asOf, start, expected) => {
    expect(shown(window, asOf, start)).toBe(expected)
  })

  it('never compares with more days than the window has, nor with days inside it', () => {
    for (const window of WINDOWS) {
      for (let asOf = parseDay('2023-01-01'); asOf < parseDay('2025-12-31'); asOf += 1) {
        const r = windowRange(window, asOf, '07-01')
        expect([window, asOf, r.to]).toEqual([window, asOf, asOf])
        expect(r.previousTo).toBeLessThan(r.from)
        expect(r.previousTo - r.previousFrom).toBeLessThanOrEqual(r.to - r.from)
        expect(r.previousFrom).toBeLessThanOrEqual(r.previousTo)
      }
    }
  })

  it('knows its own names only', () => {
    expect([isWindow('mtd'), isWindow('7d'), isWindow('')]).toEqual([true, false, false])
  })
})
