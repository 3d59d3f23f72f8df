/**
 * The Kafka port: all that we use of Kafka, behind one interface with two adapters that pass one contract test:
 * `kafkajs/` (the real broker) and `memory/` (transactions, epochs, generations, control records, compaction).
 * K1: a transaction that carries offsets carries the membership under which the partition was assigned; without a
 *     known generation there is no commit. K2: offsets are read stable (pending transactions are waited for).
 * K3: readers see committed records only. K4: an offset out of range is an error, never a silent reset.
 * K5: a static member keeps its seat through a restart, and two processes on one seat end with one of them fenced.
 * Offsets are numbers: exact up to 2^53.
 */

export type Headers = Readonly<Record<string, Buffer | string>>

export interface InputRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Broker append time where the topic has LogAppendTime, else the producer's time; milliseconds UTC. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer>>
}

export interface OutputRecord {
  readonly topic: string
  /** Explicit partition; absent = murmur2 of the key. */
  readonly partition?: number
  readonly key: Buffer | string
  /** null = tombstone. */
  readonly value: Buffer | null
  readonly headers?: Headers
}

export interface Membership {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  /** Of a static member (ConsumerOptions.instanceId): lets the broker tell a fenced one from an unknown one. */
  readonly instanceId?: string | undefined
}

export interface OffsetCommit {
  readonly topic: string
  readonly partition: number
  /** Next offset to read. */
  readonly offset: number
  readonly metadata?: string
}

export interface CommittedOffset {
  /** -1 = nothing committed. */
  readonly offset: number
  readonly metadata: string
}

export interface Transaction {
  send(records: readonly OutputRecord[]): Promise<void>
  sendOffsets(membership: Membership, offsets: readonly OffsetCommit[]): Promise<void>
  commit(): Promise<void>
  abort(): Promise<void>
}

/** One transactional id. After any failed init, send, commit or abort: close it and make another. */
export interface TransactionalProducer {
  /** InitProducerId: fences older producers of this id and ends their open transaction. */
  init(): Promise<void>
  begin(): Promise<Transaction>
  close(): Promise<void>
}

/** Idempotent producer, acks=all; `send` resolves when all records are acknowledged, in order per partition. */
export interface Producer {
  send(records: readonly OutputRecord[]): Promise<void>
  close(): Promise<void>
}

export interface Batch {
  readonly topic: string
  readonly partition: number
  readonly records: readonly InputRecord[]
  /** Position after this batch, control records included. */
  readonly nextOffset: number
  /** End of the partition as readers of committed data see it (last stable offset), where known. */
  readonly highWatermark: number
}

export interface ConsumerHandlers {
  /**
   * Called after every join with all partitions that are ours now (those that stayed too), before any record of them;
   * `membership` is that of this assignment. Positions start at the committed offsets (the start of the log where
   * nothing is committed) unless this handler seeks.
   */
  onAssigned(
    partitions: readonly { topic: string; partition: number }[],
    membership: Membership,
  ): Promise<void>
  /** Called before onAssigned with the partitions that are gone, and at stop with all: they get no more batches. */
  onRevoked(partitions: readonly { topic: string; partition: number }[]): Promise<void>
  /**
   * One batch at a time per partition; the next one of it comes after the promise settles. Heartbeats go on meanwhile.
   * A batch without records moves the position past control records. A rejection is fatal (onCrash), but for an error
   * with recover 'rejoin' (a refused commit): the consumer joins again, and starts from the committed offsets.
   */
  onBatch(batch: Batch): Promise<void>
  /** Fatal: the consumer stopped for this reason (K4 among them). */
  onCrash(error: Error): void
}

export interface Consumer {
  /** Resolves when the first assignment was handed out; a failure before that rejects, a later one goes to onCrash. */
  start(handlers: ConsumerHandlers): Promise<void>
  /** Next batch of the partition starts here. */
  seek(topic: string, partition: number, offset: number): void
  pause(topic: string, partition: number): void
  resume(topic: string, partition: number): void
  /** Commits outside a transaction (sinks), with the membership of the running generation. */
  commit(offsets: readonly OffsetCommit[]): Promise<void>
  stop(): Promise<void>
}

export interface ConsumerOptions {
  readonly groupId: string
  readonly topics: readonly string[]
  /**
   * K5: a static member (KIP-345). The seat in the group belongs to this name, which outlives the process: a process that
   * starts under the same name within the session timeout gets the partitions of the one before at once, under the same
   * generation, and the one before is fenced: its commits and heartbeats fail with FENCED_INSTANCE_ID, which is fatal.
   * A stop does not give the seat up: the session timeout does. One living process per name.
   */
  readonly instanceId?: string | undefined
  /**
   * Batches go on while the group gathers its members for a new generation, under the old one, and end when the new one is
   * there: a partition that stays does not wait for the slowest member. For handlers that do not commit by themselves: a
   * commit at the end of a batch may come too late (REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION).
   */
  readonly feedWhileJoining?: boolean | undefined
  readonly sessionTimeoutMs?: number
  readonly maxBytesPerPartition?: number
  readonly maxWaitMs?: number
  /**
   * Transactional id named by the metadata of a committed offset. When a join meets a transaction that is still open on
   * the group's offsets (its owner may be dead), and it stays open for `fenceAfterMs`, that id is fenced: this ends the
   * transaction at once instead of at its timeout.
   */
  readonly pendingOwner?: (metadata: string) => string | undefined
  readonly fenceAfterMs?: number
}

export interface TopicDescription {
  readonly name: string
  readonly topicId: string
  readonly partitions: number
}

export interface Admin {
  createTopics(
    specs: readonly { name: string; partitions: number; config: Readonly<Record<string, string>> }[],
  ): Promise<readonly string[]>
  describeTopics(names: readonly string[]): Promise<readonly TopicDescription[]>
  listTopics(): Promise<readonly string[]>
  /** Stable (K2): throws code UNSTABLE_OFFSET_COMMIT after `timeoutMs` of a pending transaction. */
  committed(
    groupId: string,
    topic: string,
    partitions: readonly number[],
    timeoutMs?: number,
  ): Promise<readonly CommittedOffset[]>
  /**
   * First offset that is still there; the last stable offset + 1, up to which readers see; and the end of the log, with
   * transactions that are still open. `high` below `end`: what was committed behind an open transaction is hidden.
   */
  bounds(
    topic: string,
    partitions: readonly number[],
  ): Promise<readonly { low: number; high: number; end: number }[]>
  close(): Promise<void>
}

export interface KafkaPort {
  producer(): Promise<Producer>
  transactionalProducer(options: { transactionalId: string; timeoutMs: number }): TransactionalProducer
  consumer(options: ConsumerOptions): Consumer
  /** Committed records of one partition from an offset up to the last stable offset at the time of the call; no group. */
  readPartition(options: {
    topic: string
    partition: number
    from: number
    to?: number
  }): AsyncIterable<Batch>
  admin(): Promise<Admin>
  close(): Promise<void>
}
