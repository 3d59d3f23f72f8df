import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { MemoryBroker } from '../../../platform/kafka/memory/broker.ts'
import type { RecordCodec } from '../../../schemas/codec/event-codec.ts'
import type { FinanceResult, KpiResult } from '../../../schemas/generated/records.ts'
import { DLQ_HEADERS, dlqOf, TOPICS } from '../../../schemas/topics.ts'
import { parseDay } from '../../../schemas/values/calendar.ts'
import { ratioText } from '../../../sinks/clickhouse/column-values.ts'
import { migrate } from '../../../sinks/clickhouse/migrate.ts'
import { type ChdbStore, openChdb } from './support/chdb-store.ts'
import {
  homeOf,
  makeBroker,
  openCodec,
  produceHistory,
  quietLog,
  type RunningSink,
  startSink,
  until,
} from './support/harness.ts'

const T = 'acme'
const home = homeOf(T)
let store: ChdbStore
let codec: RecordCodec
let broker: MemoryBroker
let running: RunningSink[] = []

const start = async () => {
  const one = await startSink(broker, store, codec)
  running.push(one)
  return one
}
const worked = (offset: number) =>
  until(`offset ${offset} committed`, () => {
    const { offset: at, metadata } = broker.committed('nikash-sink-history', TOPICS.history, home)
    return at >= offset && metadata === ''
  })

const measure = (name: string, value: string | null, more: object = {}) => ({
  name,
  value,
  unit: 'BDT',
  reason: null,
  previous: null,
  change: null,
  inputs: { sales: '1.00' },
  lastYear: null,
  changeLastYear: null,
  ...more,
})
const kpi = (day: string, value: string, more: Partial<KpiResult> = {}): FinanceResult => ({
  type: 'KpiResult',
  data: {
    tenantId: T,
    family: 'kpi',
    slice: '',
    kind: 'CLOSE',
    epoch: 1,
    revision: 5,
    asOf: parseDay(day),
    logTime: Date.parse(`${day}T18:00:00Z`),
    currency: 'BDT',
    windows: [
      {
        window: '30d',
        fromDate: parseDay('2026-10-25'),
        toDate: parseDay(day),
        partial: true,
        measures: [
          measure('netRevenue', value, { previous: '-3', change: '12.345678905' }),
          measure('dso', null, { reason: 'zero_denominator', unit: 'days' }),
        ],
      },
    ],
    ...more,
  },
})
const buckets = (base: bigint) => ({
  current: base,
  days1To30: 2n,
  days31To60: 3n,
  days61To90: 4n,
  over90: 5n,
})
const aging = (day: string, slice: string): FinanceResult => ({
  type: 'AgingResult',
  data: {
    tenantId: T,
    family: 'aging.receivables',
    slice,
    kind: 'CLOSE',
    epoch: 1,
    revision: 5,
    asOf: parseDay(day),
    logTime: Date.parse(`${day}T18:00:00Z`),
    currency: 'BDT',
    customerName: slice,
    due: buckets(10_000n),
    posting: buckets(20_000n),
    unapplied: -7n,
    disputed: 6n,
    total: 10_007n,
    openItems: 3,
  },
})

