import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { MemoryBroker } from '../../../platform/kafka/memory/broker.ts'
import type { RecordCodec } from '../../../schemas/codec/event-codec.ts'
import { AMOUNT_NOT_KEPT } from '../../../schemas/rules/accept.ts'
import { DLQ_HEADERS, dlqOf, TOPICS } from '../../../schemas/topics.ts'
import { textsOf } from '../../../sinks/clickhouse/facts-writer.ts'
import { migrate } from '../../../sinks/clickhouse/migrate.ts'
import { parseIntent } from '../../../sinks/runtime/intents.ts'
import { type ChdbStore, openChdb } from './support/chdb-store.ts'
import { approved, created, event, received, registered, T } from './support/events.ts'
import {
  homeOf,
  LIMITS,
  makeBroker,
  openCodec,
  produceEvents,
  quietLog,
  type RunningSink,
  startSink,
  until,
} from './support/harness.ts'

let store: ChdbStore
let codec: RecordCodec
let broker: MemoryBroker
let running: RunningSink[] = []

const GROUP = 'nikash-sink-facts'
const home = homeOf(T)

const count = async (sql: string): Promise<number> =>
  (await store.query<{ n: number }>(`SELECT count() AS n FROM ${sql}`))[0]?.n ?? -1
const committed = () => broker.committed(GROUP, TOPICS.events, home)
const worked = async (offset: number) =>
  until(`offset ${offset} committed`, () => committed().offset >= offset && committed().metadata === '')

async function start(): Promise<RunningSink> {
  const one = await startSink(broker, store, codec)
  running.push(one)
  return one
}

beforeAll(async () => {
  store = openChdb()
  codec = await openCodec()
  await migrate(store, quietLog)
})
afterAll(() => store.close())
beforeEach(async () => {
  for (const table of ['event_log', 'refused_events', 'topic_epochs']) {
    await store.command(`TRUNCATE TABLE finance.${table}`)
  }
  store.onInsert = undefined
  broker = makeBroker()
  running = []
})
afterEach(() => {
  for (const one of running) one.kill()
})

