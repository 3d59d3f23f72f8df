/**
 * Reset: the processors forget their state and read the log anew, in the next epoch. Only when no other member is in the
 * group. Steps, each safe to break off and to do again: (1) join the group as its only member; (2) the committed offsets
 * go back to the start of the log (a worker that starts now refuses: `checkpoint_ahead`); (3) per partition, in one
 * transaction: every key of the group in the checkpoints topic is cleared, and a manifest of the next epoch is written.
 * Quiet: step 2 is left out. The committed offsets stay, so a worker that starts folds the log up to there without
 * output (as any restore does), and then writes every result once, in the next epoch; what it wrote once stays as it is.
 */
import type { Admin, KafkaPort, Membership, OutputRecord } from '../../platform/kafka/port.ts'
import { commitName } from './commit-name.ts'
import { RuntimeError } from './errors.ts'
import {
  type Manifest,
  manifestKey,
  parseKey,
  parseManifest,
  topologiesText,
  topologyHash,
} from './manifest.ts'
import { FIRST_EPOCH } from './task.ts'
import type { RuntimeTopics } from './topics.ts'
import type { Topology } from './topology.ts'

export interface ResetOptions {
  readonly port: KafkaPort
  readonly groupId: string
  readonly topics: RuntimeTopics
  readonly topologies: readonly Topology[]
  /** Reports what would be done, and does nothing. */
  readonly dryRun?: boolean
  /** Results appear when they are whole; history, alerts and dead letters are not written again. */
  readonly quiet?: boolean
  /** At least this one, so that a shadow's results are newer than those they are compared with. */
  readonly epochMin?: number
  readonly joinMs?: number
}

export interface ResetReport {
  readonly partition: number
  readonly from: number
  readonly epoch: number
  readonly keys: number
  /** Of the state that is forgotten. */
  readonly bytes: number
  /** Records of the log that are folded again, at most. */
  readonly records: number
  /** What wrote the state, where that was another code than this. */
  readonly changedFrom?: string
}

/** Its transactional id; also in the offsets it sets, so that a worker can end what a reset left open. */
const resetId = (groupId: string): string => `${groupId}-reset`
const JOIN_MS = 60_000
const TRANSACTION_MS = 6_000
const SESSION_MS = 10_000

export async function resetProcessors(options: ResetOptions): Promise<readonly ResetReport[]> {
  const { port, groupId, topics, topologies } = options
  const admin = await port.admin()
  const [topic] = await admin.describeTopics([topics.events])
  if (!topic) throw new RuntimeError('topic_mismatch', `${topics.events} does not exist: nothing to reset`)
  const partitions = Array.from({ length: topic.partitions }, (_, p) => p)
  try {
    if (options.dryRun) return await reports(options, admin, partitions)
    return await asOnlyMember(options, partitions, async (membership, commit) => {
      const plan = await reports(options, admin, partitions)
      const before = await admin.committed(groupId, topics.events, partitions)
      // A partition that was never committed has nothing to be quiet about.
      const back = plan.filter(({ partition }) => !options.quiet || (before[partition]?.offset ?? -1) < 0)
      if (back.length > 0) await commit(back.map(({ partition, from }) => ({ partition, offset: from })))
      const producer = port.transactionalProducer({
        transactionalId: resetId(groupId),
        timeoutMs: TRANSACTION_MS,
      })
      try {
        await producer.init()
        for (const { partition, from, epoch } of plan) {
          const manifest = firstManifest(topologies, { epoch, from, topicId: topic.topicId, groupId })
          const { keys } = await read(options, admin, partition)
          const records: OutputRecord[] = keys.map((key) => ({
            topic: topics.checkpoints,
            partition,
            key,
            value: null,
          }))
          const value = Buffer.from(JSON.stringify(manifest))
          records.push({ topic: topics.checkpoints, partition, key: manifestKey(groupId), value })
          const transaction = await producer.begin()
          await transaction.send(records)
          await transaction.sendOffsets(membership, [{ topic: topics.checkpoints, partition, offset: from }])
          await transaction.commit()
        }
      } finally {
        await producer.close()
      }
      return plan
    })
  } finally {
    await admin.close()
  }
}

