/**
 * Refusals: the processor's letters about events (dead letters and late ones) -> refused_events. A letter names the
 * event by topic, partition and offset; the as-of views leave such events out. A late event that counted is no refusal.
 */
import type { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { AMOUNT_NOT_KEPT } from '../../schemas/rules/accept.ts'
import { DLQ_HEADERS, LATE_COUNTED } from '../../schemas/topics.ts'
import type { InputRecord } from '../../platform/kafka/port.ts'
import type { RangeWriter } from '../runtime/intents.ts'
import type { Chunk } from '../runtime/lane.ts'
import type { SinkMetrics } from '../runtime/metrics.ts'
import type { Row, Store } from './client.ts'
import { DATABASE } from './contract.ts'
import type { TopicEpochs } from './epochs.ts'
import { instant } from './column-values.ts'

const STAGE = 'refusals'
/** Letters about something else than the event at the offset they name, or about one that counts all the same. */
const NO_REFUSALS: ReadonlySet<string> = new Set([
  'timer_failed',
  'render_failed',
  LATE_COUNTED,
  AMOUNT_NOT_KEPT,
])

export interface RefusalsOptions {
  readonly store: Store
  readonly codec: RecordCodec
  readonly epochs: TopicEpochs
  /** Topic of the events. */
  readonly events: string
  readonly metrics: SinkMetrics
  /** Where the table is; absent = where readers look. */
  readonly database?: string
}

export class RefusalsWriter implements RangeWriter {
  readonly #options: RefusalsOptions
  readonly #table: string

  constructor(options: RefusalsOptions) {
    this.#options = options
    this.#table = `${options.database ?? DATABASE}.refused_events`
  }

  async write(chunk: Chunk, announce: () => Promise<void>): Promise<void> {
    const { store, epochs, events, metrics } = this.#options
    const epoch = await epochs.of(events)
    const rows: Row[] = []
    for (const record of chunk.records) {
      const row = await this.#rowOf(record, epoch)
      if (row) rows.push(row)
    }
    if (rows.length === 0) return
    await announce()
    const { topic, partition, first, last } = chunk
    if (chunk.redo && (await this.#isIn(chunk))) return
    await store.insert({ table: this.#table, rows, token: `${epoch}:${topic}:${partition}:${first}-${last}` })
    metrics.rows.inc({ stage: STAGE, table: 'refused_events' }, rows.length)
  }

  async #rowOf(record: InputRecord, epoch: number): Promise<Row | null> {
    const { codec, events } = this.#options
    const header = (name: string) => record.headers[name]?.toString() ?? ''
    const code = header(DLQ_HEADERS.code)
    const offset = Number(header(DLQ_HEADERS.offset))
    const partition = Number(header(DLQ_HEADERS.partition))
    if (header(DLQ_HEADERS.topic) !== events || NO_REFUSALS.has(code)) return null
    if (!Number.isSafeInteger(offset) || offset < 0 || !Number.isInteger(partition)) return null
    const wanted = codec.wants(record.value)
    if (wanted !== undefined) await codec.prepare(wanted)
    const event = codec.decodeEvent(record.value)
    // Bytes that are no event are in no table of facts either.
    if (!event.ok) return null
    return {
      tenant_id: event.data.tenantId,
      code,
      message: header(DLQ_HEADERS.message),
      refused_at: instant(record.timestamp),
      letter_topic: record.topic,
      letter_offset: record.offset,
      _epoch: epoch,
      _partition: partition,
      _offset: offset,
      _revision: offset,
    }
  }

  async #isIn({ topic, partition, first, last }: Chunk): Promise<boolean> {
    const [found] = await this.#options.store.query<{ readonly n: number }>(
      `SELECT count() AS n FROM ${this.#table}
WHERE letter_topic = {topic:String} AND _partition = ${partition} AND letter_offset BETWEEN ${first} AND ${last}`,
      { topic },
    )
    return (found?.n ?? 0) > 0
  }
}
