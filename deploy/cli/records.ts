/**
 * Owns reading a topic for people: committed records of all partitions, in sweeps from a position to the end as it is
 * now. Refuses: joining a group, committing anything, and holding more than a sweep in memory.
 *
 * Q1  a sweep takes at most SWEEP_RECORDS of a partition; within it records are in order of time, and those of one
 *     partition always in order of offset.
 */
import type { Admin, InputRecord, KafkaPort } from '../../platform/kafka/port.ts'

const SWEEP_RECORDS = 1_000

export type Sweep = {
  readonly records: readonly InputRecord[]
  /** True when every partition was read up to its end as it was when the sweep began. */
  readonly atEnd: boolean
}

export const partitionsOf = async (admin: Admin, topic: string): Promise<readonly number[]> => {
  const [description] = await admin.describeTopics([topic])
  return Array.from({ length: description?.partitions ?? 0 }, (_, partition) => partition)
}

/** Reads on from `positions` (changed in place). */
export const sweep = async (
  port: KafkaPort,
  topic: string,
  positions: Map<number, number>,
): Promise<Sweep> => {
  const parts = await Promise.all(
    [...positions].map(async ([partition, from]) => {
      const records: InputRecord[] = []
      let position = from
      let atEnd = true
      for await (const batch of port.readPartition({ topic, partition, from })) {
        const room = SWEEP_RECORDS - records.length
        const taken = batch.records.slice(0, room)
        records.push(...taken)
        const last = taken.at(-1)
        const whole = taken.length === batch.records.length
        position = whole ? batch.nextOffset : (last?.offset ?? position) + 1
        if (!whole || records.length >= SWEEP_RECORDS) {
          atEnd = false
          break
        }
      }
      positions.set(partition, position)
      return { records, atEnd }
    }),
  )
  return {
    records: mergeByTime(parts.map((part) => part.records)),
    atEnd: parts.every((part) => part.atEnd),
  }
}

/** By time across partitions without ever changing the order inside of one. */
export const mergeByTime = (lists: ReadonlyArray<readonly InputRecord[]>): InputRecord[] => {
  const merged: InputRecord[] = []
  const heads = lists.map(() => 0)
  const total = lists.reduce((sum, list) => sum + list.length, 0)
  while (merged.length < total) {
    let first: { list: number; record: InputRecord } | undefined
    for (const [list, records] of lists.entries()) {
      const record = records[heads[list] ?? 0]
      if (record !== undefined && (first === undefined || record.timestamp < first.record.timestamp)) {
        first = { list, record }
      }
    }
    if (first === undefined) break
    merged.push(first.record)
    heads[first.list] = (heads[first.list] ?? 0) + 1
  }
  return merged
}
