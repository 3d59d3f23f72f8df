/**
 * The rebuild of ClickHouse, killed before every step and around every insert, beside a sink that goes on writing: the rows
 * are those that the sink had written before the tables were damaged, and readers never see fewer.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { MemoryBroker } from '../../../platform/kafka/memory/broker.ts'
import type { RecordCodec } from '../../../schemas/codec/event-codec.ts'
import type {
  AgingResult,
  FinanceEvent,
  FinanceResult,
  KpiResult,
} from '../../../schemas/generated/records.ts'
import { DLQ_HEADERS, dlqOf, LATE_COUNTED, TOPICS } from '../../../schemas/topics.ts'
import { parseDay } from '../../../schemas/values/calendar.ts'
import { TENANT_TABLES } from '../../../sinks/clickhouse/contract.ts'
import { migrate } from '../../../sinks/clickhouse/migrate.ts'
import { planRebuild } from '../../../sinks/clickhouse/rebuild/rebuild.ts'
import { cleared, raised } from './support/alert-records.ts'
import { type ChdbStore, openChdb } from './support/chdb-store.ts'
import { contentOf, Killed, partsOf, run } from './support/clickhouse-rebuild.ts'
import { created, received, registered, T } from './support/events.ts'
import {
  homeOf,
  makeBroker,
  openCodec,
  produceEvents,
  produceHistory,
  quietLog,
  type RunningSink,
  startSink,
  until,
} from './support/harness.ts'

/** Of all places of a kill every second, by the seed which; all of them with NIKASH_LONG (`./nikash test all`). */
const STEP = process.env['NIKASH_LONG'] === '1' ? 1 : 2
const TURN = Number(process.env['NIKASH_SEED'] ?? 0) % STEP
const home = homeOf(T)
let store: ChdbStore
let codec: RecordCodec
let broker: MemoryBroker
let sink: RunningSink | undefined

const WORKED: readonly [string, string][] = [
  ['nikash-sink-facts', TOPICS.events],
  ['nikash-sink-refusals', dlqOf(TOPICS.events)],
  ['nikash-sink-refusals', TOPICS.late],
  ['nikash-sink-history', TOPICS.history],
  ['nikash-sink-history', TOPICS.alerts],
]

const start = async (): Promise<void> => {
  sink = await startSink(broker, store, codec)
}
const stop = async (): Promise<void> => {
  await sink?.stop()
  sink = undefined
}
const worked = () =>
  until(
    'the sink is at the end of every topic',
    () =>
      WORKED.every(([group, topic]) => {
        const { offset, metadata } = broker.committed(group, topic, home)
        return broker.log(topic, home).next === Math.max(0, offset) && metadata === ''
      }),
    20_000,
  )
const count = async (table: string): Promise<number> =>
  (await store.query<{ n: number }>(`SELECT count() AS n FROM ${table}`))[0]?.n ?? -1

const letter = (event: FinanceEvent, offset: number, code: string, topic = dlqOf(TOPICS.events)): void => {
  broker.append([
    {
      topic,
      partition: home,
      key: T,
      value: codec.encode(event.type, event.data as never),
      headers: {
        [DLQ_HEADERS.topic]: TOPICS.events,
        [DLQ_HEADERS.partition]: String(home),
        [DLQ_HEADERS.offset]: String(offset),
        [DLQ_HEADERS.code]: code,
        [DLQ_HEADERS.message]: 'why',
      },
    },
  ])
}

const measures = ['netRevenue', 'dso'].map((name) => ({
  name,
  value: '12.5',
  unit: 'BDT',
  reason: null,
  previous: '1',
  change: null,
  inputs: { sales: '1.00' },
  lastYear: null,
  changeLastYear: null,
}))
const buckets = { current: 10_000n, days1To30: 2n, days31To60: 3n, days61To90: 4n, over90: 5n }
const point = (revision: number): FinanceResult[] => {
  const common = {
    tenantId: T,
    slice: '',
    kind: 'SNAPSHOT' as const,
    epoch: 1,
    revision,
    asOf: parseDay('2026-11-22'),
    logTime: Date.parse('2026-11-22T18:00:00Z') + revision * 900_000,
    currency: 'BDT',
  }
  const [fromDate, toDate] = [parseDay('2026-10-25'), common.asOf]
  const kpi: KpiResult = {
    ...common,
    family: 'kpi',
    windows: ['30d', 'fy'].map((window) => ({ window, fromDate, toDate, partial: true, measures })),
  }
  const aging: AgingResult = {
    ...common,
    family: 'aging.receivables',
    customerName: '',
    due: buckets,
    posting: buckets,
    unapplied: -7n,
    disputed: 6n,
    total: 10_007n,
    openItems: 3,
  }
  return [
    { type: 'KpiResult', data: kpi },
    { type: 'AgingResult', data: aging },
  ]
}

