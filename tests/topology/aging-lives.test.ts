/**
 * The table of tests/support/aging-lives.ts on the engine's own task: all is known before the first day, each event came
 * twice, and from then on nothing comes but the clock. A row holds from 18:00:00Z, when its day begins in Dhaka, until
 * 17:59:59.999Z.
 */
import { describe, expect, it } from '@jest/globals'
import { TEST_CODEC, TestDriver } from '../../processors/runtime/testing/driver.ts'
import { payablesAging } from '../../processors/topologies/payables-aging.ts'
import { receivablesAging } from '../../processors/topologies/receivables-aging.ts'
import type { AgingBuckets, AgingResult } from '../../schemas/generated/records.ts'
import { parseDay } from '../../schemas/values/calendar.ts'
import { LIVES, SIDES } from '../support/aging-lives.ts'
import { settings } from '../unit/domain/support.ts'

const DAY_MS = 86_400_000
/** 18:00:00Z of the day before. */
const begins = (day: string): number => parseDay(day) * DAY_MS - 6 * 3_600_000
const encode: Parameters<typeof receivablesAging>[0] = (type, value) => TEST_CODEC.encode(type, value)
const shown = (buckets: AgingBuckets, unapplied: bigint): string =>
  [...Object.values(buckets), unapplied].map((amount) => Number(amount) / 10_000).join(' ')

describe.each(SIDES)('$side', ({ side, tell }) => {
  it.each(LIVES)('$title', ({ told, days, posting, disputed }) => {
    const rows = [...new Set([days, posting, disputed].flatMap((rows) => Object.keys(rows ?? {})))].sort()
    const driver = new TestDriver({
      topologies: [receivablesAging(encode), payablesAging(encode)],
      startMs: begins(rows[0] ?? '') - DAY_MS,
    })
    driver.pipe(settings('TenantRegistered'))
    const events = tell(told).map(({ event }) => event)
    for (const event of events) for (const again of [event, event]) driver.pipe(again)
    for (const event of events) driver.pipe(event)
    const stands = () => driver.results().get(`acme|aging.${side}|`)?.data as AgingResult
    for (const day of rows) {
      for (const instant of [begins(day), begins(day) + DAY_MS - 1]) {
        driver.tick(instant)
        const result = stands()
        const at = new Date(instant).toISOString()
        if (days[day] !== undefined)
          expect([at, shown(result.due, result.unapplied)]).toEqual([at, days[day]])
        if (posting?.[day] !== undefined)
          expect([at, shown(result.posting, result.unapplied)]).toEqual([at, posting[day]])
        if (disputed?.[day] !== undefined)
          expect([at, Number(result.disputed) / 10_000]).toEqual([at, Number(disputed[day])])
      }
    }
    expect(driver.dlq()).toEqual([])
  })
})
