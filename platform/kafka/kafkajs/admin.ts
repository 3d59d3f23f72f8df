/** The administrative calls: topics, committed offsets, bounds. */
import { KafkaError, unknownTopic } from '../errors.ts'
import type { Admin, TopicDescription } from '../port.ts'
import type { Client } from './client.ts'
import { ProtocolError, protocolCodeOf } from './faults.ts'
import { boundsOf, stableOffsets } from './offsets.ts'
import { metadata, type TopicMetadata } from './requests.ts'

const CREATE_TIMEOUT_MS = 10_000
const READY_MS = 15_000
const STABLE_MS = 5_000
const ALREADY_EXISTS = 36
const UNKNOWN = 3

async function describe(client: Client, names: readonly string[] | null): Promise<readonly TopicMetadata[]> {
  await client.connect()
  return client.attempt({ what: 'describe topics' }, async () =>
    client.send(await client.anyBroker(), metadata(names)),
  )
}

/** Waits until every partition has a leader: a topic is there for its readers only then. */
async function ready(client: Client, name: string, partitions: number): Promise<void> {
  const end = performance.now() + READY_MS
  for (;;) {
    const [found] = await describe(client, [name])
    const led =
      found?.errorCode === 0 ? found.partitions.filter((p) => p.errorCode === 0 && p.leader >= 0) : []
    if (led.length >= partitions) return
    if (performance.now() >= end) {
      throw new KafkaError('BROKER_UNREACHABLE', `topic ${name} has no leader after ${READY_MS} ms`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function createTopic(
  client: Client,
  spec: { name: string; partitions: number; config: Readonly<Record<string, string>> },
): Promise<boolean> {
  const topic = {
    topic: spec.name,
    numPartitions: spec.partitions,
    replicationFactor: -1,
    configEntries: Object.entries(spec.config).map(([name, value]) => ({ name, value })),
  }
  try {
    await client.attempt({ what: `create topic ${spec.name}` }, async () => {
      const controller = await client.controller()
      await controller.createTopics({ topics: [topic], validateOnly: false, timeout: CREATE_TIMEOUT_MS })
    })
  } catch (error) {
    if (!alreadyThere(error)) throw error
    return false
  }
  await ready(client, spec.name, spec.partitions)
  return true
}

/** kafkajs gathers the errors of one call in one. */
function alreadyThere(error: unknown): boolean {
  for (
    let at = error as { cause?: unknown; errors?: unknown[] } | undefined, depth = 0;
    at && depth < 5;
    depth++
  ) {
    if (protocolCodeOf(at) === ALREADY_EXISTS) return true
    if (at.errors?.some((one) => protocolCodeOf(one) === ALREADY_EXISTS)) return true
    at = at.cause as typeof at
  }
  return false
}

export async function openAdmin(client: Client): Promise<Admin> {
  await client.connect()
  return {
    async createTopics(specs) {
      const made: string[] = []
      for (const spec of specs) if (await createTopic(client, spec)) made.push(spec.name)
      return made
    },
    async describeTopics(names) {
      const found = await describe(client, names)
      return names.map((name): TopicDescription => {
        const one = found.find((topic) => topic.name === name)
        if (!one || one.errorCode === UNKNOWN) throw unknownTopic(name)
        if (one.errorCode !== 0) throw new ProtocolError(one.errorCode, `describe ${name}`)
        return { name, topicId: one.topicId, partitions: one.partitions.length }
      })
    },
    async listTopics() {
      const found = await describe(client, null)
      return found.filter((topic) => !topic.internal).map((topic) => topic.name)
    },
    committed: (groupId, topic, partitions, timeoutMs = STABLE_MS) =>
      stableOffsets(
        client,
        groupId,
        partitions.map((partition) => ({ topic, partition })),
        { timeoutMs },
      ),
    bounds: (topic, partitions) =>
      boundsOf(
        client,
        partitions.map((partition) => ({ topic, partition })),
      ),
    close: () => client.close(),
  }
}
