/**
 * Fills shadow tables from the log with the writers of the sink. Owns the ranges that are read and how often a step is
 * tried. Refuses: a group, so nothing of the sink's own place in the log changes; dead letters, which were sent long ago.
 * P1: ranges of a road follow one another without gap or overlap; each is announced before it is written (shadow.ts S3), and
 * the newest announced one is redone as it was when a run begins. P2: a road is filled up to a place and not beyond.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { recoverOf } from '../../../platform/errors.ts'
import type { InputRecord, KafkaPort } from '../../../platform/kafka/port.ts'
import type { RecordCodec } from '../../../schemas/codec/event-codec.ts'
import type { RangeWriter } from '../../runtime/intents.ts'
import type { Chunk } from '../../runtime/lane.ts'
import type { SinkMetrics } from '../../runtime/metrics.ts'
import type { Store } from '../client.ts'
import type { TenantTable } from '../contract.ts'
import type { TopicEpochs } from '../epochs.ts'
import { FactsMemory } from '../facts-memory.ts'
import { FactsWriter } from '../facts-writer.ts'
import { HistoryWriter } from '../history-writer.ts'
import { RefusalsWriter } from '../refusals-writer.ts'
import type { Topics } from '../sink.ts'
import { type Road, roadKey, SHADOW, tablesOf } from './roads.ts'
import type { Range, Shadow } from './shadow.ts'

/** As the sink's own: an insert is one block (client.ts B1). */
export interface FillLimits {
  readonly recordsMax: number
  readonly bytesMax: number
}
const LIMITS: FillLimits = { recordsMax: 10_000, bytesMax: 4 * 1024 * 1024 }
const TRIES = 6
const PAUSE_MS = 500

export interface FillParts {
  readonly kafka: KafkaPort
  readonly codec: RecordCodec
  readonly store: Store
  readonly metrics: SinkMetrics
  readonly epochs: TopicEpochs
  readonly topics: Topics
  readonly partitions: number
  readonly limits?: FillLimits
  /** Called with each number of records that are done. */
  readonly onRecords: (records: number) => void
}

export class Filler {
  readonly #parts: FillParts
  readonly #shadow: Shadow
  readonly #left: readonly TenantTable[]
  readonly #carried: boolean
  readonly #next = new Map<string, number>()
  readonly #redo: Map<string, Range>
  readonly #memories = new Map<string, FactsMemory>()

  constructor(
    parts: FillParts,
    shadow: Shadow,
    state: { left: readonly TenantTable[]; announced: ReadonlyMap<string, Range>; carried: boolean },
  ) {
    this.#parts = parts
    this.#shadow = shadow
    this.#left = state.left
    this.#carried = state.carried
    this.#redo = new Map(state.announced)
  }

  /** All of the log before it is in the shadow, or was redone after the run began. */
  placeOf(road: Road, low: number): number {
    const redo = this.#redo.get(roadKey(road))
    return this.#next.get(roadKey(road)) ?? (redo === undefined ? low : redo.last + 1)
  }

