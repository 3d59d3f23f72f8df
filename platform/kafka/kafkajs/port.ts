/**
 * The Kafka port over a real cluster.
 *
 *   const kafka = openKafka({ brokers: config.KAFKA_BROKERS, clientId: 'processors', log })
 *   life.onStop('kafka', () => kafka.close())
 *
 * kafkajs gives connections and metadata; records, fetching, group membership, transactions and stable offsets are
 * ours (the other files here), since kafkajs lacks KIP-447, hides control records and spends 10-40 us on a record.
 */
import type { Log } from '../../log.ts'
import type { Consumer, ConsumerOptions, KafkaPort, Producer, TransactionalProducer } from '../port.ts'
import { openAdmin } from './admin.ts'
import { Client, type ClientOptions } from './client.ts'
import type { SocketFactory } from './internals.ts'
import { KafkaConsumer } from './consumer.ts'
import { KafkaTransactionalProducer, openProducer } from './producer.ts'
import { readPartition } from './read-partition.ts'

export interface KafkaOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly log?: Log
  readonly ssl?: unknown
  readonly sasl?: unknown
  readonly socketFactory?: SocketFactory
  readonly connectionTimeoutMs?: number
  readonly requestTimeoutMs?: number
  /** Longest time for one call with all its tries (30 s). */
  readonly retryMs?: number
}

export function openKafka(options: KafkaOptions): KafkaPort {
  const clients = new Set<Client>()
  const consumers = new Set<Consumer>()
  const newClient = (more: Partial<ClientOptions> = {}): Client => {
    const client = new Client({ ...options, ...more } satisfies ClientOptions)
    clients.add(client)
    for (const old of clients) if (old.closed) clients.delete(old)
    return client
  }
  /** Shared by all readers without a group. */
  let reading: Client | undefined

  return {
    async producer(): Promise<Producer> {
      const client = newClient()
      try {
        return await openProducer(client)
      } catch (error) {
        await client.close()
        throw error
      }
    },
    transactionalProducer: (producerOptions): TransactionalProducer =>
      new KafkaTransactionalProducer(newClient(), producerOptions),
    consumer(consumerOptions: ConsumerOptions): Consumer {
      const consumer = new KafkaConsumer(
        newClient({ instanceId: consumerOptions.instanceId }),
        consumerOptions,
      )
      consumers.add(consumer)
      return consumer
    },
    readPartition(readOptions) {
      reading ??= newClient()
      return readPartition(reading, readOptions)
    },
    async admin() {
      const client = newClient()
      try {
        return await openAdmin(client)
      } catch (error) {
        await client.close()
        throw error
      }
    },
    async close() {
      for (const consumer of consumers) await consumer.stop()
      await Promise.all([...clients].map((client) => client.close()))
      clients.clear()
    },
  }
}
