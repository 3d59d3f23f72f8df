/**
 * History: finance.history.v1 -> kpi_points (one row per measure) and aging_points (one per family and tenant, customer
 * or vendor); finance.alerts.v1 -> alert_log. A record that can't be read goes to the topic's .dlq, then the sink moves on.
 */
import type { DecodedRecord, RecordCodec } from '../../schemas/codec/event-codec.ts'
import type { AgingBuckets, AgingResult, KpiResult } from '../../schemas/generated/records.ts'
import type { InputRecord } from '../../platform/kafka/port.ts'
import type { DeadLetters, Unreadable } from '../runtime/dead-letters.ts'
import type { RangeWriter } from '../runtime/intents.ts'
import type { Chunk } from '../runtime/lane.ts'
import type { SinkMetrics } from '../runtime/metrics.ts'
import type { Row, Store } from './client.ts'
import { DATABASE } from './contract.ts'
import type { TopicEpochs } from './epochs.ts'
import { type AlertRecord, alertRow } from './alert-rows.ts'
import { amount, day, instant, ratioText } from './column-values.ts'

const STAGE = 'history'

export interface HistoryOptions {
  readonly store: Store
  readonly codec: RecordCodec
  readonly epochs: TopicEpochs
  readonly letters: Pick<DeadLetters, 'send'>
  readonly metrics: SinkMetrics
  /** Where the tables are; absent = where readers look. */
  readonly database?: string
  /** Tables to write; absent = all. */
  readonly tables?: ReadonlySet<string>
}

interface Common {
  readonly epoch: number
  readonly revision: number
}

const lineage = (record: InputRecord, { epoch, revision }: Common): Row => ({
  _epoch: epoch,
  _partition: record.partition,
  _offset: record.offset,
  _revision: revision,
})

export function kpiRows(result: KpiResult, record: InputRecord): Row[] {
  return result.windows.flatMap((window) =>
    window.measures.map((measure) => ({
      tenant_id: result.tenantId,
      kind: result.kind,
      measure: measure.name,
      window: window.window,
      as_of: day(result.asOf),
      log_time: instant(result.logTime),
      from_date: day(window.fromDate),
      to_date: day(window.toDate),
      value: ratioText(measure.value),
      unit: measure.unit,
      reason: measure.reason ?? '',
      previous: ratioText(measure.previous),
      change: ratioText(measure.change),
      last_year: ratioText(measure.lastYear),
      change_last_year: ratioText(measure.changeLastYear),
      inputs: measure.inputs,
      currency: result.currency,
      is_partial: window.partial,
      ...lineage(record, result),
    })),
  )
}

const buckets = (basis: 'due' | 'posting', b: AgingBuckets): Row => ({
  [`${basis}_current`]: amount(b.current),
  [`${basis}_1_30`]: amount(b.days1To30),
  [`${basis}_31_60`]: amount(b.days31To60),
  [`${basis}_61_90`]: amount(b.days61To90),
  [`${basis}_over_90`]: amount(b.over90),
})

export const agingRow = (result: AgingResult, record: InputRecord): Row => ({
  tenant_id: result.tenantId,
  family: result.family,
  kind: result.kind,
  customer_id: result.slice,
  customer_name: result.customerName,
  as_of: day(result.asOf),
  log_time: instant(result.logTime),
  currency: result.currency,
  ...buckets('due', result.due),
  ...buckets('posting', result.posting),
  unapplied: amount(result.unapplied),
  disputed: amount(result.disputed),
  total: amount(result.total),
  open_items: result.openItems,
  ...lineage(record, result),
})

const isAlert = (decoded: DecodedRecord): decoded is DecodedRecord & AlertRecord =>
  decoded.type === 'AlertRaised' || decoded.type === 'AlertCleared' || decoded.type === 'AlertMoved'

interface Mapped {
  readonly kpis: Row[]
  readonly agings: Row[]
  readonly alerts: Row[]
  readonly unreadable: Unreadable[]
}

export class HistoryWriter implements RangeWriter {
  readonly #options: HistoryOptions

  constructor(options: HistoryOptions) {
    this.#options = options
  }

  async write(chunk: Chunk, announce: () => Promise<void>): Promise<void> {
    const { letters, epochs } = this.#options
    const mapped = await this.#map(chunk.records)
    const { kpis, agings, alerts, unreadable } = mapped
    if (kpis.length + agings.length + alerts.length + unreadable.length === 0) return
    await announce()
    await letters.send(unreadable)
    const epoch = await epochs.of(chunk.topic)
    await this.#insert('kpi_points', kpis, chunk, epoch)
    await this.#insert('aging_points', agings, chunk, epoch)
    await this.#insert('alert_log', alerts, chunk, epoch)
  }

  async #map(records: readonly InputRecord[]): Promise<Mapped> {
    const { codec, metrics } = this.#options
    const mapped: Mapped = { kpis: [], agings: [], alerts: [], unreadable: [] }
    for (const record of records) {
      const wanted = codec.wants(record.value)
      if (wanted !== undefined) await codec.prepare(wanted)
      const decoded = codec.decode(record.value)
      if (decoded.ok && decoded.type === 'KpiResult') mapped.kpis.push(...kpiRows(decoded.data, record))
      else if (decoded.ok && decoded.type === 'AgingResult')
        mapped.agings.push(agingRow(decoded.data, record))
      else if (decoded.ok && isAlert(decoded)) mapped.alerts.push(alertRow(decoded, record))
      else {
        const [code, message] = decoded.ok
          ? ['unknown_record', `${decoded.type} is no history`]
          : [decoded.code, decoded.message]
        mapped.unreadable.push({ record, code, message })
        metrics.dropped.inc({ stage: STAGE, reason: code })
      }
    }
    return mapped
  }

  async #insert(name: string, rows: readonly Row[], chunk: Chunk, epoch: number): Promise<void> {
    const { store, metrics, database = DATABASE, tables } = this.#options
    const { topic, partition, first, last } = chunk
    const table = `${database}.${name}`
    if (tables?.has(name) === false) return
    if (rows.length === 0 || (chunk.redo && (await this.#isIn(table, rows, chunk)))) return
    await store.insert({ table, rows, token: `${epoch}:${topic}:${partition}:${first}-${last}` })
    metrics.rows.inc({ stage: STAGE, table: name }, rows.length)
  }

  /** One row of the range there = all of it is: an insert is one block. Holds however long ago it was. */
  async #isIn(table: string, rows: readonly Row[], { partition, first, last }: Chunk): Promise<boolean> {
    const epochs = [...new Set(rows.map((row) => Number(row['_epoch'])))]
    const since = Math.min(...rows.map((row) => Number(row['log_time'])))
    const [found] = await this.#options.store.query<{ readonly n: number }>(`
SELECT count() AS n FROM ${table}
WHERE _partition = ${partition} AND _offset BETWEEN ${first} AND ${last} AND _epoch IN (${epochs.join(', ')})
  AND log_time >= fromUnixTimestamp64Milli(${since})`)
    return (found?.n ?? 0) > 0
  }
}
