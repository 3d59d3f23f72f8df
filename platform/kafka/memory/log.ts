/**
 * One partition in memory. Every record and every control record has its own offset; compaction and truncation leave
 * gaps, as the broker's do. M1: offsets only grow. M2: a reader sees records of ended, committed transactions below
 * the last stable offset, and nothing else.
 */
import { outOfRange } from '../errors.ts'
import type { InputRecord } from '../port.ts'

type State = 'committed' | 'open' | 'aborted' | 'control'

interface Entry {
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer>>
  readonly producerId: number
  state: State
}

export interface Appended {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer>>
}

export interface ReadResult {
  readonly records: readonly InputRecord[]
  readonly nextOffset: number
  readonly stable: number
}

const NO_PRODUCER = -1

export class PartitionLog {
  readonly topic: string
  readonly partition: number
  low = 0
  next = 0
  #entries: Entry[] = []
  /** First offset of each open transaction, by producer id. */
  readonly #open = new Map<number, number>()

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  /** First offset that readers of committed data may not pass. */
  get stable(): number {
    let first = this.next
    for (const offset of this.#open.values()) if (offset < first) first = offset
    return first
  }

  append(record: Appended, timestamp: number, producerId: number = NO_PRODUCER): number {
    const transactional = producerId !== NO_PRODUCER
    if (transactional && !this.#open.has(producerId)) this.#open.set(producerId, this.next)
    const state = transactional ? 'open' : 'committed'
    this.#entries.push({ ...record, offset: this.next, timestamp, producerId, state })
    return this.next++
  }

  /** Writes the control record that ends a transaction here. */
  end(producerId: number, commit: boolean, timestamp: number): void {
    const first = this.#open.get(producerId) ?? this.next
    for (let i = this.#indexOf(first); i < this.#entries.length; i++) {
      const entry = this.#entries[i] as Entry
      if (entry.producerId === producerId && entry.state === 'open')
        entry.state = commit ? 'committed' : 'aborted'
    }
    this.#open.delete(producerId)
    const marker = { key: null, value: null, headers: {}, offset: this.next++, timestamp, producerId }
    this.#entries.push({ ...marker, state: 'control' })
  }

  read(from: number, limits: { to?: number; maxRecords: number }): ReadResult {
    const stable = this.stable
    if (from < this.low || from > this.next)
      throw outOfRange(this.topic, this.partition, from, this.low, this.next)
    const end = Math.min(limits.to ?? stable, stable)
    const records: InputRecord[] = []
    let position = from
    for (let i = this.#indexOf(from); i < this.#entries.length; i++) {
      const entry = this.#entries[i] as Entry
      if (entry.offset >= end) return { records, nextOffset: Math.max(from, end), stable }
      if (entry.state === 'committed') {
        if (records.length >= limits.maxRecords) return { records, nextOffset: entry.offset, stable }
        const { offset, timestamp, key, value, headers } = entry
        records.push({ topic: this.topic, partition: this.partition, offset, timestamp, key, value, headers })
      }
      position = entry.offset + 1
    }
    return { records, nextOffset: Math.max(position, from, end), stable }
  }

  /** Records that no reader of committed data ever sees: those of aborted transactions. */
  get aborted(): readonly InputRecord[] {
    const { topic, partition } = this
    return this.#entries
      .filter(({ state }) => state === 'aborted')
      .map(({ offset, timestamp, key, value, headers }) => ({
        topic,
        partition,
        offset,
        timestamp,
        key,
        value,
        headers,
      }))
  }

  /** Keeps the newest record of each key below the stable offset; drops markers and aborted records. */
  compact(options: { dropTombstones?: boolean } = {}): void {
    const stable = this.stable
    const newest = new Map<string, number>()
    for (const entry of this.#entries) {
      if (entry.offset < stable && entry.state === 'committed' && entry.key) {
        newest.set(entry.key.toString('latin1'), entry.offset)
      }
    }
    this.#entries = this.#entries.filter((entry) => {
      if (entry.offset >= stable) return true
      if (entry.state !== 'committed' || !entry.key) return false
      if (entry.value === null && options.dropTombstones === true) return false
      return newest.get(entry.key.toString('latin1')) === entry.offset
    })
  }

  /** Retention: everything below the offset is gone. */
  truncateBefore(offset: number): void {
    this.low = Math.max(this.low, Math.min(offset, this.next))
    this.#entries = this.#entries.filter((entry) => entry.offset >= this.low)
  }

  /** How many entries (markers included) are stored. */
  get size(): number {
    return this.#entries.length
  }

  #indexOf(offset: number): number {
    let a = 0
    let b = this.#entries.length
    while (a < b) {
      const middle = (a + b) >>> 1
      if ((this.#entries[middle] as Entry).offset < offset) a = middle + 1
      else b = middle
    }
    return a
  }
}
