/**
 * What the checkpoints topic holds of one task: cells and bytes per store, and the last whole checkpoint. Fed with the
 * records themselves, by a restore that reads them or a commit that wrote them; so it costs nothing per event.
 * Refuses: reading a cell's bytes; only their number counts here.
 */
import type { Admin, Batch, KafkaPort } from '../../platform/kafka/port.ts'
import { type Manifest, parseKey, parseManifest } from './manifest.ts'

export interface StoredSize {
  readonly cells: number
  readonly bytes: number
}

export interface LastCheckpoint {
  /** S: a restart folds the log from here. */
  readonly offset: number
  readonly epoch: number
  readonly logTime: number
  /** When its manifest was written, milliseconds UTC. */
  readonly atMs: number
  /** Of the one checkpoint, where this process wrote it: cells and bytes that went to the log, time of encoding. */
  readonly written?: StoredSize & { readonly seconds: number }
  /** Of all that a restart loads. */
  readonly whole: StoredSize
  readonly topologies: string
}

interface CheckpointRecord {
  readonly key: Buffer | string | null
  readonly value: Buffer | null
  readonly timestamp?: number
}

/** Parts of one cell are told apart by the low bits of its number: a cell of more parts would be 32 GB. */
const PARTS_MAX = 65_536

export class CheckpointSizes {
  readonly #group: string
  /** `store|cells` -> number of a part -> its bytes. */
  readonly #stores = new Map<string, Map<number, number>>()
  #manifest: Manifest | undefined
  #atMs = 0
  #written: (StoredSize & { readonly seconds: number }) | undefined

  constructor(group: string) {
    this.#group = group
  }

  clear(): void {
    this.#stores.clear()
    this.#manifest = undefined
    this.#written = undefined
  }

  /** A record of the partition, in the order of the log. */
  note({ key, value, timestamp = 0 }: CheckpointRecord): void {
    const parsed = key === null ? undefined : parseKey(this.#group, key.toString())
    if (parsed === undefined || parsed.kind === 'refused') return
    if (parsed.kind === 'manifest') {
      this.#manifest = value === null ? undefined : parseManifest(value)
      this.#atMs = timestamp
      return
    }
    const name = `${parsed.store}|${parsed.cells}`
    let parts = this.#stores.get(name)
    if (parts === undefined) this.#stores.set(name, (parts = new Map()))
    const part = parsed.index * PARTS_MAX + parsed.part
    if (value === null) parts.delete(part)
    else parts.set(part, value.length)
    if (parts.size === 0) this.#stores.delete(name)
  }

  /** A checkpoint of ours was committed. */
  took(records: readonly CheckpointRecord[], seconds: number, nowMs: number): StoredSize {
    let [cells, bytes] = [0, 0]
    for (const record of records) {
      this.note({ ...record, timestamp: nowMs })
      cells++
      bytes += record.value?.length ?? 0
    }
    // The manifest is no cell.
    this.#written = { cells: Math.max(0, cells - 1), bytes, seconds }
    return this.#written
  }

  of(store: string): StoredSize {
    let [cells, bytes] = [0, 0]
    for (const [name, parts] of this.#stores) {
      if (name.slice(0, name.lastIndexOf('|')) !== store) continue
      for (const size of parts.values()) bytes += size
      cells += parts.size
    }
    return { cells, bytes }
  }

  get storeNames(): readonly string[] {
    return [...new Set([...this.#stores.keys()].map((name) => name.slice(0, name.lastIndexOf('|'))))]
  }

  get last(): LastCheckpoint | undefined {
    const manifest = this.#manifest
    if (manifest === undefined) return undefined
    let [cells, bytes] = [0, 0]
    for (const store of this.storeNames) {
      const size = this.of(store)
      cells += size.cells
      bytes += size.bytes
    }
    return {
      offset: manifest.offset,
      epoch: manifest.epoch,
      logTime: manifest.logTime,
      atMs: this.#atMs,
      ...(this.#written ? { written: this.#written } : {}),
      whole: { cells, bytes },
      topologies: manifest.topologies,
    }
  }

  /** The port, with what is read of `topic` noted on the way. */
  watching(port: KafkaPort, topic: string): KafkaPort {
    this.clear()
    const note = (record: CheckpointRecord): void => this.note(record)
    return {
      producer: () => port.producer(),
      transactionalProducer: (options) => port.transactionalProducer(options),
      consumer: (options) => port.consumer(options),
      admin: () => port.admin(),
      close: () => port.close(),
      readPartition: (options) =>
        options.topic === topic ? noted(port.readPartition(options), note) : port.readPartition(options),
    }
  }
}

async function* noted(
  batches: AsyncIterable<Batch>,
  note: (record: CheckpointRecord) => void,
): AsyncGenerator<Batch> {
  for await (const batch of batches) {
    for (const record of batch.records) note(record)
    yield batch
  }
}

/** Of a partition whose task does not run here. */
export async function readCheckpoints(
  port: KafkaPort,
  admin: Admin,
  place: { readonly group: string; readonly topic: string; readonly partition: number },
): Promise<CheckpointSizes> {
  const { topic, partition } = place
  const sizes = new CheckpointSizes(place.group)
  const [bounds] = await admin.bounds(topic, [partition])
  for await (const { records } of port.readPartition({ topic, partition, from: bounds?.low ?? 0 }))
    for (const record of records) sizes.note(record)
  return sizes
}
