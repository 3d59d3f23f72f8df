/** Closes, corrections and late events as the processors write them, through the sinks into ClickHouse. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { MemoryBroker } from '../../../platform/kafka/memory/broker.ts'
import { TEST_CODEC, TestDriver } from '../../../processors/runtime/testing/driver.ts'
import { buildTopologies } from '../../../processors/topologies/index.ts'
import { TOPICS } from '../../../schemas/topics.ts'
import { migrate } from '../../../sinks/clickhouse/migrate.ts'
import { expense, invoice, payment, settings } from '../domain/support.ts'
import { type ChdbStore, openChdb } from './support/chdb-store.ts'
import { homeOf, makeBroker, quietLog, type RunningSink, startSink, until } from './support/harness.ts'

const T = 'acme'
const home = homeOf(T)
const at = (text: string) => Date.parse(text)
let store: ChdbStore
let broker: MemoryBroker
let sink: RunningSink

beforeAll(async () => {
  store = openChdb()
  await migrate(store, quietLog)
  broker = makeBroker()
  const topologies = buildTopologies((type, value) => TEST_CODEC.encode(type, value))
  const driver = new TestDriver({ topologies, startMs: at('2026-01-15T04:00:00Z') })
  driver.pipe(settings('TenantRegistered'))
  driver.pipe(invoice('I1', { date: '2026-01-10', total: 100 }))
  driver.tick(at('2026-01-16T18:00:00Z'))
  // Two days are closed. Three late documents, in two quarter-hours; the last one for the 16th alone.
  driver.pipe(expense('E1', { date: '2026-01-15', net: 30 }), { timestamp: at('2026-01-16T18:01:00Z') })
  driver.pipe(payment('P1', { date: '2026-01-15', amount: 40, to: { I1: 40 } }))
  driver.tick(at('2026-01-16T18:15:00Z'))
  driver.pipe(invoice('I2', { date: '2026-01-16', total: 7 }), { timestamp: at('2026-01-16T18:16:00Z') })
  driver.tick(at('2026-01-16T18:30:00Z'))
  // Ids of version-less events are forgotten after a week: the same invoice again, and one that was never seen.
  driver.tick(at('2026-01-26T00:00:00Z'))
  const [, again] = driver.log
  if (again?.value) driver.pipeBytes(T, again.value)
  driver.pipe(invoice('I3', { date: '2026-01-20', total: 1000 }))
  for (const { value } of driver.log) if (value) broker.append([{ topic: TOPICS.events, key: T, value }])
  for (const topic of [TOPICS.history, TOPICS.late]) {
    for (const { key, value, headers } of driver.emitted(topic))
      broker.append([{ topic, partition: home, key, value, headers }])
  }
  expect(driver.late().map(({ headers }) => headers['nikash-dlq-code'])).toEqual([
    'late_counted',
    'late_counted',
    'late_counted',
    'late',
    'late',
  ])
  sink = await startSink(broker, store, TEST_CODEC)
  for (const [group, topic] of [
    ['nikash-sink-history', TOPICS.history],
    ['nikash-sink-facts', TOPICS.events],
    ['nikash-sink-refusals', TOPICS.late],
  ] as const) {
    await until(`all of ${topic} is in`, () => {
      const { offset, metadata } = broker.committed(group, topic, home)
      return offset === broker.log(topic, home).stable && metadata === ''
    })
  }
}, 30_000)
afterAll(async () => {
  await sink.stop()
  await store.close()
})

describe('a close that was corrected', () => {
  it('is one row per figure in kpi_history, with what is known by now', async () => {
    const rows = await store.query(`
SELECT toString(as_of) AS day, measure, toString(value) AS value, is_corrected FROM finance.kpi_history
WHERE kind = 'CLOSE' AND as_of <= '2026-01-16' AND window = '30d' AND measure IN ('totalExpenses', 'netRevenue', 'receivables')
ORDER BY as_of, measure`)
    expect(rows).toEqual([
      { day: '2026-01-15', measure: 'netRevenue', value: '100', is_corrected: true },
      { day: '2026-01-15', measure: 'receivables', value: '60', is_corrected: true },
      { day: '2026-01-15', measure: 'totalExpenses', value: '30', is_corrected: true },
      { day: '2026-01-16', measure: 'netRevenue', value: '107', is_corrected: true },
      { day: '2026-01-16', measure: 'receivables', value: '67', is_corrected: true },
      { day: '2026-01-16', measure: 'totalExpenses', value: '30', is_corrected: true },
    ])
  })

  it('is one row in aging_history, and all that was ever published is in the base table', async () => {
    expect(
      await store.query(`
SELECT toString(as_of) AS day, toString(total) AS total, open_items, kind FROM finance.aging_history
WHERE kind != 'SNAPSHOT' AND as_of <= '2026-01-16' ORDER BY as_of`),
    ).toEqual([
      { day: '2026-01-15', total: '60', open_items: 1, kind: 'CLOSE' },
      { day: '2026-01-16', total: '67', open_items: 2, kind: 'CLOSE' },
    ])
    expect(
      await store.query(`
SELECT toString(as_of) AS day, kind, toString(total) AS total FROM finance.aging_points
WHERE kind != 'SNAPSHOT' AND as_of <= '2026-01-16' ORDER BY as_of, _revision`),
    ).toEqual([
      { day: '2026-01-15', kind: 'CLOSE', total: '100' },
      { day: '2026-01-15', kind: 'CORRECTION', total: '60' },
      { day: '2026-01-16', kind: 'CLOSE', total: '100' },
      { day: '2026-01-16', kind: 'CORRECTION', total: '60' },
      { day: '2026-01-16', kind: 'CORRECTION', total: '67' },
    ])
  })

  it('leaves snapshots as they were', async () => {
    const [found] = await store.query<{ readonly n: number }>(
      `SELECT count() AS n FROM finance.aging_history WHERE kind = 'SNAPSHOT' AND NOT is_corrected`,
    )
    const [written] = await store.query<{ readonly n: number }>(
      `SELECT count() AS n FROM finance.aging_points WHERE kind = 'SNAPSHOT'`,
    )
    expect([found?.n, Number(written?.n) > 1]).toEqual([written?.n, true])
  })
})

describe('a late event that counted', () => {
  it('is no refused event: the facts have it', async () => {
    expect(await store.query('SELECT DISTINCT code FROM finance.refused_events')).toEqual([{ code: 'late' }])
    const facts = await store.query(
      'SELECT invoice_id, toString(open_amount) AS open FROM finance.fct_invoices ORDER BY invoice_id',
    )
    expect(facts).toEqual([
      { invoice_id: 'I1', open: '60' },
      { invoice_id: 'I2', open: '7' },
    ])
  })

  it('stays apart from one that did not: that is refused, and no figure of the facts has it', async () => {
    expect(
      await store.query(`
SELECT aggregate_id, count() AS n, countIf(is_refused) AS refused FROM finance.fct_events
WHERE event_type = 'InvoiceCreated' GROUP BY aggregate_id ORDER BY aggregate_id`),
    ).toEqual([
      { aggregate_id: 'I1', n: 1, refused: 0 },
      { aggregate_id: 'I2', n: 1, refused: 0 },
      { aggregate_id: 'I3', n: 1, refused: 1 },
    ])
    const [last] = await store.query<{ readonly total: string }>(
      'SELECT toString(total) AS total FROM finance.aging_history ORDER BY as_of DESC, log_time DESC LIMIT 1',
    )
    const [facts] = await store.query<{ readonly total: string }>(
      'SELECT toString(sum(total)) AS total FROM finance.rpt_receivables_aging',
    )
    expect([last?.total, facts?.total]).toEqual(['67', '67'])
  })
})
