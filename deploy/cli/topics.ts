/**
 * Owns `topics` and `lag`: what the broker has, and how far each group is behind. Refuses: calling an offset "records":
 * offsets of a transactional topic count markers too, so lag is an upper bound.
 */
import { Redis } from 'ioredis'
import { CATALOGUE, TOPICS } from '../../schemas/topics.ts'
import { positionKey } from '../../sinks/redis/contract.ts'
import { EXIT, type ExitCode } from '../local/errors.ts'
import type { DataOption } from './access.ts'
import { withKafka } from './kafka-access.ts'
import { print, printJson, table } from './output.ts'
import { partitionsOf } from './records.ts'
import { connectionOf } from './topic-setup.ts'

export type LookOptions = DataOption & { readonly output?: 'json' | 'table' }

const NONE = -1

export const topics = (options: LookOptions): Promise<ExitCode> =>
  withKafka(options, async ({ port }) => {
    const admin = await port.admin()
    const names = (await admin.listTopics()).filter((name) => !name.startsWith('__'))
    const catalogue = new Map(CATALOGUE.map((spec) => [spec.name, spec]))
    const missing = CATALOGUE.filter((spec) => !names.includes(spec.name)).map((spec) => spec.name)
    const found = await Promise.all(
      [...names].sort().map(async (name) => {
        const partitions = await partitionsOf(admin, name)
        const bounds = await admin.bounds(name, partitions)
        const spec = catalogue.get(name)
        return {
          topic: name,
          partitions: partitions.length,
          offsets: bounds.reduce((sum, bound) => sum + bound.high - bound.low, 0),
          cleanup: spec?.config['cleanup.policy'] ?? '?',
          ours: spec !== undefined,
          asCatalogued: spec === undefined || spec.partitions === partitions.length,
          about: spec?.doc ?? 'not in the catalogue',
        }
      }),
    )
    const fine = missing.length === 0 && found.every((topic) => topic.asCatalogued)
    if (options.output === 'json') {
      printJson({ topics: found, missing })
    } else {
      const rows = found.map((topic) => [
        topic.topic,
        `${topic.partitions}${topic.asCatalogued ? '' : ' (differs from the catalogue!)'}`,
        String(topic.offsets),
        topic.cleanup,
        topic.about,
      ])
      print(table(['topic', 'partitions', 'offsets', 'cleanup', 'about'], rows))
      for (const name of missing) print(`missing: ${name} (./nikash up creates it)`)
    }
    return fine ? EXIT.fine : EXIT.finding
  })

type GroupLag = {
  readonly group: string
  readonly state: string
  readonly topic: string
  readonly lag: number
  readonly partitions: ReadonlyArray<{ partition: number; committed: number; end: number; lag: number }>
}

/** Offsets behind of one partition; a group that has committed nothing is behind by all there is. */
export const lagOf = (committed: number, bound: { readonly low: number; readonly high: number }): number =>
  Math.max(0, bound.high - Math.max(committed === NONE ? bound.low : committed, bound.low))

/** The Redis sink keeps its true position beside the values; what it commits to its group follows lazily. */
const REDIS_GROUP = 'nikash-sink-redis'

const redisPositions = async (
  url: string,
  topic: string,
  partitions: readonly number[],
): Promise<number[]> => {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return await Promise.all(
      partitions.map(async (partition) =>
        Number((await redis.hget(positionKey(topic, partition), 'offset')) ?? NONE),
      ),
    )
  } catch {
    // Redis is down: what the group committed is the best that is known.
    return partitions.map(() => NONE)
  } finally {
    redis.disconnect()
  }
}

const collectLag = (options: LookOptions): Promise<GroupLag[]> =>
  withKafka(options, async ({ port, brokers, redisUrl }) => {
    const groups = connectionOf(brokers, 'nikash-lag').admin()
    const admin = await port.admin()
    await groups.connect()
    try {
      const { groups: listed } = await groups.listGroups()
      const ids = listed.map((group) => group.groupId).sort()
      const described = ids.length === 0 ? [] : (await groups.describeGroups(ids)).groups
      const found: GroupLag[] = []
      for (const { groupId, state } of described) {
        for (const { topic, partitions } of await groups.fetchOffsets({ groupId })) {
          // What the processors commit there is the offset of a checkpoint's cut, not a position in that topic.
          if (topic === TOPICS.checkpoints) continue
          const numbers = partitions.map(({ partition }) => partition)
          const bounds = await admin.bounds(topic, numbers)
          const further = groupId === REDIS_GROUP ? await redisPositions(redisUrl, topic, numbers) : []
          const rows = partitions.map(({ partition, offset }, index) => {
            const bound = bounds[index] ?? { low: 0, high: 0 }
            const committed = Math.max(Number(offset), further[index] ?? NONE)
            return { partition, committed, end: bound.high, lag: lagOf(committed, bound) }
          })
          rows.sort((a, b) => a.partition - b.partition)
          const lag = rows.reduce((sum, row) => sum + row.lag, 0)
          found.push({ group: groupId, state, topic, lag, partitions: rows })
        }
      }
      return found
    } finally {
      await groups.disconnect()
    }
  })

export const lag = async (options: LookOptions): Promise<ExitCode> => {
  const found = await collectLag(options)
  if (options.output === 'json') {
    printJson({ groups: found })
    return EXIT.fine
  }
  const rows = found.map((group) => [
    group.group,
    group.state,
    group.topic,
    String(group.lag),
    group.partitions
      .filter((row) => row.lag > 0)
      .map((row) => `${row.partition}:${row.lag}`)
      .join(' '),
  ])
  print(table(['group', 'state', 'topic', 'behind', 'by partition'], rows))
  return EXIT.fine
}