let serial = 0
/** Documents, some of them twice; a letter and the event again; history and alerts. */
function produceSome(n: number): void {
  const from = serial
  serial += n
  const numbers = Array.from({ length: n }, (_, i) => from + i)
  const invoices = numbers.map((i) =>
    created(`i${i}`, { date: '2026-01-10', total: '10.00', version: i % 3 === 0 ? null : 1 }),
  )
  const payments = numbers.map((i) =>
    received(`p${i}`, { date: '2026-01-20', amount: '4.00', to: { [`i${i}`]: '4.00' } }),
  )
  produceEvents(broker, codec, [...invoices, ...payments, ...invoices.slice(0, 5)])
  produceHistory(broker, codec, numbers.slice(0, 5).flatMap(point))
  const alerts = [raised(`a${from}`), cleared(`a${from}`)]
  broker.append(
    alerts.map((alert) => ({
      topic: TOPICS.alerts,
      key: T,
      value: codec.encode(alert.type, alert.data as never),
    })),
  )
}

async function damage(): Promise<void> {
  const now = 'SETTINGS mutations_sync = 1'
  await store.command(`ALTER TABLE finance.event_log DELETE WHERE aggregate_id IN ('i3', 'p7', 'i12') ${now}`)
  await store.command(
    `ALTER TABLE finance.event_log UPDATE amount = amount + toDecimal64('0.01', 4) WHERE aggregate_id = 'p5' ${now}`,
  )
  await store.command(`ALTER TABLE finance.refused_events DELETE WHERE _offset = 1 ${now}`)
  await store.command(`ALTER TABLE finance.kpi_points DELETE WHERE measure = 'dso' AND window = 'fy' ${now}`)
  await store.command(`ALTER TABLE finance.aging_points UPDATE total = total + 1 WHERE _offset = 1 ${now}`)
  await store.command(`ALTER TABLE finance.alert_log DELETE WHERE kind = 'CLEARED' ${now}`)
  // One row twice.
  await store.command(
    "INSERT INTO finance.event_log SELECT * FROM finance.event_log WHERE aggregate_id = 'i1' SETTINGS insert_deduplicate = 0",
  )
}

beforeAll(async () => {
  store = openChdb()
  codec = await openCodec()
  await migrate(store, quietLog)
}, 60_000)
afterAll(() => store.close())
beforeEach(async () => {
  for (const table of [...TENANT_TABLES, 'topic_epochs'])
    await store.command(`TRUNCATE TABLE finance.${table}`)
  store.onInsert = undefined
  broker = makeBroker()
  serial = 0
  await start()
  produceEvents(broker, codec, [registered(), created('no', { date: '2026-01-05', total: '100' })])
  letter(created('no', { date: '2026-01-05', total: '100' }), 1, 'bad_total')
  letter(created('no', { date: '2026-01-05', total: '100' }), 0, LATE_COUNTED, TOPICS.late)
  letter(created('no', { date: '2026-01-05', total: '100' }), 30, 'late', TOPICS.late)
  await worked()
  // The refused version comes again, and counts.
  produceEvents(broker, codec, [created('no', { date: '2026-01-05', total: '90' })])
  produceSome(30)
  await worked()
}, 60_000)
afterEach(async () => {
  await stop()
  await store.command('DROP DATABASE IF EXISTS finance_rebuild SYNC')
})

/** As the supervisor: the sink runs again whatever becomes of the work. */
const hold = async <R>(work: () => Promise<R>): Promise<R> => {
  await stop()
  try {
    return await work()
  } finally {
    await start()
  }
}

