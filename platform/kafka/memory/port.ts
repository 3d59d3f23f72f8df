/**
 * The Kafka port over a broker in memory. One MemoryKafka is one process: `kill` ends it as SIGKILL does (no call of
 * it ever returns, nothing is handed to it, its open transaction stays until timeout or fencing), `freeze` stops it as
 * SIGSTOP does until `thaw`. `onCall` lets a test fail or hold any call before or after its effect.
 *
 *   const broker = new MemoryBroker({ now: () => clock })
 *   const a = new MemoryKafka(broker)
 *   const b = new MemoryKafka(broker)
 *   a.kill(); broker.expire(a)      // b gets a's partitions
 */
import { KafkaError, requireMembership } from '../errors.ts'
import type {
  Admin,
  Batch,
  CommittedOffset,
  Consumer,
  ConsumerOptions,
  KafkaPort,
  Producer,
  Transaction,
  TransactionalProducer,
} from '../port.ts'
import type { MemoryBroker, ProducerIdentity } from './broker.ts'
import { MemoryConsumer } from './consumer.ts'

export type CallName =
  | 'send'
  | 'init'
  | 'begin'
  | 'txnSend'
  | 'sendOffsets'
  | 'commitTxn'
  | 'abortTxn'
  | 'commit'
  | 'committed'
  | 'admin'
  | 'read'

export type OnCall = (name: CallName, phase: 'before' | 'after') => void | Promise<void>

const READ_RECORDS = 500

export class MemoryKafka implements KafkaPort {
  readonly broker: MemoryBroker
  /** Thrown errors reach the caller; `after` = the effect has happened. */
  onCall: OnCall | undefined
  silentSince: number | undefined
  #state: 'running' | 'frozen' | 'killed' = 'running'
  #thaw: () => void = () => {}
  #thawed: Promise<void> = Promise.resolve()
  readonly #consumers = new Set<MemoryConsumer>()

  constructor(broker: MemoryBroker) {
    this.broker = broker
  }

  kill(): void {
    this.#state = 'killed'
    this.silentSince ??= this.broker.now()
    this.broker.notify()
  }

