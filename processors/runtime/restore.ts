/**
 * A task from the broker: committed offset, checkpoint, replay (R8). Owns the refusals: states that must not be guessed
 * about, each with what to do. Reads only; failing at any step leaves nothing outside.
 */
import { KafkaError } from '../../platform/kafka/errors.ts'
import type { Admin, KafkaPort } from '../../platform/kafka/port.ts'
import { Checkpointer } from './checkpoint.ts'
import { ownerOf } from './commit-name.ts'
import { RuntimeError } from './errors.ts'
import type { Manifest } from './manifest.ts'
import { METRICS, type RuntimeMetrics } from './metrics.ts'
import type { RuntimeOptions } from './options.ts'
import { CheckpointImage } from './restore-image.ts'
import type { Failpoint } from './steps.ts'
import { type EventCodec, Task } from './task.ts'
import type { Position } from './task-runner.ts'
import type { Topology } from './topology.ts'
import type { Turns } from './turns.ts'

export interface RestoreParts {
  readonly port: KafkaPort
  readonly admin: Admin
  readonly options: RuntimeOptions
  readonly topologies: readonly Topology[]
  readonly codec: EventCodec
  readonly metrics: RuntimeMetrics
  readonly failpoint: Failpoint
  readonly turns: Turns
  /** False = the partition was given up: stop here. */
  readonly wanted: () => boolean
}

export interface Restored {
  readonly task: Task
  readonly checkpointer: Checkpointer
  readonly committed: Position
  readonly replayed: number
  readonly cells: number
}

const STABLE_WAIT_MS = 10_000
const STABLE_PAUSE_MS = 25

export async function restoreTask(parts: RestoreParts, partition: number): Promise<Restored | undefined> {
  const { admin, options, topologies, port } = parts
  const { topics, groupId } = options
  const startedMs = performance.now()
  const where = `${topics.events}-${partition}`
  // (1) Stable: whatever a former owner left open is decided before the cells are read, so none of its can follow.
  const position = async () => (await admin.committed(groupId, topics.events, [partition], STABLE_WAIT_MS))[0]
  let committed = await position()
  const [bounds] = await admin.bounds(topics.events, [partition])
  const [topic] = await admin.describeTopics([topics.events])
  if (!committed || !bounds || !topic)
    throw new RuntimeError('topic_mismatch', `${where} is not known to the broker: create the topics first`)
  await parts.failpoint('position')
  const from = await stableStart(parts, partition, committed)
  // (2)
  const image = new CheckpointImage(groupId)
  const reading = { topic: topics.checkpoints, partition, from }
  for await (const batch of port.readPartition(reading)) {
    for (const { key, value } of batch.records) image.apply(key, value)
    if (!parts.wanted()) return undefined
    await parts.turns.next()
  }
  await parts.failpoint('cells')
  // (3)
  const { manifest } = image
  // Somebody else may have committed between (1) and (2): an owner that does not know yet that it is none any more, or
  // that we are none. Its offset is in the transaction of its checkpoint.
  if (manifest !== undefined && manifest.offset > committed.offset)
    committed = (await position()) ?? committed
  const start = startOf(where, manifest, committed.offset, bounds.low, topic.topicId)
  const task = new Task({
    topologies,
    codec: parts.codec,
    topics,
    partition,
    partitions: topic.partitions,
    metrics: parts.metrics,
    idHorizonMs: options.idHorizonMs,
  })
  const loaded = manifest && image.load(task, topologies, manifest, where)
  if (!manifest) task.skipTo(start)
  const { transactionalId } = options
  const identity = {
    group: groupId,
    topic: topics.checkpoints,
    topologies,
    topicId: topic.topicId,
    transactionalId,
  }
  const checkpointer = new Checkpointer(task, identity, { ...loaded, offset: manifest?.offset })
  await parts.failpoint('manifest')
  // (4)
  const replayed = await replay(parts, task, start, Math.max(committed.offset, start))
  if (replayed === undefined) return undefined
  await parts.failpoint('replay')
  parts.metrics.observe(METRICS.restoreSeconds, (performance.now() - startedMs) / 1000)
  return { task, checkpointer, committed, replayed, cells: loaded?.cells ?? 0 }
}