describe('facts sink', () => {
  it('writes every event once, with its lineage and its payload', async () => {
    await start()
    produceEvents(broker, codec, [registered(), created('i1', { date: '2026-01-05', total: '115.25' })])
    await worked(2)
    const rows = await store.query<Record<string, unknown>>(
      'SELECT event_type, aggregate_id, payload, _epoch, _partition, _offset, _revision FROM finance.fct_events ORDER BY _offset',
    )
    expect(rows).toMatchObject([
      { event_type: 'TenantRegistered', _epoch: 1, _partition: home, _offset: 0 },
      {
        event_type: 'InvoiceCreated',
        aggregate_id: 'i1',
        _epoch: 1,
        _partition: home,
        _offset: 1,
        _revision: 1,
      },
    ])
    expect(JSON.parse(String(rows[1]?.['payload']))).toMatchObject({
      total: '115.2500',
      invoiceDate: '2026-01-05',
    })
    const invoice = await store.query('SELECT total, status, invoice_date FROM finance.fct_invoices')
    expect(invoice).toEqual([{ total: 115.25, status: 'APPROVED', invoice_date: '2026-01-05' }])
  })

  it('drops what the accept rules call a duplicate when the whole topic is produced twice', async () => {
    const events = [
      registered(),
      created('i1', { date: '2026-01-05', total: '100', status: 'DRAFT' }),
      approved('i1', { date: '2026-01-05', total: '100', on: '2026-01-06' }),
      created('i2', { date: '2026-01-05', total: '70', version: null }),
      received('p1', { date: '2026-02-01', amount: '100', to: { i1: '100' } }),
    ]
    await start()
    produceEvents(broker, codec, events)
    await worked(5)
    produceEvents(broker, codec, events)
    await worked(10)
    expect(await count('finance.event_log')).toBe(5)
    expect(await count('(SELECT DISTINCT event_id FROM finance.event_log)')).toBe(5)
    // And inside of one chunk.
    produceEvents(broker, codec, [
      created('i3', { date: '2026-01-05', total: '1' }),
      created('i3', { date: '2026-01-05', total: '2' }),
    ])
    await worked(12)
    expect(await store.query("SELECT total FROM finance.fct_invoices WHERE invoice_id = 'i3'")).toEqual([
      { total: 1 },
    ])
  })

  it('takes an event with a version by its version, as the processor does, whatever its event id', async () => {
    await start()
    const first = created('i1', { date: '2026-01-05', total: '100', version: 1 })
    const sameId = { ...approved('i1', { date: '2026-01-05', total: '100', on: '2026-01-06' }) }
    sameId.data = { ...sameId.data, eventId: first.data.eventId }
    produceEvents(broker, codec, [first, sameId])
    await worked(2)
    expect(await count('finance.event_log')).toBe(2)
  })

  it('skips records that are not readable, of a foreign partition, of another key or for everybody', async () => {
    await start()
    const good = created('i1', { date: '2026-01-05', total: '100' })
    const bytes = codec.encode('InvoiceCreated', good.data)
    const { events: topic } = TOPICS
    const tick = event('Tick', 'clock', { tenantId: '~', instant: 1_700_000_100_000 })
    const otherKey = ['a', 'b', 'c', 'd', 'e', 'f'].find((key) => homeOf(key) === home) ?? ''
    broker.append([
      { topic, partition: home, key: T, value: Buffer.from('no avro') },
      { topic, partition: 1 - home, key: T, value: bytes },
      { topic, partition: home, key: otherKey, value: bytes },
      { topic, partition: home, key: '~', value: codec.encode('Tick', tick.data) },
      { topic, partition: home, key: T, value: bytes },
    ])
    await worked(4)
    await until(
      'the other partition is done',
      () => broker.committed(GROUP, TOPICS.events, 1 - home).offset === 1,
    )
    expect(await store.query('SELECT _partition, _offset FROM finance.event_log')).toEqual([
      { _partition: home, _offset: 3 },
    ])
  })

  it('judges chunks whose keys are too many for one query', async () => {
    const long = 'x'.repeat(100)
    const events = Array.from({ length: 2_500 }, (_, i) =>
      created(`${long}${i}`, { date: '2026-01-05', total: '1', version: i % 2 === 0 ? 1 : null }),
    )
    produceEvents(broker, codec, [...events, ...events])
    running.push(
      await startSink(broker, store, codec, {
        ...LIMITS,
        chunkRecordsMax: 5_000,
        chunkBytesMax: 1e8,
        intervalMs: 100,
      }),
    )
    await until('all is done', () => committed().offset === 5_000 && committed().metadata === '', 20_000)
    expect(await count('finance.event_log')).toBe(2_500)
    expect(textsOf(['aaaa', 'bb', 'cccc', 'dddddddddddd'], 12)).toEqual(['aaaa, bb', 'cccc', 'dddddddddddd'])
  }, 30_000)

  it('announces the range before it inserts', async () => {
    const seen: { offset: number; last: number | null }[] = []
    store.onInsert = ({ table }, phase) => {
      if (table === 'finance.event_log' && phase === 'before') {
        seen.push({ offset: committed().offset, last: parseIntent(committed().metadata) })
      }
    }
    await start()
    produceEvents(broker, codec, [registered(), created('i1', { date: '2026-01-05', total: '100' })])
    await worked(2)
    expect(seen).toEqual([{ offset: 0, last: 1 }])
  })

  for (const phase of ['before', 'after'] as const) {
    it(`redoes exactly the announced range after a kill ${phase} the insert, and leaves no duplicate`, async () => {
      const first = await start()
      const ranges: string[] = []
      let killed = false
      store.onInsert = ({ table, token }, now) => {
        if (table !== 'finance.event_log') return
        if (now === 'before') ranges.push(token)
        if (now === phase && !killed) {
          killed = true
          first.kill()
          throw new Error('killed')
        }
      }
      produceEvents(broker, codec, [registered(), created('i1', { date: '2026-01-05', total: '100' })])
      await until('it was killed', () => killed)
      expect(committed()).toMatchObject({ offset: 0, metadata: 'last=1' })
      // More has come since: the redone range must not grow.
      produceEvents(broker, codec, [created('i2', { date: '2026-01-05', total: '5' })])
      await start()
      await worked(3)
      expect(await count('finance.event_log')).toBe(3)
      expect(await count('(SELECT DISTINCT _offset FROM finance.event_log)')).toBe(3)
      const redone = phase === 'before' ? [ranges[0]] : []
      expect(ranges).toEqual([ranges[0], ...redone, `1:${TOPICS.events}:${home}:2-2`])
    })
  }

  it('does not double a range whose token the store has forgotten', async () => {
    const first = await start()
    let killed = false
    store.onInsert = ({ table }, phase) => {
      if (table !== 'finance.event_log' || phase !== 'after' || killed) return
      killed = true
      first.kill()
      throw new Error('killed')
    }
    produceEvents(broker, codec, [registered()])
    await until('it was killed', () => killed)
    await store.command(
      'ALTER TABLE finance.event_log MODIFY SETTING non_replicated_deduplication_window = 0',
    )
    await start()
    await worked(1)
    await store.command(
      'ALTER TABLE finance.event_log MODIFY SETTING non_replicated_deduplication_window = 10000',
    )
    expect(await count('finance.event_log')).toBe(1)
  })

  it('goes on by itself after the store was away, and says meanwhile that it is not ready', async () => {
    const { sink } = await start()
    await until('ready', () =>
      sink.check().then(
        () => true,
        () => false,
      ),
    )
    let down = true
    store.onInsert = () => {
      if (down) throw new Error('connection refused')
    }
    produceEvents(broker, codec, [registered()])
    await until('not ready', () =>
      sink.check().then(
        () => false,
        (error: Error) => /connection refused/.test(error.message),
      ),
    )
    produceEvents(broker, codec, [created('i1', { date: '2026-01-05', total: '100' })])
    down = false
    await worked(2)
    await expect(sink.check()).resolves.toBeUndefined()
    expect(await count('finance.event_log')).toBe(2)
  })

  it('leaves out of the figures what the processor refused, and lets the same version come again', async () => {
    await start()
    produceEvents(broker, codec, [registered(), created('i1', { date: '2026-01-05', total: '100' })])
    await worked(2)
    const letter = {
      [DLQ_HEADERS.topic]: TOPICS.events,
      [DLQ_HEADERS.partition]: String(home),
      [DLQ_HEADERS.offset]: '1',
      [DLQ_HEADERS.code]: 'bad_total',
      [DLQ_HEADERS.message]: 'parts do not sum to the total',
    }
    const value = codec.encode('InvoiceCreated', created('i1', { date: '2026-01-05', total: '100' }).data)
    // The one before it is about an event that is right: no refusal.
    const kept = { ...letter, [DLQ_HEADERS.offset]: '0', [DLQ_HEADERS.code]: AMOUNT_NOT_KEPT }
    const topic = dlqOf(TOPICS.events)
    broker.append([{ topic, partition: home, key: T, value, headers: kept }])
    broker.append([{ topic, partition: home, key: T, value, headers: letter }])
    await until('the refusal is known', async () => (await count('finance.refused_events')) === 1)
    expect(await count('finance.fct_invoices')).toBe(0)
    expect(await store.query('SELECT is_refused FROM finance.fct_events ORDER BY _offset')).toEqual([
      { is_refused: false },
      { is_refused: true },
    ])
    produceEvents(broker, codec, [created('i1', { date: '2026-01-05', total: '90' })])
    await worked(3)
    expect(await store.query('SELECT total FROM finance.fct_invoices')).toEqual([{ total: 90 }])
  })
})
