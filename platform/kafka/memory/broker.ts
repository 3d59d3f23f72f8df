/**
 * A Kafka broker in memory: what several ports ("processes") share in a test. It knows topics, transactions with
 * producer epochs, groups, and time by an injected clock. M5: starting a producer aborts the open transaction of its
 * id and fences the producers before it. M6: a transaction that stays open past its timeout is aborted and its
 * producer fenced, at the next call after that moment. Nothing here does I/O.
 */
import { partitionOf } from '../../../schemas/values/partition.ts'
import { KafkaError, unknownTopic } from '../errors.ts'
import type { CommittedOffset, Membership, OffsetCommit, OutputRecord, TopicDescription } from '../port.ts'
import { Groups, type Host } from './groups.ts'
import { PartitionLog } from './log.ts'

export interface BrokerOptions {
  /** Clock for append times and timeouts. */
  readonly now?: () => number
  /** Clock for append times alone: the log's time may leap without a session or a transaction being over. */
  readonly appendTime?: () => number
}

export interface ProducerIdentity {
  readonly transactionalId: string
  readonly producerId: number
  readonly epoch: number
}

interface Topic {
  readonly id: string
  readonly config: Readonly<Record<string, string>>
  readonly partitions: readonly PartitionLog[]
}

interface OpenTransaction {
  readonly startedAt: number
  readonly partitions: Set<PartitionLog>
  readonly offsets: { groupId: string; commits: readonly OffsetCommit[] }[]
}

interface ProducerState {
  producerId: number
  epoch: number
  timeoutMs: number
  open: OpenTransaction | undefined
}

const RECORD_BYTES_MAX = 1_048_588 - 100

export class MemoryBroker {
  readonly groups: Groups
  readonly now: () => number
  readonly #appendTime: () => number
  readonly #topics = new Map<string, Topic>()
  readonly #producers = new Map<string, ProducerState>()
  readonly #waiters = new Set<() => void>()
  #nextProducer = 1
  #nextTopic = 1

