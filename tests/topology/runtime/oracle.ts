/**
 * An oracle for the outputs of a run: folds the final log of a partition once, record by record, and compares what
 * readers of committed data see with what must have come out: results by their revision, once-only records in order.
 */
import { expect } from '@jest/globals'
import type { InputRecord } from '../../../platform/kafka/port.ts'
import { Task } from '../../../processors/runtime/task.ts'
import { TEST_CODEC } from '../../../processors/runtime/testing/driver.ts'
import type { RuntimeTopics } from '../../../processors/runtime/topics.ts'
import type { RowsSpec, StoreSpec, Topology } from '../../../processors/runtime/topology.ts'
import { codec } from './toy-codec.ts'

export { codec }

export interface LogToCheck {
  readonly partition: number
  readonly partitions: number
  readonly topics: RuntimeTopics
  /** Topics whose records go out exactly once. */
  readonly once: readonly string[]
  readonly topologies: readonly Topology[]
  /** Committed records of a topic, in this partition. */
  readonly read: (topic: string) => readonly InputRecord[]
}

export function checkLog(log: LogToCheck): void {
  const { partition, partitions, topics, topologies, read } = log
  const task = new Task({ topologies, codec, topics, partition, partitions })
  const published = read(topics.results)
  const once: string[] = []
  const keys = new Set<string>()
  const byRevision = Map.groupBy(published, ({ value }) => decodedResult(value).revision)
  for (const record of read(topics.events)) {
    expect(task.fold(record)).toBeUndefined()
    for (const result of byRevision.get(record.offset) ?? []) {
      expect(result.value).toEqual(renderNow(task, topologies, String(result.key), record.offset))
    }
    byRevision.delete(record.offset)
    const cut = task.cut()
    for (const out of cut.once) once.push(line(out.topic, String(out.key), out.value))
    for (const { topic, key } of cut.results) if (topic === topics.results) keys.add(String(key))
  }
  expect(new Set(published.map(({ key }) => String(key)))).toEqual(keys)
  expect([...byRevision.keys()]).toEqual([])
  // Reroutes go to another partition: they are part of its log, which is folded for it.
  for (const topic of log.once) {
    const seen = read(topic).map(({ key, value }) => line(topic, String(key), value))
    expect(seen).toEqual(once.filter((text) => text.startsWith(`${topic}\t`)))
  }
  checkOrder(published)
  checkNewest(task, topologies, published)
}

/** The newest record of every key is that of the final state, but for the place it was cut at. */
function checkNewest(task: Task, topologies: readonly Topology[], published: readonly InputRecord[]): void {
  const newest = new Map(published.map((record) => [String(record.key), record.value]))
  for (const [key, value] of newest) {
    const { revision, logTime } = decodedResult(value)
    const final = decodedResult(renderNow(task, topologies, key, revision))
    expect({ ...decodedResult(value) }).toEqual({ ...final, logTime })
  }
}

/** Revisions of a key never go back. */
function checkOrder(published: readonly InputRecord[]): void {
  const last = new Map<string, number>()
  for (const { key, value } of published) {
    const { revision } = decodedResult(value)
    expect(revision).toBeGreaterThanOrEqual(last.get(String(key)) ?? -1)
    last.set(String(key), revision)
  }
}

function decodedResult(value: Buffer | null) {
  const decoded = TEST_CODEC.decode(value)
  if (!decoded.ok || decoded.type !== 'KpiResult') throw new Error('not a result')
  return decoded.data
}

function renderNow(
  task: Task,
  topologies: readonly Topology[],
  key: string,
  revision: number,
): Buffer | null {
  const [tenant, family] = key.split('|')
  const index = topologies.findIndex(({ name }) => name === family)
  const context = task.contexts[index]
  const view = {
    partition: task.partition,
    epoch: task.place.epoch,
    revision,
    logTime: task.logTime,
    store: <V>(spec: StoreSpec<V>) => (context as NonNullable<typeof context>).store(spec),
    rows: (spec: RowsSpec) => (context as NonNullable<typeof context>).rows(spec),
    count: () => {},
  }
  const rendered = topologies[index]?.render(family === 'rank' ? 'leader' : (tenant as string), view)
  return rendered?.find((one) => one.key === key)?.value ?? null
}

const line = (topic: string, key: string, value: Buffer | null): string =>
  `${topic}\t${key}\t${value?.toString('hex') ?? 'null'}`