describe('history sink', () => {
  beforeAll(async () => {
    store = openChdb()
    codec = await openCodec()
    await migrate(store, quietLog)
  })
  afterAll(() => store.close())
  beforeEach(async () => {
    for (const table of ['kpi_points', 'aging_points', 'topic_epochs']) {
      await store.command(`TRUNCATE TABLE finance.${table}`)
    }
    store.onInsert = undefined
    broker = makeBroker()
    running = []
  })
  afterEach(() => {
    for (const one of running) one.kill()
  })

  it('writes one row per measure, and one per tenant or customer', async () => {
    await start()
    produceHistory(broker, codec, [
      kpi('2026-11-22', '1250.5'),
      aging('2026-11-22', ''),
      aging('2026-11-22', 'c1'),
    ])
    await worked(3)
    expect(
      await store.query(
        `SELECT measure, toString(value) AS value, toString(previous) AS previous, toString(change) AS change, reason, unit,
         as_of, is_partial, inputs, _epoch, _offset, _revision FROM finance.kpi_history ORDER BY measure`,
      ),
    ).toEqual([
      {
        measure: 'dso',
        value: null,
        previous: null,
        change: null,
        reason: 'zero_denominator',
        unit: 'days',
        as_of: '2026-11-22',
        is_partial: true,
        inputs: { sales: '1.00' },
        _epoch: 1,
        _offset: 0,
        _revision: 5,
      },
      {
        measure: 'netRevenue',
        value: '1250.5',
        previous: '-3',
        change: '12.34567891',
        reason: '',
        unit: 'BDT',
        as_of: '2026-11-22',
        is_partial: true,
        inputs: { sales: '1.00' },
        _epoch: 1,
        _offset: 0,
        _revision: 5,
      },
    ])
    expect(
      await store.query(
        `SELECT customer_id, toString(due_current) AS d, toString(posting_current) AS p, toString(due_over_90) AS o,
         toString(unapplied) AS u, toString(total) AS t, open_items FROM finance.aging_history ORDER BY customer_id`,
      ),
    ).toEqual([
      { customer_id: '', d: '1', p: '2', o: '0.0005', u: '-0.0007', t: '1.0007', open_items: 3 },
      { customer_id: 'c1', d: '1', p: '2', o: '0.0005', u: '-0.0007', t: '1.0007', open_items: 3 },
    ])
  })

  it('shows the newest incarnation of the processors alone', async () => {
    await start()
    produceHistory(broker, codec, [
      kpi('2026-11-21', '1'),
      kpi('2026-11-22', '2'),
      kpi('2026-11-21', '10', { epoch: 2 }),
      kpi('2026-11-22', '20', { epoch: 2 }),
    ])
    await worked(4)
    const rows = await store.query(
      `SELECT as_of, toString(value) AS value FROM finance.kpi_history WHERE measure = 'netRevenue' ORDER BY as_of`,
    )
    expect(rows).toEqual([
      { as_of: '2026-11-21', value: '10' },
      { as_of: '2026-11-22', value: '20' },
    ])
  })

  for (const table of ['kpi_points', 'aging_points']) {
    it(`redoes the range after a kill right after the insert into ${table}, and doubles neither table`, async () => {
      const first = await start()
      let killed = false
      store.onInsert = (insert, phase) => {
        if (insert.table !== `finance.${table}` || phase !== 'after' || killed) return
        killed = true
        first.kill()
        throw new Error('killed')
      }
      produceHistory(broker, codec, [kpi('2026-11-22', '1'), aging('2026-11-22', '')])
      await until('killed', () => killed)
      await start()
      await worked(2)
      expect(await store.query('SELECT count() AS n FROM finance.kpi_points')).toEqual([{ n: 2 }])
      expect(await store.query('SELECT count() AS n FROM finance.aging_points')).toEqual([{ n: 1 }])
    })
  }

  it('sends what it cannot read to the dead letters and writes the rest', async () => {
    await start()
    broker.append([
      { topic: TOPICS.history, partition: home, key: T, value: Buffer.from([0, 0, 0, 99, 99, 1]) },
    ])
    produceHistory(broker, codec, [kpi('2026-11-22', '1')])
    await worked(2)
    const letters = broker.log(dlqOf(TOPICS.history), home).read(0, { maxRecords: 9 }).records
    expect(letters.map((letter) => String(letter.headers[DLQ_HEADERS.code]))).toEqual(['unknown_schema'])
    expect(letters[0]?.value).toEqual(Buffer.from([0, 0, 0, 99, 99, 1]))
    expect(await store.query('SELECT count() AS n FROM finance.kpi_points')).toEqual([{ n: 2 }])
  })

  it('rounds figures with more than 8 decimals half away from zero, and takes nothing that is no number', () => {
    expect(ratioText('0.123456785')).toBe('0.12345679')
    expect(ratioText('-0.123456785')).toBe('-0.12345679')
    expect(ratioText('12')).toBe('12.00000000')
    expect(ratioText('NaN')).toBeNull()
    expect(ratioText(null)).toBeNull()
  })
})