  constructor(options: BrokerOptions = {}) {
    this.now = options.now ?? (() => Date.now())
    this.#appendTime = options.appendTime ?? this.now
    this.groups = new Groups(this.now, (topic) => this.#topics.get(topic)?.partitions.length ?? 0)
  }

  // Topics

  createTopic(name: string, partitions: number, config: Readonly<Record<string, string>> = {}): boolean {
    if (this.#topics.has(name)) return false
    const logs = Array.from({ length: partitions }, (_, partition) => new PartitionLog(name, partition))
    this.#topics.set(name, { id: `topic-${this.#nextTopic++}`, config, partitions: logs })
    return true
  }

  deleteTopic(name: string): void {
    this.#topics.delete(name)
  }

  describe(name: string): TopicDescription {
    const topic = this.#topics.get(name)
    if (!topic) throw unknownTopic(name)
    return { name, topicId: topic.id, partitions: topic.partitions.length }
  }

  get topicNames(): readonly string[] {
    return [...this.#topics.keys()]
  }

  log(topic: string, partition: number): PartitionLog {
    const log = this.#topics.get(topic)?.partitions[partition]
    if (!log) throw unknownTopic(topic, partition)
    return log
  }

  compact(topic: string, options: { dropTombstones?: boolean } = {}): void {
    const { partitions } = this.describe(topic)
    for (let p = 0; p < partitions; p++) this.log(topic, p).compact(options)
  }

  // Records

  append(records: readonly OutputRecord[], producer?: ProducerIdentity): void {
    const places = records.map((record) => this.#place(record))
    const open = producer ? this.#open(producer) : undefined
    const timestamp = this.#appendTime()
    records.forEach((record, i) => {
      const log = places[i] as PartitionLog
      open?.partitions.add(log)
      const headers = Object.entries(record.headers ?? {}).map(
        ([name, value]) => [name, bytesOf(value)] as const,
      )
      const body = { key: bytesOf(record.key), value: record.value, headers: Object.fromEntries(headers) }
      log.append(body, timestamp, producer?.producerId)
    })
    this.notify()
  }

  #place(record: OutputRecord): PartitionLog {
    const { partitions } = this.describe(record.topic)
    const size = bytesOf(record.key).length + (record.value?.length ?? 0)
    if (size > RECORD_BYTES_MAX) {
      throw new KafkaError(
        'MESSAGE_TOO_LARGE',
        `a record of ${size} bytes for ${record.topic} is over the limit`,
      )
    }
    return this.log(record.topic, record.partition ?? partitionOf(bytesOf(record.key), partitions))
  }

  // Transactions

  initProducer(transactionalId: string, timeoutMs: number): ProducerIdentity {
    this.sweep()
    let state = this.#producers.get(transactionalId)
    if (state) {
      if (state.open) this.#end(state, false)
      state.epoch++
      state.timeoutMs = timeoutMs
    } else {
      state = { producerId: this.#nextProducer++, epoch: 0, timeoutMs, open: undefined }
      this.#producers.set(transactionalId, state)
    }
    this.notify()
    return { transactionalId, producerId: state.producerId, epoch: state.epoch }
  }

  #state(producer: ProducerIdentity): ProducerState {
    this.sweep()
    const state = this.#producers.get(producer.transactionalId)
    if (!state || state.producerId !== producer.producerId || state.epoch !== producer.epoch) {
      const text = `another producer took ${producer.transactionalId}, or its transaction timed out`
      throw new KafkaError('PRODUCER_FENCED', text)
    }
    return state
  }

  #open(producer: ProducerIdentity): OpenTransaction {
    const state = this.#state(producer)
    state.open ??= { startedAt: this.now(), partitions: new Set(), offsets: [] }
    return state.open
  }

  addOffsets(producer: ProducerIdentity, membership: Membership, commits: readonly OffsetCommit[]): void {
    const open = this.#open(producer)
    this.groups.checkMembership(membership)
    open.offsets.push({ groupId: membership.groupId, commits })
  }

  endTransaction(producer: ProducerIdentity, commit: boolean): void {
    this.#end(this.#state(producer), commit)
    this.notify()
  }

  #end(state: ProducerState, commit: boolean): void {
    const { open } = state
    if (!open) return
    state.open = undefined
    const timestamp = this.#appendTime()
    for (const log of open.partitions) log.end(state.producerId, commit, timestamp)
    if (commit) for (const { groupId, commits } of open.offsets) this.groups.store(groupId, commits)
  }

  // Offsets

  commit(membership: Membership, offsets: readonly OffsetCommit[]): void {
    this.sweep()
    this.groups.checkMembership(membership)
    this.groups.store(membership.groupId, offsets)
  }

  /** Committed offset, and whether an open transaction is about to change it. */
  committed(groupId: string, topic: string, partition: number): CommittedOffset & { pending: boolean } {
    this.sweep()
    const pending = [...this.#producers.values()].some((state) =>
      state.open?.offsets.some(
        (part) =>
          part.groupId === groupId &&
          part.commits.some((c) => c.topic === topic && c.partition === partition),
      ),
    )
    return { ...this.groups.committed(groupId, topic, partition), pending }
  }

  /** Ids whose transaction is open now. */
  get openTransactions(): readonly string[] {
    return [...this.#producers].filter(([, state]) => state.open !== undefined).map(([id]) => id)
  }

  // Time and waiting

  /** Applies what time has brought about: transaction and session timeouts. */
  sweep(): void {
    let changed = this.groups.sweep()
    const now = this.now()
    for (const state of this.#producers.values()) {
      if (!state.open || now - state.open.startedAt < state.timeoutMs) continue
      this.#end(state, false)
      state.epoch++
      changed = true
    }
    if (changed) this.notify()
  }

  /** The broker notices at once that this process is gone. */
  expire(host: Host): void {
    this.groups.expire(host)
    this.notify()
  }

  notify(): void {
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const wake of waiters) wake()
  }

  /** Resolves at the next change, or after `ms` of real time. */
  changed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#waiters.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      timer.unref()
      this.#waiters.add(wake)
    })
  }
}

const bytesOf = (value: Buffer | string): Buffer => (typeof value === 'string' ? Buffer.from(value) : value)
