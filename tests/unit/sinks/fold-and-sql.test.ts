/**
 * Two codes, one rule: the fold of the processors and the SQL over raw facts give the same books on every day, on both
 * sides; and what SQL says was known at an instant is what a fold of the log up to then says.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { TestDriver } from '../../../processors/runtime/testing/driver.ts'
import { buildTopologies } from '../../../processors/topologies/index.ts'
import { RecordCodec } from '../../../schemas/codec/event-codec.ts'
import { MemoryRegistry } from '../../../schemas/codec/memory-registry.ts'
import type { AgingResult, FinanceEvent } from '../../../schemas/generated/records.ts'
import { formatDecimal } from '../../../schemas/values/amount.ts'
import { formatDay, startOfDay } from '../../../schemas/values/calendar.ts'
import { type AgingRow, agingSqlOf, PAYABLES, RECEIVABLES } from '../../../sinks/clickhouse/contract.ts'
import { factRow } from '../../../sinks/clickhouse/facts-mapping.ts'
import { migrate } from '../../../sinks/clickhouse/migrate.ts'
import { type ChdbStore, openChdb } from './support/chdb-store.ts'
import { T } from './support/events.ts'
import { quietLog } from './support/harness.ts'
import { bothSides, type Withheld } from '../../support/payables-mirror.ts'
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

/** Of two bills in three something is withheld. */
const withheldOf = (id: string): Withheld => {
  const n = BigInt(Number(/\d+/.exec(id)?.[0] ?? 0) % 3)
  return [n * 12_300n, n * 45_600n]
}

/** Event n is appended at this instant. */
const appendedAt = (n: number): number => Date.parse('2026-11-01T00:00:00Z') + n * 1_000

/** What was refused. */
async function insert(events: readonly FinanceEvent[]): Promise<number> {
  const driver = newDriver()
  for (const event of events) driver.pipe(event)
  const refused = driver.dlq()
  const record = { topic: 'e', partition: 0, key: null, value: null, headers: {} }
  const rows = events.map((event, offset) =>
    factRow(event, { ...record, offset, timestamp: appendedAt(offset) }, 1),
  )
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
  return refused.length
}

const newDriver = () =>
  new TestDriver({
    topologies: buildTopologies((type, value) => codec.encode(type, value)),
    startMs: startOfDay(FIRST, ZONE) + 3_600_000,
  })

/** By family and party, of those that have anything. */
type Books = Record<string, Sums>

function foldedOn(driver: TestDriver, day: number): Books {
  driver.tick(startOfDay(day, ZONE) + 1)
  const folded: Books = {}
  const list = (b: AgingResult['due']) =>
    [b.current, b.days1To30, b.days31To60, b.days61To90, b.over90].map(plain)
  for (const result of driver.results().values()) {
    if (result.type !== 'AgingResult') continue
    const { family, slice, due, posting, ...r } = result.data as AgingResult
    expect(formatDay(r.asOf)).toBe(formatDay(day))
    if (slice === '' || (r.openItems === 0 && r.unapplied === 0n)) continue
    folded[`${family} ${slice}`] = {
      due: list(due),
      posting: list(posting),
      unapplied: plain(r.unapplied),
      disputed: plain(r.disputed),
      total: plain(r.total),
      openItems: r.openItems,
    }
  }
  return folded
}

const fixed = (text: string) =>
  text.includes('.') ? text.padEnd(text.indexOf('.') + 5, '0') : `${text}.0000`

/** `known`: by the first so many events. */
async function computedOn(day: number, known?: number): Promise<Books> {
  const computed: Books = {}
  const asked = { tenant: T, asOf: formatDay(day), edges: [0, 30, 60, 90] }
  const parameters = known === undefined ? asked : { ...asked, knownBefore: appendedAt(known) }
  for (const [family, side] of [
    ['aging.receivables', RECEIVABLES],
    ['aging.payables', PAYABLES],
  ] as const) {
    const sql = agingSqlOf(side, known === undefined ? 'now' : 'then')
    for (const row of await store.query<AgingRow>(sql, parameters)) {
      computed[`${family} ${row.customer_id}`] = {
        due: row.due.map(fixed),
        posting: row.posting.map(fixed),
        unapplied: fixed(row.unapplied),
        disputed: fixed(row.disputed),
        total: fixed(row.total),
        openItems: row.open_items,
      }
    }
  }
  return computed
}

const DAYS = Array.from({ length: 6 }, (_, n) => FIRST + 1 + Math.floor((n * SPAN) / 5))

/** Both, day by day from the first to the last. */
async function compare(events: readonly FinanceEvent[]): Promise<{ refused: number; sides: number }> {
  const refused = await insert(events)
  const driver = newDriver()
  for (const event of events) driver.pipe(event)
  const families = new Set<string | undefined>()
  for (const day of DAYS) {
    const folded = foldedOn(driver, day)
    for (const key of Object.keys(folded)) families.add(key.split(' ')[0])
    expect({ day: formatDay(day), books: await computedOn(day) }).toEqual({
      day: formatDay(day),
      books: folded,
    })
  }
  return { refused, sides: families.size }
}

describe('fold and SQL', () => {
  for (let n = 0; n < 2; n++) {
    it(`agree on books of a command service (seed ${SEED + n})`, async () => {
      expect(await compare(bothSides(history(SEED + n), withheldOf))).toEqual({ refused: 0, sides: 2 })
    })

    it(`agree on books of a careless source (seed ${SEED + n})`, async () => {
      const { refused, sides } = await compare(bothSides(carelessHistory(SEED + n), withheldOf))
      expect(refused).toBeGreaterThan(5)
      expect(sides).toBe(2)
    })

    it(`agree on what was known after a part of the log (seed ${SEED + n})`, async () => {
      for (const story of [history(SEED + n), carelessHistory(SEED + n)]) {
        for (const table of ['event_log', 'refused_events'])
          await store.command(`TRUNCATE TABLE finance.${table}`)
        const events = bothSides(story, withheldOf)
        await insert(events)
        for (const part of [0.3, 0.6, 0.9]) {
          const known = Math.floor(events.length * part)
          const driver = newDriver()
          for (const event of events.slice(0, known)) driver.pipe(event)
          for (const day of DAYS.slice(2, 5)) {
            const books = foldedOn(driver, day)
            expect({ known, day, books: await computedOn(day, known) }).toEqual({ known, day, books })
          }
        }
      }
    })
  }
})