  /** False: all tables of the road were switched. */
  isNeeded(road: Road): boolean {
    return tablesOf(road, this.#parts.topics).some(({ table }) => this.#left.includes(table))
  }

  /** Finishes what an earlier run announced, then fills [place, to). */
  async fill(road: Road, low: number, to: number): Promise<void> {
    const key = roadKey(road)
    const redo = this.#redo.get(key)
    const writer = await this.#writerOf(road)
    if (redo !== undefined) {
      const records = await this.#read(road, redo.first, redo.last + 1)
      await this.#write(writer, road, { ...road, ...redo, next: redo.last + 1, records, redo: true })
      this.#redo.delete(key)
      this.#next.set(key, redo.last + 1)
    }
    const from = this.placeOf(road, low)
    if (from < to)
      for await (const chunk of this.#chunks(road, from, to)) await this.#done(writer, road, chunk)
    this.#next.set(key, Math.max(from, to))
    this.#memories.delete(key)
  }

  /** One range as the sink announced it, under the name that the sink gives to it: whoever comes second writes nothing. */
  async fillExactly(road: Road, { first, last }: Range): Promise<void> {
    const writer = await this.#writerOf(road)
    const records = await this.#read(road, first, last + 1)
    await this.#done(writer, road, { ...road, first, last, next: last + 1, records, redo: false })
    this.#next.set(roadKey(road), last + 1)
  }

  async #done(writer: RangeWriter, road: Road, chunk: Chunk): Promise<void> {
    await this.#write(writer, road, chunk)
    this.#next.set(roadKey(road), chunk.next)
    this.#parts.onRecords(chunk.records.length)
  }

  async #write(writer: RangeWriter, road: Road, chunk: Chunk): Promise<void> {
    if (chunk.records.length === 0) return
    for (let attempt = 1; ; attempt++) {
      try {
        // A second try does not know what became of the first: it asks the table.
        await writer.write({ ...chunk, redo: chunk.redo || attempt > 1 }, () =>
          this.#shadow.announce(road, chunk),
        )
        return
      } catch (error) {
        this.#memories.get(roadKey(road))?.forget()
        if (recoverOf(error) !== 'retry' || attempt === TRIES) throw error
        await sleep(PAUSE_MS * attempt)
      }
    }
  }

  async #writerOf(road: Road): Promise<RangeWriter> {
    const { store, codec, epochs, metrics, topics, partitions } = this.#parts
    const common = { store, codec, epochs, metrics, database: SHADOW }
    if (road.stage === 'refusals') return new RefusalsWriter({ ...common, events: topics.events })
    if (road.stage === 'facts')
      return new FactsWriter({ ...common, partitions, memory: await this.#memoryOf(road) })
    const letters = { send: () => Promise.resolve() }
    return new HistoryWriter({ ...common, letters, tables: new Set(this.#left) })
  }

  /** Anew for each pass: letters have come since the last one. */
  async #memoryOf(road: Road): Promise<FactsMemory> {
    const key = roadKey(road)
    const epoch = await this.#parts.epochs.of(road.topic)
    const rows = await this.#parts.store.query<{ readonly o: number }>(
      `SELECT DISTINCT _offset AS o FROM ${SHADOW}.refused_events WHERE _epoch = ${epoch} AND _partition = ${road.partition}`,
    )
    const whole = !this.#carried && !this.#next.has(key) && !this.#redo.has(key)
    const memory = new FactsMemory(new Set(rows.map(({ o }) => o)), whole)
    this.#memories.set(key, memory)
    return memory
  }

  async #read({ topic, partition }: Road, from: number, to: number): Promise<InputRecord[]> {
    const found: InputRecord[] = []
    for await (const { records } of this.#parts.kafka.readPartition({ topic, partition, from, to }))
      for (const record of records) if (record.offset >= from && record.offset < to) found.push(record)
    return found
  }

  async *#chunks(road: Road, from: number, to: number): AsyncGenerator<Chunk> {
    const { recordsMax, bytesMax } = this.#parts.limits ?? LIMITS
    const { topic, partition } = road
    let records: InputRecord[] = []
    let bytes = 0
    const cut = (): Chunk => {
      const first = records[0]?.offset ?? 0
      const last = records.at(-1)?.offset ?? 0
      const chunk = { topic, partition, first, last, next: last + 1, records, redo: false }
      records = []
      bytes = 0
      return chunk
    }
    for await (const batch of this.#parts.kafka.readPartition({ topic, partition, from, to })) {
      for (const record of batch.records) {
        if (record.offset < from || record.offset >= to) continue
        const size = record.value?.length ?? 0
        if (records.length > 0 && (records.length >= recordsMax || bytes + size > bytesMax)) yield cut()
        records.push(record)
        bytes += size
      }
    }
    if (records.length > 0) yield cut()
  }
}