/** Records of the log that readers see in each table: never fewer than at a look before. */
function watch(): { looks: number; fewer: string[]; look(): void } {
  let seen: number[] = []
  const state = { looks: 0, fewer: [] as string[], look }
  const sql = `SELECT [${TENANT_TABLES.map((table) => {
    const place = table === 'refused_events' ? 'letter_topic, letter_offset' : '_partition, _offset'
    return `(SELECT uniqExact(${place}) FROM finance.${table})`
  }).join(', ')}] AS n`
  function look(): void {
    state.looks++
    void store.query<{ n: number[] }>(sql).then(([row]) => {
      const n = row?.n ?? []
      if (seen.some((before, at) => (n[at] ?? 0) < before))
        state.fewer.push(`${n.join()} after ${seen.join()}`)
      seen = n
    })
  }
  return state
}

describe('rebuild clickhouse', () => {
  it('mends every table while the sink goes on, and readers never see fewer rows', async () => {
    const whole = await contentOf(store)
    await damage()
    const watching = watch()
    store.onInsert = (_insert, phase) => {
      if (phase === 'after') watching.look()
    }
    const parts = await partsOf(broker, store, codec)
    const { steps, report } = await run(parts, { hold, onStep: () => watching.look() })
    expect(await contentOf(store)).toEqual(whole)
    expect(steps).toEqual([
      'begin',
      'fill',
      'compare',
      'hold',
      'tail',
      'compare',
      ...TENANT_TABLES.map(() => 'exchange'),
      'letgo',
      'drop',
    ])
    expect(report?.resumed).toBe(false)
    const said = Object.fromEntries((report?.tables ?? []).map((one) => [one.table, one]))
    expect(said['event_log']).toMatchObject({
      after: whole['event_log']?.length,
      missing: 3,
      doubled: 1,
      unknown: 0,
      faults: 0,
    })
    expect(said['kpi_points']).toMatchObject({ missing: 5 })
    expect(said['alert_log']).toMatchObject({ before: 1, after: 2 })
    // What comes afterwards comes once.
    produceSome(10)
    await worked()
    expect(await count('finance.event_log')).toBe((whole['event_log']?.length ?? 0) + 20)
    expect(await count('(SELECT DISTINCT _partition, _offset FROM finance.event_log)')).toBe(
      (whole['event_log']?.length ?? 0) + 20,
    )
    expect(await count("system.databases WHERE name = 'finance_rebuild'")).toBe(0)
    expect([watching.fewer, watching.looks > 10]).toEqual([[], true])
  }, 60_000)

  it('goes on after a kill before a step', async () => {
    // Before: fill, compare, tail, the second and the fourth exchange, letting go, and the drop.
    for (const killAt of [1, 2, 4, 7, 9, 11, 12].filter((_, i) => i % STEP === TURN)) {
      const whole = await contentOf(store)
      await damage()
      const watching = watch()
      store.onInsert = (_insert, phase) => {
        if (phase === 'after') watching.look()
      }
      const parts = await partsOf(broker, store, codec)
      const first = await run(parts, { hold, killAt, onStep: () => watching.look() })
      expect([killAt, first.report]).toEqual([killAt, undefined])
      // The sink works on between the two runs.
      produceEvents(broker, codec, [created(`k${killAt}`, { date: '2026-01-10', total: '1.00' })])
      produceHistory(broker, codec, point(1_000 + killAt))
      await worked()
      const second = await run(await partsOf(broker, store, codec), { hold, onStep: () => watching.look() })
      expect([killAt, second.report?.resumed]).toEqual([killAt, true])
      await worked()
      store.onInsert = undefined
      const after = await contentOf(store)
      const grown = { event_log: 1, refused_events: 0, kpi_points: 4, aging_points: 1, alert_log: 0 }
      for (const [table, more] of Object.entries(grown)) {
        const rows = after[table] ?? []
        expect([killAt, table, rows.length]).toEqual([killAt, table, (whole[table]?.length ?? 0) + more])
        const texts = new Set(rows.map((row) => JSON.stringify(row)))
        expect((whole[table] ?? []).filter((row) => !texts.has(JSON.stringify(row)))).toEqual([])
      }
      expect([killAt, watching.fewer]).toEqual([killAt, []])
    }
  }, 300_000)

  it('goes on after a kill around an insert', async () => {
    const whole = await contentOf(store)
    for (const phase of ['before', 'after'] as const) {
      for (let nth = (phase === 'before' ? 0 : 1) + 3 * TURN; ; nth += 3 * STEP) {
        await damage()
        let seen = 0
        let kills = 0
        store.onInsert = ({ table }, now) => {
          if (!table.startsWith('finance_rebuild.') || now !== phase || seen++ !== nth) return
          kills++
          throw new Killed()
        }
        await run(await partsOf(broker, store, codec), { hold })
        store.onInsert = undefined
        if (kills === 0) break
        await run(await partsOf(broker, store, codec), { hold })
        expect([phase, nth, await contentOf(store)]).toEqual([phase, nth, whole])
      }
    }
  }, 300_000)

  for (const phase of ['before', 'after'] as const) {
    it(`leaves no row twice when the sink was killed ${phase} an insert, and it arrives late`, async () => {
      const killed = sink
      let late: (() => Promise<void>) | undefined
      store.onInsert = (insert, now) => {
        if (insert.table !== 'finance.event_log' || now !== phase || late !== undefined) return
        late = () => store.insert(insert)
        killed?.kill()
        throw new Error('killed')
      }
      produceSome(20)
      await until('it was killed', () => late !== undefined)
      store.onInsert = undefined
      sink = undefined
      // The sink stands still until all is switched; then what was on its way arrives, and the sink redoes it too.
      await run(await partsOf(broker, store, codec), {})
      await late?.()
      await start()
      await worked()
      const rows = await count('finance.event_log')
      expect(rows).toBe(await count('(SELECT DISTINCT _partition, _offset FROM finance.event_log)'))
      expect(await count("finance.event_log WHERE event_type = 'PaymentReceived'")).toBe(50)
    }, 60_000)
  }

  it('keeps rows that the log does not have unless it is told to leave them out', async () => {
    const whole = await contentOf(store)
    await store.command(
      "INSERT INTO finance.event_log SELECT * REPLACE (_offset + 1000000 AS _offset) FROM finance.event_log WHERE aggregate_id = 'i1'",
    )
    const parts = await partsOf(broker, store, codec)
    await expect(run(parts, { hold })).rejects.toThrow(
      'does not have these rows, or they do not count: 1 of event_log',
    )
    expect(await count('finance.event_log')).toBe((whole['event_log']?.length ?? 0) + 1)
    const { report } = await run(await partsOf(broker, store, codec), { hold, dropUnknown: true })
    expect(report?.resumed).toBe(true)
    expect(await contentOf(store)).toEqual(whole)
  }, 60_000)

  it('takes over what the log no longer has', async () => {
    const whole = await contentOf(store)
    await damage()
    const parts = await partsOf(broker, store, codec)
    const { admin } = { admin: await parts.kafka.admin() }
    const places = parts.places
    // The first letters of the topic of late events are a month old.
    const look = places.look.bind(places)
    places.look = async () =>
      (await look()).map((place) =>
        place.road.topic === TOPICS.late ? { ...place, low: Math.max(place.low, place.goal) } : place,
      )
    expect((await planRebuild(parts)).topics).toContainEqual({
      topic: TOPICS.late,
      records: 0,
      carried: true,
    })
    await run(parts, { hold })
    await admin.close()
    expect(await contentOf(store)).toEqual(whole)
  }, 60_000)

  it('refuses when a topic was created anew: the tables are the only copy then', async () => {
    await store.command(`INSERT INTO finance.topic_epochs VALUES ('${TOPICS.events}', 'another-id', 7)`)
    const parts = await partsOf(broker, store, codec)
    await expect(run(parts, { hold })).rejects.toThrow('was created anew')
    expect(await count("system.databases WHERE name = 'finance_rebuild'")).toBe(0)
  }, 60_000)

  it('begins anew when the form of the tables changed since it was broken off', async () => {
    const parts = await partsOf(broker, store, codec)
    await run(parts, { hold, killAt: 3 })
    await store.command("ALTER TABLE finance.alert_log ADD COLUMN more String COMMENT 'More'")
    try {
      const { report } = await run(await partsOf(broker, store, codec), { hold })
      expect(report?.resumed).toBe(false)
      expect(await count('finance.alert_log')).toBe(2)
    } finally {
      await store.command('ALTER TABLE finance.alert_log DROP COLUMN more')
    }
  }, 60_000)
})
