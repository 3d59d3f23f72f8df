/**
 * One set of connections to the cluster, and the one retry loop. A consumer and a producer have a client each, since a
 * broker answers the requests of a connection in order and a join may wait for a minute.
 * X1: every try is bounded by a deadline. X2: after close nothing goes out and nothing stays pending.
 */
import type { Log } from '../../log.ts'
import { KafkaError, unknownTopic } from '../errors.ts'
import { remedyOf, toKafkaError } from './faults.ts'
import {
  type Broker,
  type Cluster,
  createCluster,
  type ProtocolRequest,
  type SocketFactory,
} from './internals.ts'
import './overrides.ts'

export interface ClientOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  /** The seat in a group that whoever uses these connections takes (K5). */
  readonly instanceId?: string | undefined
  /** ConsumerOptions.feedWhileJoining, of whoever uses these connections. */
  readonly feedWhileJoining?: boolean | undefined
  readonly log?: Log | undefined
  /** TLS and SASL options as kafkajs takes them. */
  readonly ssl?: unknown
  readonly sasl?: unknown
  /** How sockets are opened, where not directly: through a tunnel, for instance. */
  readonly socketFactory?: SocketFactory | undefined
  readonly connectionTimeoutMs?: number
  readonly requestTimeoutMs?: number
  /** Longest time for one call with all its tries. */
  readonly retryMs?: number
}

export const COORDINATOR = { group: 0, transaction: 1 } as const
export type CoordinatorKind = keyof typeof COORDINATOR

/** A topic that was just made may be unknown to a broker for a moment; longer is an error. */
const UNKNOWN_TOPIC_MS = 3_000
const CLOSE_MS = 2_000

export interface AttemptOptions {
  readonly what: string
  readonly ms?: number
  /** Forget this coordinator when the error says that it moved. */
  readonly coordinator?: { readonly kind: CoordinatorKind; readonly key: string }
}

export class Client {
  readonly retryMs: number
  readonly instanceId: string | undefined
  readonly feedWhileJoining: boolean
  readonly log: Log | undefined
  readonly #cluster: Cluster
  readonly #coordinators = new Map<string, Promise<Broker>>()
  #connected: Promise<void> | undefined
  #closed = false

  constructor(options: ClientOptions) {
    this.retryMs = options.retryMs ?? 30_000
    this.instanceId = options.instanceId
    this.feedWhileJoining = options.feedWhileJoining ?? false
    this.log = options.log
    const {
      brokers,
      clientId,
      connectionTimeoutMs = 3_000,
      requestTimeoutMs = 30_000,
      ssl,
      sasl,
      log,
    } = options
    const timeouts = { connectionTimeout: connectionTimeoutMs, requestTimeout: requestTimeoutMs }
    // kafkajs calls every failed try an error; we report what is left after our tries.
    this.#cluster = createCluster(
      { brokers, clientId, ...timeouts, ssl, sasl, socketFactory: options.socketFactory },
      ({ namespace, log: entry }) =>
        log?.debug({ kafkajs: namespace, text: entry.message }, 'kafkajs reported a problem'),
    )
  }

  get closed(): boolean {
    return this.#closed
  }

  async connect(): Promise<void> {
    this.#connected ??= this.attempt({ what: 'connect to Kafka' }, () => this.#cluster.connect()).catch(
      (error: unknown) => {
        this.#connected = undefined
        throw error
      },
    )
    await this.#connected
  }

  /** Runs `work` until it succeeds, cannot succeed, or the time is up. */
  async attempt<T>(options: AttemptOptions, work: () => Promise<T>): Promise<T> {
    const from = performance.now()
    const end = from + (options.ms ?? this.retryMs)
    let tries = 0
    for (;;) {
      if (this.#closed) throw new KafkaError('CLOSED', `${options.what}: the connection was closed`)
      try {
        return await work()
      } catch (error) {
        const remedy = remedyOf(error)
        const failed = toKafkaError(options.what, error)
        const limit =
          failed.code === 'UNKNOWN_TOPIC_OR_PARTITION' ? Math.min(end, from + UNKNOWN_TOPIC_MS) : end
        if (this.#closed)
          throw new KafkaError('CLOSED', `${options.what}: the connection was closed`, { cause: error })
        // The end of the transaction before is a matter of milliseconds, all else of more.
        const [first, most] = remedy === 'soon' ? [2, 20] : [25, 1_000]
        const pauseMs = Math.min(most, first * 2 ** tries++)
        if (remedy === undefined || performance.now() + pauseMs >= limit) throw failed
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
        await this.#mend(remedy, options)
      }
    }
  }

  async #mend(remedy: string, { coordinator }: AttemptOptions): Promise<void> {
    if (coordinator && remedy !== 'soon') this.#coordinators.delete(`${coordinator.kind}:${coordinator.key}`)
    if (remedy !== 'metadata' || this.#closed) return
    // Its failure shows again in the next try.
    await this.#cluster.refreshMetadata().catch(() => {})
  }

  /** Loads the metadata of topics; rejects when one does not exist. */
  async topics(names: readonly string[]): Promise<void> {
    await this.connect()
    await this.attempt({ what: `look up ${names.join(', ')}` }, () =>
      this.#cluster.addMultipleTargetTopics(names),
    )
  }

  partitionsOf(topic: string): number {
    return this.#cluster.findTopicPartitionMetadata(topic).length
  }

  leaderIdOf(topic: string, partition: number): number {
    const found = this.#cluster.findTopicPartitionMetadata(topic).find((p) => p.partitionId === partition)
    if (!found) throw unknownTopic(topic, partition)
    return found.leader
  }

  broker(nodeId: number): Promise<Broker> {
    return this.#cluster.findBroker({ nodeId })
  }

  async controller(): Promise<Broker> {
    // Connecting alone loads no metadata, and it is the metadata that names the controller.
    if (!this.#cluster.brokerPool.metadata) await this.#cluster.refreshMetadata()
    return this.#cluster.findControllerBroker()
  }

  anyBroker(): Promise<Broker> {
    return this.#cluster.brokerPool.findConnectedBroker()
  }

  refresh(): Promise<void> {
    return this.#cluster.refreshMetadata()
  }

  async coordinator(kind: CoordinatorKind, key: string): Promise<Broker> {
    const name = `${kind}:${key}`
    let found = this.#coordinators.get(name)
    if (!found) {
      found = this.#cluster.findGroupCoordinator({ groupId: key, coordinatorType: COORDINATOR[kind] })
      this.#coordinators.set(name, found)
      found.catch(() => this.#coordinators.delete(name))
    }
    const broker = await found
    if (!broker.isConnected()) return this.#cluster.findBroker({ nodeId: broker.nodeId })
    return broker
  }

  /** One request of our own to one broker. */
  async send<T>(broker: Broker, request: ProtocolRequest<T>): Promise<T> {
    try {
      return await broker.connectionPool.send(request)
    } catch (error) {
      if ((error as Error | null)?.name === 'KafkaJSConnectionClosedError') await broker.disconnect()
      throw error
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const { brokers, seedBroker } = this.#cluster.brokerPool
    const reason = new KafkaError('CLOSED', 'the connection was closed')
    for (const broker of new Set([...Object.values(brokers), ...(seedBroker ? [seedBroker] : [])])) {
      // Closing a connection waits for its requests, and a join or a fetch may take long.
      for (const connection of broker.connectionPool.pool) connection.requestQueue.rejectAll(reason)
    }
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS)
    })
    await Promise.race([this.#cluster.disconnect().catch(() => {}), late])
    clearTimeout(timer)
  }
}
