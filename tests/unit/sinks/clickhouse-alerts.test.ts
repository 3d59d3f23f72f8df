/** Alerts on their way into ClickHouse: rows, the views over them, kills, and what can't be read. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { MemoryBroker } from '../../../platform/kafka/memory/broker.ts'
import type { RecordCodec } from '../../../schemas/codec/event-codec.ts'
import { dlqOf, TOPICS } from '../../../schemas/topics.ts'
import type { AlertRecord } from '../../../sinks/clickhouse/alert-rows.ts'
import { migrate } from '../../../sinks/clickhouse/migrate.ts'
import { cleared, moved, raised } from './support/alert-records.ts'
import { type ChdbStore, openChdb } from './support/chdb-store.ts'
import {
  homeOf,
  makeBroker,
  openCodec,
  quietLog,
  type RunningSink,
  startSink,
  until,
} from './support/harness.ts'

const home = homeOf('acme')
let store: ChdbStore
let codec: RecordCodec
let broker: MemoryBroker
let running: RunningSink[] = []

const produce = (...records: readonly AlertRecord[]) =>
  broker.append(
    records.map((one) => ({
      topic: TOPICS.alerts,
      key: one.data.tenantId,
      value: codec.encode(one.type, one.data as never),
    })),
  )
const start = async () => {
  running.push(await startSink(broker, store, codec))
}
const worked = (offset: number) =>
  until(`offset ${offset} committed`, () => {
    const { offset: at, metadata } = broker.committed('nikash-sink-history', TOPICS.alerts, home)
    return at >= offset && metadata === ''
  })
const rows = (columns: string, view = 'alerts', order = 'alert_id') =>
  store.query(`SELECT ${columns} FROM finance.${view} ORDER BY ${order}`)

describe('alerts sink', () => {
  beforeAll(async () => {
    store = openChdb()
    codec = await openCodec()
    await migrate(store, quietLog)
  })
  afterAll(() => store.close())
  beforeEach(async () => {
    await store.command('TRUNCATE TABLE finance.alert_log')
    await store.command('TRUNCATE TABLE finance.topic_epochs')
    store.onInsert = undefined
    broker = makeBroker()
    running = []
  })
  afterEach(() => {
    for (const one of running) one.kill()
  })

  it('shows an alert as it stands, in one row', async () => {
    await start()
    produce(raised('a'), raised('b', { subject: 'P1', value: '1' }), moved('a', 'ACKNOWLEDGED'), cleared('b'))
    await worked(4)
    expect(
      await rows(`alert_id, rule_id, subject, state, severity, category, impact, toString(value) AS value,
        toString(threshold) AS threshold, message, inputs, as_of, toString(raised_at) AS raised_at,
        toString(cleared_at) AS cleared_at, toString(moved_at) AS moved_at, actor, note, cause_id, _offset, _revision`),
    ).toEqual([
      {
        alert_id: 'a',
        rule_id: 'cash-flow',
        subject: '',
        state: 'ACKNOWLEDGED',
        severity: 'CRITICAL',
        category: 'CASH_FLOW',
        impact: 'HIGH',
        value: '-0.01',
        threshold: '0',
        message: 'Cash runs short',
        inputs: { cash: '5.00' },
        as_of: '2026-11-22',
        raised_at: '2026-11-22 06:00:00.000',
        cleared_at: null,
        moved_at: '2026-11-22 06:01:00.000',
        actor: 'user:rahima',
        note: 'calling them',
        cause_id: 'e-1',
        _offset: 2,
        _revision: 8,
      },
      expect.objectContaining({
        alert_id: 'b',
        subject: 'P1',
        state: 'CLEARED',
        value: '1',
        cleared_at: '2026-11-23 06:00:00.000',
        moved_at: null,
        actor: '',
      }),
    ])
    expect(await rows('kind, state, reason, actor', 'alert_history', 'alert_id, _offset')).toEqual([
      { kind: 'RAISED', state: 'OPEN', reason: '', actor: '' },
      { kind: 'MOVED', state: 'ACKNOWLEDGED', reason: '', actor: 'user:rahima' },
      { kind: 'RAISED', state: 'OPEN', reason: '', actor: '' },
      { kind: 'CLEARED', state: 'CLEARED', reason: 'back_to_normal', actor: '' },
    ])
  })

  it('keeps one row of an alert that a new incarnation raises again, and knows no alert that was never raised', async () => {
    await start()
    produce(raised('a'), moved('a', 'RESOLVED'), moved('ghost', 'RESOLVED'))
    produce(raised('a', { epoch: 2, value: '-7.00' }), moved('a', 'ESCALATED', { epoch: 2 }))
    await worked(5)
    expect(await rows('alert_id, state, toString(value) AS value, _epoch')).toEqual([
      { alert_id: 'a', state: 'ESCALATED', value: '-7', _epoch: 2 },
    ])
    expect(await rows("countIf(alert_id = 'a') AS n", 'alert_history', 'n')).toEqual([{ n: 2 }])
  })

  it('redoes the range after a kill right after the insert, and doubles nothing', async () => {
    let killed = false
    store.onInsert = (insert, phase) => {
      if (killed || phase !== 'after' || !insert.table.endsWith('alert_log')) return
      killed = true
      running[0]?.kill()
      throw new Error('killed')
    }
    await start()
    produce(raised('a'), cleared('a'))
    await until('killed', () => killed)
    await start()
    await worked(2)
    expect(await store.query('SELECT count() AS n FROM finance.alert_log')).toEqual([{ n: 2 }])
  })

  it('puts what it can not read aside and goes on', async () => {
    await start()
    broker.append([{ topic: TOPICS.alerts, partition: home, key: 'acme', value: Buffer.from('no avro') }])
    produce(raised('a'))
    await worked(2)
    expect(await rows('alert_id')).toEqual([{ alert_id: 'a' }])
    const letters = broker.log(dlqOf(TOPICS.alerts), home).read(0, { maxRecords: 9 }).records
    expect(letters.map(({ value }) => String(value))).toEqual(['no avro'])
  })
})
