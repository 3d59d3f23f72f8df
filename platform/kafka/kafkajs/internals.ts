/**
 * The parts of kafkajs 2.2.4 we stand on: its connections (TCP, TLS, SASL, request matching) and its cluster metadata.
 * They are internal to that package, so its version is pinned exactly, and their types are written here.
 */
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'

const require = createRequire(import.meta.url)

export interface ProtocolRequest<T> {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    encode(): Promise<{ buf: Buffer; buffer: Buffer; size(): number }>
  }
  readonly response: {
    decode(raw: Buffer): Promise<T>
    parse(decoded: T): Promise<T>
  }
  readonly requestTimeout?: number
  readonly logResponseError?: boolean
}

export interface RequestQueue {
  readonly pending: readonly unknown[]
  readonly throttledUntil: number
  rejectAll(error: Error): void
}

export interface Connection {
  readonly requestQueue: RequestQueue
  isConnected(): boolean
  connect(): Promise<unknown>
  disconnect(): Promise<unknown>
}

export interface ConnectionPool {
  readonly pool: readonly Connection[]
  send<T>(request: ProtocolRequest<T>): Promise<T>
}

export interface OffsetsOf<P> {
  readonly topic: string
  readonly partitions: readonly P[]
}

export interface TransactionKey {
  readonly transactionalId: string
  readonly producerId: string
  readonly producerEpoch: number
}

/** A broker of the cluster, with the calls of kafkajs that we use as they are. */
export interface Broker {
  readonly nodeId: number
  readonly connectionPool: ConnectionPool
  isConnected(): boolean
  disconnect(): Promise<void>
  listOffsets(request: {
    isolationLevel: number
    topics: readonly OffsetsOf<{ partition: number; timestamp: string }>[]
  }): Promise<{ responses: readonly OffsetsOf<{ partition: number; offset: string }>[] }>
  initProducerId(request: {
    transactionalId?: string
    transactionTimeout: number
  }): Promise<{ producerId: string; producerEpoch: number }>
  addPartitionsToTxn(request: TransactionKey & { topics: readonly OffsetsOf<number>[] }): Promise<unknown>
  addOffsetsToTxn(request: TransactionKey & { groupId: string }): Promise<unknown>
  endTxn(request: TransactionKey & { transactionResult: boolean }): Promise<unknown>
  createTopics(request: {
    topics: readonly unknown[]
    validateOnly: boolean
    timeout: number
  }): Promise<unknown>
  deleteTopics(request: { topics: readonly string[]; timeout: number }): Promise<unknown>
  deleteRecords(request: {
    topics: readonly OffsetsOf<{ partition: number; offset: string }>[]
  }): Promise<unknown>
}

export interface PartitionMetadata {
  readonly partitionId: number
  readonly leader: number
}

export interface Cluster {
  readonly brokerPool: {
    readonly brokers: Readonly<Record<string, Broker>>
    readonly seedBroker?: Broker
    readonly metadata?: unknown
    findConnectedBroker(): Promise<Broker>
  }
  connect(): Promise<void>
  disconnect(): Promise<void>
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>
  refreshMetadata(): Promise<void>
  findBroker(options: { nodeId: number | string }): Promise<Broker>
  findControllerBroker(): Promise<Broker>
  findGroupCoordinator(options: { groupId: string; coordinatorType: number }): Promise<Broker>
  findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[]
}

export interface LogEntry {
  readonly namespace: string
  readonly label: string
  readonly log: { readonly message: string; readonly [fact: string]: unknown }
}

/** Opens the socket of a connection, as kafkajs asks for it. */
export type SocketFactory = (where: {
  readonly host: string
  readonly port: number
  readonly ssl?: object
  readonly onConnect: () => void
}) => Socket

export interface ClusterOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly connectionTimeout: number
  readonly requestTimeout: number
  readonly ssl?: unknown
  readonly sasl?: unknown
  readonly socketFactory?: SocketFactory | undefined
}

export const ClusterClass = require('kafkajs/src/cluster') as new (options: object) => Cluster
export const RequestQueueClass = require('kafkajs/src/network/requestQueue') as { prototype: object }
export const ConnectionPoolClass = require('kafkajs/src/network/connectionPool') as { prototype: object }
const createLogger = (require('kafkajs/src/loggers') as { createLogger: (options: object) => unknown })
  .createLogger
const createSocketFactory = require('kafkajs/src/network/socketFactory') as () => unknown

interface MemberProtocol {
  readonly MemberMetadata: {
    encode(m: { version: number; topics: readonly string[]; userData: Buffer }): Buffer
    decode(bytes: Buffer): { topics: string[]; userData: Buffer | null }
  }
  readonly MemberAssignment: {
    encode(m: { version: number; assignment: Readonly<Record<string, readonly number[]>> }): Buffer
    decode(bytes: Buffer): { assignment: Record<string, number[]> } | null
  }
}
export const { MemberMetadata, MemberAssignment } =
  require('kafkajs/src/consumer/assignerProtocol') as MemberProtocol

/** Metadata is refreshed on errors that say so; its age alone is bounded by this. */
const METADATA_MAX_AGE_MS = 300_000

export function createCluster(options: ClusterOptions, onLog: (entry: LogEntry) => void): Cluster {
  const { brokers, clientId, connectionTimeout, requestTimeout, ssl, sasl } = options
  return new ClusterClass({
    logger: createLogger({ level: 2, logCreator: () => onLog }),
    socketFactory: options.socketFactory ?? createSocketFactory(),
    brokers: [...brokers],
    clientId,
    connectionTimeout,
    requestTimeout,
    enforceRequestTimeout: true,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    // Our own retries (client.ts) are bounded in time; kafkajs's would multiply them.
    retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 500 },
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
  })
}
