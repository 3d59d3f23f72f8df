/**
 * Owns `lag`: how far each consumer group is behind, in records and in seconds, and whether it moves. Refuses: calling
 * an offset "records": markers of transactions are offsets too, so the number of records is an upper bound; where
 * nothing but markers is left, it is zero.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Admin, KafkaPort } from '../../platform/kafka/port.ts'
import { TOPICS } from '../../schemas/topics.ts'
import { positionKey } from '../../sinks/redis/contract.ts'
import { EXIT, type ExitCode } from '../local/errors.ts'
import type { DataOption } from './access.ts'
import { withKafka } from './kafka-access.ts'
import { duration, note, print, printJson, table } from './output.ts'
import { connectionOf } from './topic-setup.ts'

export type LagOptions = DataOption & { readonly output?: 'json' | 'table' }

export type PartitionLag = {
  readonly partition: number
  readonly committed: number
  readonly end: number
  readonly lag: number
  /** Age of the oldest record that was not worked off; 0 = none is waiting. */
  readonly seconds: number
}

export type GroupLag = {
  readonly group: string
  readonly state: string
  readonly topic: string
  readonly lag: number
  readonly seconds: number
  /** False when a record waits for long and the group's position stands still. */
  readonly moving: boolean
  readonly partitions: readonly PartitionLag[]
}

/** A group with members; positions by topic. */
export type GroupPositions = {
  readonly group: string
  readonly state: string
  readonly topics: ReadonlyArray<{
    readonly topic: string
    readonly partitions: ReadonlyArray<{ readonly partition: number; readonly committed: number }>
  }>
}

const NONE = -1
/** A record that waits this long is looked at twice. */
const WAITS_SECONDS = 10
const SECOND_LOOK_MS = 3_000

/** Offsets behind of one partition; a group that has committed nothing is behind by all there is. */
export const lagOf = (committed: number, bound: { readonly low: number; readonly high: number }): number =>
  Math.max(0, bound.high - Math.max(committed === NONE ? bound.low : committed, bound.low))

const appendTimeAt = async (
  port: KafkaPort,
  place: { readonly topic: string; readonly partition: number; readonly from: number },
): Promise<number | undefined> => {
  for await (const { records } of port.readPartition(place)) {
    if (records[0] !== undefined) return records[0].timestamp
  }
  return undefined
}

const lagOfPartition = async (
  port: KafkaPort,
  bound: { readonly low: number; readonly high: number },
  place: { readonly topic: string; readonly partition: number; readonly committed: number },
): Promise<PartitionLag> => {
  const { topic, partition, committed } = place
  const offsets = lagOf(committed, bound)
  const row = { partition, committed, end: bound.high }
  if (offsets === 0) return { ...row, lag: 0, seconds: 0 }
  const oldest = await appendTimeAt(port, { topic, partition, from: bound.high - offsets })
  if (oldest === undefined) return { ...row, lag: 0, seconds: 0 }
  return { ...row, lag: offsets, seconds: Math.max(0, Date.now() - oldest) / 1_000 }
}

/** All topics of all groups; `moving` is true until a second look says otherwise. */
export const lagOfGroups = async (
  port: KafkaPort,
  admin: Admin,
  groups: readonly GroupPositions[],
): Promise<GroupLag[]> => {
  const found: GroupLag[] = []
  for (const { group, state, topics } of groups) {
    for (const { topic, partitions: positions } of topics) {
      const bounds = await admin.bounds(
        topic,
        positions.map(({ partition }) => partition),
      )
      const partitions = await Promise.all(
        positions.map(({ partition, committed }, index) =>
          lagOfPartition(port, bounds[index] ?? { low: 0, high: 0 }, { topic, partition, committed }),
        ),
      )
      partitions.sort((a, b) => a.partition - b.partition)
      const lag = partitions.reduce((sum, row) => sum + row.lag, 0)
      const seconds = Math.max(0, ...partitions.map((row) => row.seconds))
      found.push({ group, state, topic, lag, seconds, moving: true, partitions })
    }
  }
  return found
}

const waits = (row: PartitionLag): boolean => row.seconds >= WAITS_SECONDS

/** A partition whose oldest record waits for long must have moved by the second look. */
export const withMovement = (first: readonly GroupLag[], second: readonly GroupLag[]): GroupLag[] =>
  second.map((now) => {
    const before = first.find(({ group, topic }) => group === now.group && topic === now.topic)
    const stuck = now.partitions.some((row) => {
      const then = before?.partitions.find(({ partition }) => partition === row.partition)
      return waits(row) && then !== undefined && then.lag > 0 && row.committed <= then.committed
    })
    return { ...now, moving: !stuck }
  })

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

const positionsOf = async (brokers: string, redisUrl: string): Promise<GroupPositions[]> => {
  const kafka = connectionOf(brokers, 'nikash-lag').admin()
  await kafka.connect()
  try {
    const ids = (await kafka.listGroups()).groups.map(({ groupId }) => groupId).sort()
    const described = ids.length === 0 ? [] : (await kafka.describeGroups(ids)).groups
    described.sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
    return await Promise.all(
      described.map(async ({ groupId, state }): Promise<GroupPositions> => {
        const offsets = await kafka.fetchOffsets({ groupId })
        const topics = await Promise.all(
          offsets
            // What the processors commit there is the offset of a checkpoint's cut, not a position in that topic.
            .filter(({ topic }) => !topic.startsWith(TOPICS.checkpoints))
            .map(async ({ topic, partitions }) => {
              const numbers = partitions.map(({ partition }) => partition)
              const further = groupId === REDIS_GROUP ? await redisPositions(redisUrl, topic, numbers) : []
              return {
                topic,
                partitions: partitions.map(({ partition, offset }, index) => ({
                  partition,
                  committed: Math.max(Number(offset), further[index] ?? NONE),
                })),
              }
            }),
        )
        return { group: groupId, state, topics }
      }),
    )
  } finally {
    await kafka.disconnect()
  }
}

export const collectLag = (options: LagOptions): Promise<GroupLag[]> =>
  withKafka(options, async ({ port, brokers, redisUrl }) => {
    const admin = await port.admin()
    const look = async (): Promise<GroupLag[]> =>
      lagOfGroups(port, admin, await positionsOf(brokers, redisUrl))
    const first = await look()
    if (!first.some(({ partitions }) => partitions.some(waits))) return first
    await sleep(SECOND_LOOK_MS)
    return withMovement(first, await look())
  })

const age = (seconds: number): string =>
  seconds === 0 ? '-' : seconds < 10 ? `${seconds.toFixed(1)}s` : duration(seconds * 1_000)

export const lag = async (options: LagOptions): Promise<ExitCode> => {
  const found = await collectLag(options)
  // A shadow stops at its ends, on purpose.
  const stuck = found.filter(({ moving, group }) => !moving && !group.includes('-shadow-'))
  if (options.output === 'json') {
    printJson({ groups: found })
  } else {
    const rows = found.map((group) => [
      group.group,
      group.state,
      group.topic,
      String(group.lag),
      age(group.seconds),
      group.partitions
        .filter((row) => row.lag > 0)
        .map((row) => `${row.partition}:${row.lag} (${age(row.seconds)})`)
        .join(' '),
    ])
    print(table(['group', 'state', 'topic', 'behind', 'for', 'by partition'], rows))
    for (const group of stuck)
      note(
        `${group.group} does not move on ${group.topic}, its oldest record waits for ${age(group.seconds)}: ` +
          'see ./nikash status, ./nikash describe and ./nikash logs',
      )
  }
  return stuck.length > 0 ? EXIT.finding : EXIT.fine
}
