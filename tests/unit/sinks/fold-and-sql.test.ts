/** Two codes, one rule: the fold of the processors and the SQL over raw facts give the same books on every day. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { TestDriver } from '../../../processors/runtime/testing/driver.ts'
import { buildTopologies } from '../../../processors/topologies/index.ts'
import { RecordCodec } from '../../../schemas/codec/event-codec.ts'
import { MemoryRegistry } from '../../../schemas/codec/memory-registry.ts'
import type { AgingResult, FinanceEvent } from '../../../schemas/generated/records.ts'
import { formatDecimal } from '../../../schemas/values/amount.ts'
import { formatDay, startOfDay } from '../../../schemas/values/calendar.ts'
import { type AgingRow, agingSql } from '../../../sinks/clickhouse/contract.ts'
import { factRow } from '../../../sinks/clickhouse/facts-mapping.ts'
import { migrate } from '../../../sinks/clickhouse/migrate.ts'
import { type ChdbStore, openChdb } from './support/chdb-store.ts'
import { T } from './support/events.ts'
import { quietLog } from './support/harness.ts'
import { carelessHistory, FIRST, history, SPAN } from './support/random-books.ts'

const SEED = Number(process.env['NIKASH_SEED'] ?? 20_261_123)
const ZONE = 'Asia/Dhaka'
let store: ChdbStore
let codec: RecordCodec

beforeAll(async () => {
  store = openChdb()
  codec = await RecordCodec.open(new MemoryRegistry())
  await migrate(store, quietLog)
})
afterAll(() => store.close())
beforeEach(async () => {
  for (const table of ['event_log', 'refused_events']) await store.command(`TRUNCATE TABLE finance.${table}`)
})

interface Sums {
  due: string[]
  posting: string[]
  unapplied: string
  disputed: string
  total: string
  openItems: number
}

const plain = (amount: bigint): string => formatDecimal(amount, 4)

/** The fold, day by day from the first to the last. */
async function playBoth(events: readonly FinanceEvent[], days: readonly number[]) {
  const driver = new TestDriver({
    topologies: buildTopologies((type, value) => codec.encode(type, value)),
    startMs: startOfDay(FIRST, ZONE) + 3_600_000,
  })
  for (const event of events) driver.pipe(event)
  const refused = driver.dlq()
  const record = { topic: 'e', partition: 0, timestamp: 0, key: null, value: null, headers: {} }
  const rows = events.map((event, offset) => factRow(event, { ...record, offset }, 1))
  await store.insert({ table: 'finance.event_log', rows, token: String(Math.random()) })
  if (refused.length > 0) {
    const letters = refused.map(({ offset, code }) => ({
      tenant_id: T,
      code,
      _epoch: 1,
      _partition: 0,
      _offset: offset,
    }))
    await store.insert({ table: 'finance.refused_events', rows: letters, token: String(Math.random()) })
  }
  const differing: unknown[] = []
  for (const day of days) {
    driver.tick(startOfDay(day, ZONE) + 1)
    const folded: Record<string, Sums> = {}
    for (const result of driver.results().values()) {
      if (result.type !== 'AgingResult') continue
      const { slice, due, posting, ...r } = result.data as AgingResult
      const list = (b: AgingResult['due']) =>
        [b.current, b.days1To30, b.days31To60, b.days61To90, b.over90].map(plain)
      expect(formatDay(r.asOf)).toBe(formatDay(day))
      if (slice === '' || (r.openItems === 0 && r.unapplied === 0n)) continue
      folded[slice] = {
        due: list(due),
        posting: list(posting),
        unapplied: plain(r.unapplied),
        disputed: plain(r.disputed),
        total: plain(r.total),
        openItems: r.openItems,
      }
    }
    const fixed = (text: string) =>
      text.includes('.') ? text.padEnd(text.indexOf('.') + 5, '0') : `${text}.0000`
    const computed: Record<string, Sums> = {}
    const parameters = { tenant: T, asOf: formatDay(day), edges: [0, 30, 60, 90] }
    for (const row of await store.query<AgingRow>(agingSql, parameters)) {
      computed[row.customer_id] = {
        due: row.due.map(fixed),
        posting: row.posting.map(fixed),
        unapplied: fixed(row.unapplied),
        disputed: fixed(row.disputed),
        total: fixed(row.total),
        openItems: row.open_items,
      }
    }
    differing.push({ day: formatDay(day), folded, computed })
  }
  return {
    differing: differing as { day: string; folded: object; computed: object }[],
    refused: refused.length,
  }
}

const DAYS = Array.from({ length: 6 }, (_, n) => FIRST + 1 + Math.floor((n * SPAN) / 5))

describe('fold and SQL', () => {
  for (let n = 0; n < 2; n++) {
    it(`agree on books of a command service (seed ${SEED + n})`, async () => {
      const { differing } = await playBoth(history(SEED + n), DAYS)
      for (const { day, folded, computed } of differing)
        expect({ day, books: computed }).toEqual({ day, books: folded })
    })

    it(`agree on books of a careless source (seed ${SEED + n})`, async () => {
      const { differing, refused } = await playBoth(carelessHistory(SEED + n), DAYS)
      expect(refused).toBeGreaterThan(5)
      for (const { day, folded, computed } of differing)
        expect({ day, books: computed }).toEqual({ day, books: folded })
    })
  }
})
