/** Owns creating the topics of the catalogue and comparing existing ones with it. Refuses: changing a partition count. */
import { Kafka, logLevel, type ITopicConfig } from 'kafkajs'
import { CATALOGUE, type TopicSpec } from '../../schemas/topics.ts'

export class TopicMismatch extends Error {
  constructor(topic: string, has: number, wanted: number) {
    super(
      `topic ${topic} has ${has} partitions, the catalogue says ${wanted}. A topic's partition count is fixed for its ` +
        'life: copy it to the next version instead, or ./nikash reset a local stack.',
    )
    this.name = 'TopicMismatch'
  }
}

/** A broker that has just begun, on a busy machine, takes its time with new topics. */
const SETUP_RETRIES = 8

export const connectionOf = (brokers: string, clientId: string, retries = 5): Kafka =>
  new Kafka({
    clientId,
    brokers: brokers.split(','),
    logLevel: logLevel.ERROR,
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    retry: { retries, initialRetryTime: 200 },
  })

const configOf = (spec: TopicSpec): ITopicConfig => ({
  topic: spec.name,
  numPartitions: spec.partitions,
  replicationFactor: 1,
  configEntries: Object.entries(spec.config).map(([name, value]) => ({ name, value })),
})

export const createCatalogueTopics = async (
  brokers: string,
  catalogue: readonly TopicSpec[] = CATALOGUE,
): Promise<readonly string[]> => {
  const admin = connectionOf(brokers, 'nikash-setup', SETUP_RETRIES).admin()
  await admin.connect()
  try {
    const existing = new Set(await admin.listTopics())
    const missing = catalogue.filter((spec) => !existing.has(spec.name))
    if (missing.length > 0) await admin.createTopics({ topics: missing.map(configOf), waitForLeaders: true })
    const known = catalogue.filter((spec) => existing.has(spec.name))
    if (known.length > 0) {
      const { topics } = await admin.fetchTopicMetadata({ topics: known.map((spec) => spec.name) })
      for (const spec of known) {
        const has = topics.find((topic) => topic.name === spec.name)?.partitions.length ?? 0
        if (has !== spec.partitions) throw new TopicMismatch(spec.name, has, spec.partitions)
      }
    }
    return missing.map((spec) => spec.name)
  } finally {
    await admin.disconnect()
  }
}