/**
 * Where the checkpoint's records begin, once all of them can be seen. A dead owner that wrote cells and died before its
 * offsets leaves a transaction open: what its successor committed behind it is hidden until that one ends. It is ended
 * here: what is read must not be an older checkpoint, or none, because of it.
 */
async function stableStart(parts: RestoreParts, partition: number, committed: Position): Promise<number> {
  const { admin, options, port } = parts
  const topic = options.topics.checkpoints
  const startedMs = performance.now()
  let fenced = false
  let end: number | undefined
  for (;;) {
    const [bounds] = await admin.bounds(topic, [partition])
    if (!bounds) throw new RuntimeError('topic_mismatch', `${topic} is not known to the broker`)
    // The end of the first look: later transactions are not waited for.
    end ??= bounds.end
    if (bounds.high >= end || !parts.wanted()) return bounds.low
    const waitedMs = performance.now() - startedMs
    if (waitedMs > STABLE_WAIT_MS)
      throw new KafkaError('UNSTABLE_LOG', `a transaction on ${topic}-${partition} stays open`)
    const owner = ownerOf(committed.metadata)
    if (!fenced && owner !== undefined && waitedMs >= options.fenceAfterMs) {
      fenced = true
      const producer = port.transactionalProducer({
        transactionalId: owner,
        timeoutMs: options.transactionTimeoutMs,
      })
      await producer.init()
      await producer.close()
    }
    await new Promise((resolve) => setTimeout(resolve, STABLE_PAUSE_MS))
  }
}

/** Where folding begins, or why it must not. */
function startOf(
  where: string,
  manifest: Manifest | undefined,
  committed: number,
  low: number,
  topicId: string,
): number {
  if (manifest === undefined) {
    if (committed > low)
      throw new RuntimeError(
        'checkpoint_missing',
        `${where}: offset ${committed} is committed, but there is no checkpoint: restore the checkpoints topic, ` +
          'or reset the processors so that they read the log from its start',
      )
    return low
  }
  if (manifest.topicId !== topicId)
    throw new RuntimeError(
      'topic_recreated',
      `${where}: the checkpoint belongs to another topic of this name (id ${manifest.topicId}, now ${topicId}): ` +
        'restore that topic, or reset the processors',
    )
  if (committed < 0)
    throw new RuntimeError(
      'offset_missing',
      `${where}: there is a checkpoint at ${manifest.offset}, but the group has no committed offset: ` +
        'restore the group offsets, or reset the processors',
    )
  if (manifest.offset > committed)
    throw new RuntimeError(
      'checkpoint_ahead',
      `${where}: the checkpoint at ${manifest.offset} is above the committed offset ${committed}: ` +
        'the offsets were set back by hand; reset the processors instead',
    )
  if (manifest.offset < low)
    throw new RuntimeError(
      'log_trimmed',
      `${where}: the records from ${manifest.offset} to ${low} are gone, they were not folded into the checkpoint: ` +
        'restore the topic (its retention must be unlimited), or reset the processors',
    )
  return manifest.offset
}

/** Folds without output. Gives the number of records, or undefined when the partition is not wanted any more. */
async function replay(
  parts: RestoreParts,
  task: Task,
  from: number,
  to: number,
): Promise<number | undefined> {
  const { port, options, codec } = parts
  let records = 0
  task.replaying(true)
  if (to > from) {
    const reading = { topic: options.topics.events, partition: task.partition, from, to }
    for await (const batch of port.readPartition(reading)) {
      let sliceEnd = performance.now() + options.sliceMs
      for (const record of batch.records) {
        if (record.offset >= to) break
        for (let id = task.fold(record); id !== undefined; id = task.fold(record)) await codec.prepare(id)
        if ((++records & 15) !== 0 || performance.now() < sliceEnd) continue
        await parts.turns.next()
        if (!parts.wanted()) return undefined
        sliceEnd = performance.now() + options.sliceMs
      }
      if (!parts.wanted()) return undefined
      await parts.turns.next()
    }
    task.skipTo(to)
  }
  task.replaying(false)
  return records
}