  freeze(): void {
    if (this.#state !== 'running') return
    this.#state = 'frozen'
    this.silentSince = this.broker.now()
    this.#thawed = new Promise((resolve) => {
      this.#thaw = resolve
    })
  }

  thaw(): void {
    if (this.#state !== 'frozen') return
    this.#state = 'running'
    this.silentSince = undefined
    this.#thaw()
  }

  /** Passes at once in a running process, at thaw in a frozen one, never in a killed one. */
  async alive(): Promise<void> {
    await Promise.resolve()
    while (this.#state === 'frozen') await this.#thawed
    if (this.#state === 'killed') await new Promise<never>(() => {})
  }

  /** One call to the broker: its effect happens at one instant, or not at all. */
  async call<T>(name: CallName, effect: () => T): Promise<T> {
    await this.alive()
    await this.onCall?.(name, 'before')
    await this.alive()
    const result = effect()
    await this.onCall?.(name, 'after')
    await this.alive()
    return result
  }

  producer(): Promise<Producer> {
    return Promise.resolve({
      send: (records) => this.call('send', () => this.broker.append(records)),
      close: () => Promise.resolve(),
    })
  }

  transactionalProducer(options: { transactionalId: string; timeoutMs: number }): TransactionalProducer {
    return new MemoryTransactionalProducer(this, options)
  }

  consumer(options: ConsumerOptions): Consumer {
    const consumer = new MemoryConsumer(this, options)
    this.#consumers.add(consumer)
    return consumer
  }

  async *readPartition(options: {
    topic: string
    partition: number
    from: number
    to?: number
  }): AsyncGenerator<Batch, void, undefined> {
    const { topic, partition } = options
    const stable = await this.call('read', () => this.broker.log(topic, partition).stable)
    const end = Math.min(options.to ?? stable, stable)
    let position = options.from
    do {
      const { records, nextOffset } = await this.call('read', () =>
        this.broker.log(topic, partition).read(position, { to: end, maxRecords: READ_RECORDS }),
      )
      if (nextOffset === position) return
      position = nextOffset
      yield { topic, partition, records, nextOffset, highWatermark: stable }
    } while (position < end)
  }

  admin(): Promise<Admin> {
    const { broker } = this
    return Promise.resolve({
      createTopics: (specs) =>
        this.call('admin', () =>
          specs
            .filter((spec) => broker.createTopic(spec.name, spec.partitions, spec.config))
            .map((s) => s.name),
        ),
      describeTopics: (names) => this.call('admin', () => names.map((name) => broker.describe(name))),
      listTopics: () => this.call('admin', () => broker.topicNames),
      committed: (groupId, topic, partitions, timeoutMs) =>
        this.#committed(groupId, topic, partitions, timeoutMs),
      bounds: (topic, partitions) =>
        this.call('admin', () =>
          partitions.map((p) => {
            const { low, stable: high, next: end } = broker.log(topic, p)
            return { low, high, end }
          }),
        ),
      close: () => Promise.resolve(),
    })
  }

  async #committed(
    groupId: string,
    topic: string,
    partitions: readonly number[],
    timeoutMs = 5_000,
  ): Promise<readonly CommittedOffset[]> {
    const until = performance.now() + timeoutMs
    for (;;) {
      const found = await this.call('committed', () =>
        partitions.map((partition) => this.broker.committed(groupId, topic, partition)),
      )
      if (!found.some((f) => f.pending)) return found.map(({ offset, metadata }) => ({ offset, metadata }))
      if (performance.now() >= until) {
        const text = `a transaction of group ${groupId} on ${topic} stayed open for ${timeoutMs} ms`
        throw new KafkaError('UNSTABLE_OFFSET_COMMIT', text)
      }
      await this.broker.changed(10)
    }
  }

  async close(): Promise<void> {
    for (const consumer of this.#consumers) await consumer.stop()
  }
}

class MemoryTransactionalProducer implements TransactionalProducer {
  readonly #port: MemoryKafka
  readonly #options: { transactionalId: string; timeoutMs: number }
  #identity: ProducerIdentity | undefined
  #unusable = false
  #open = false

  constructor(port: MemoryKafka, options: { transactionalId: string; timeoutMs: number }) {
    this.#port = port
    this.#options = options
  }

  async init(): Promise<void> {
    this.#usable()
    const { transactionalId, timeoutMs } = this.#options
    this.#identity = await this.#try('init', () => this.#port.broker.initProducer(transactionalId, timeoutMs))
  }

  async begin(): Promise<Transaction> {
    const identity = this.#usable()
    if (!identity) throw new KafkaError('PRODUCER_UNUSABLE', 'init() comes before begin()')
    if (this.#open) throw new KafkaError('PRODUCER_UNUSABLE', 'a transaction is open already')
    this.#open = true
    await this.#try('begin', () => undefined)
    const { broker } = this.#port
    const end = (name: 'commitTxn' | 'abortTxn') =>
      this.#try(name, () => {
        broker.endTransaction(identity, name === 'commitTxn')
        this.#open = false
      })
    return {
      send: (records) => this.#try('txnSend', () => broker.append(records, identity)),
      sendOffsets: (membership, offsets) =>
        this.#try('sendOffsets', () => {
          requireMembership(membership)
          broker.addOffsets(identity, membership, offsets)
        }),
      commit: () => end('commitTxn'),
      abort: () => end('abortTxn'),
    }
  }

  #usable(): ProducerIdentity | undefined {
    if (this.#unusable)
      throw new KafkaError('PRODUCER_UNUSABLE', 'this producer failed or is closed: make another')
    return this.#identity
  }

  /** Any failure but a refused membership (after which abort is fine) ends the producer. */
  async #try<T>(name: CallName, effect: () => T): Promise<T> {
    this.#usable()
    try {
      return await this.#port.call(name, effect)
    } catch (error) {
      const abortable = name === 'sendOffsets' && error instanceof KafkaError && error.recover === 'rejoin'
      if (!abortable) this.#unusable = true
      throw error
    }
  }

  close(): Promise<void> {
    this.#unusable = true
    return Promise.resolve()
  }
}