/** Nothing is known yet, and the log begins at `from`. */
const firstManifest = (
  topologies: readonly Topology[],
  { epoch, from, topicId, groupId }: { epoch: number; from: number; topicId: string; groupId: string },
): Manifest => ({
  format: 1,
  epoch,
  offset: from,
  revision: from - 1,
  logTime: 0,
  lastTick: 0,
  forgottenBefore: null,
  nextSegment: 0,
  layout: [],
  topologies: topologiesText(topologies),
  topologyHash: topologyHash(topologies),
  topicId,
  transactionalId: resetId(groupId),
})

async function reports(
  options: ResetOptions,
  admin: Admin,
  partitions: readonly number[],
): Promise<ResetReport[]> {
  const bounds = await admin.bounds(options.topics.events, partitions)
  const plan: ResetReport[] = []
  for (const partition of partitions) {
    const { manifest, keys, bytes } = await read(options, admin, partition)
    const epoch = Math.max((manifest?.epoch ?? FIRST_EPOCH - 1) + 1, options.epochMin ?? FIRST_EPOCH)
    const { low, high } = bounds[partition] ?? { low: 0, high: 0 }
    const changed = manifest !== undefined && manifest.topologyHash !== topologyHash(options.topologies)
    plan.push({
      partition,
      from: low,
      epoch,
      keys: keys.length,
      bytes,
      records: high - low,
      ...(changed ? { changedFrom: manifest.topologies } : {}),
    })
  }
  return plan
}

/** The group's keys in a partition of the checkpoints topic. */
async function read(
  { port, groupId, topics }: ResetOptions,
  admin: Admin,
  partition: number,
): Promise<{
  readonly keys: readonly string[]
  readonly bytes: number
  readonly manifest: Manifest | undefined
}> {
  const [bounds] = await admin.bounds(topics.checkpoints, [partition])
  const values = new Map<string, Buffer>()
  const reading = { topic: topics.checkpoints, partition, from: bounds?.low ?? 0 }
  for await (const { records } of port.readPartition(reading)) {
    for (const { key, value } of records) {
      const text = key?.toString() ?? ''
      if (parseKey(groupId, text) === undefined) continue
      if (value === null) values.delete(text)
      else values.set(text, value)
    }
  }
  const manifest = values.get(manifestKey(groupId))
  let bytes = 0
  for (const value of values.values()) bytes += value.length
  return { keys: [...values.keys()], bytes, manifest: manifest && parseManifest(manifest) }
}

type Commit = (offsets: readonly { readonly partition: number; readonly offset: number }[]) => Promise<void>

async function asOnlyMember<T>(
  { port, groupId, topics, joinMs = JOIN_MS }: ResetOptions,
  partitions: readonly number[],
  work: (membership: Membership, commit: Commit) => Promise<T>,
): Promise<T> {
  const consumer = port.consumer({ groupId, topics: [topics.events], sessionTimeoutMs: SESSION_MS })
  const busy = (has: number): RuntimeError =>
    new RuntimeError(
      'group_in_use',
      `${has} of ${partitions.length} partitions of group ${groupId} are free: stop the processors, then reset`,
    )
  let timer: NodeJS.Timeout | undefined
  const joined = new Promise<Membership>((resolve, reject) => {
    timer = setTimeout(() => reject(busy(0)), joinMs)
    const handlers = {
      onAssigned: (
        mine: readonly { readonly topic: string; readonly partition: number }[],
        membership: Membership,
      ) => {
        for (const { topic, partition } of mine) consumer.pause(topic, partition)
        if (mine.length === partitions.length) resolve(membership)
        else reject(busy(mine.length))
        return Promise.resolve()
      },
      onRevoked: () => Promise.resolve(),
      onBatch: () => Promise.resolve(),
      onCrash: reject,
    }
    consumer.start(handlers).catch(reject)
  })
  try {
    const membership = await joined
    return await work(membership, (offsets) =>
      consumer.commit(
        offsets.map((one) => ({
          ...one,
          topic: topics.events,
          metadata: commitName(resetId(groupId), '0', 1),
        })),
      ),
    )
  } finally {
    clearTimeout(timer)
    await consumer.stop()
  }
}
