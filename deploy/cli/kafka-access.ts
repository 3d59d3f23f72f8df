/** Owns opening Kafka and the schema registry of the running stack for one verb, and closing them. Refuses: writing offsets. */
import type { KafkaPort } from '../../platform/kafka/port.ts'
import { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { openRegistry } from '../../schemas/registry.ts'
import { type DataOption, openStack } from './access.ts'
import { connectionOf } from './topic-setup.ts'

export type KafkaAccess = {
  readonly port: KafkaPort
  readonly codec: RecordCodec
  readonly brokers: string
  readonly redisUrl: string
}

export const withKafka = async <T>(
  option: DataOption,
  work: (access: KafkaAccess) => Promise<T>,
): Promise<T> => {
  const { urls } = openStack(option).context
  // Loaded late: `dlq --help` and the tests of the verbs need no client.
  const { openKafka } = await import('../../platform/kafka/kafkajs/port.ts')
  const port = openKafka({ brokers: urls.kafkaBrokers.split(','), clientId: 'nikash-cli' })
  try {
    // Reader schemas are fetched as records ask for them: a registry without ours still shows bytes.
    return await work({
      port,
      codec: new RecordCodec(openRegistry(urls.schemaRegistry)),
      brokers: urls.kafkaBrokers,
      redisUrl: urls.redis,
    })
  } finally {
    await port.close()
  }
}

/** First offset at or after a time, by partition; absent where nothing is that young. */
export const offsetsAt = async (
  brokers: string,
  topic: string,
  timeMs: number,
): Promise<Map<number, number>> => {
  const admin = connectionOf(brokers, 'nikash-cli').admin()
  await admin.connect()
  try {
    const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, timeMs)
    return new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)]))
  } finally {
    await admin.disconnect()
  }
}
