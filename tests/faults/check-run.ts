/** Compares what readers see of a run, partition by partition, with a single pass over its log. */
import type { InputRecord } from '../../platform/kafka/port.ts'
import { checkLog } from '../topology/runtime/oracle.ts'
import { toys } from '../topology/runtime/toy.ts'
import type { EngineRun } from './engine-run.ts'

export async function checkRun(run: EngineRun): Promise<void> {
  const { topics, alerts, history, partitions } = run
  const once = [alerts, history, topics.eventsDlq, topics.late]
  for (let partition = 0; partition < partitions; partition++) {
    const read = new Map<string, readonly InputRecord[]>()
    for (const topic of [...once, topics.events, topics.results])
      read.set(topic, await run.read(topic, partition))
    checkLog({
      partition,
      partitions,
      topics,
      once,
      topologies: toys(run),
      read: (topic) => read.get(topic) ?? [],
    })
  }
}
