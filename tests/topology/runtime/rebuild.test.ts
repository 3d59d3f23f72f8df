/** Forgetting the state and folding the log anew, loudly (everything is written again) and quietly (results alone, whole). */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { MemoryKafka } from '../../../platform/kafka/memory/port.ts'
import { resetProcessors } from '../../../processors/runtime/reset.ts'
import { TEST_CODEC } from '../../../processors/runtime/testing/driver.ts'
import { TOPICS } from '../../../schemas/topics.ts'
import { Cluster, disturb, GROUP, PARTITIONS, random, topics, until } from './cluster.ts'
import { TOYS } from './toy.ts'

const ALL = Array.from({ length: PARTITIONS }, (_, partition) => partition)

describe('a rebuild of the processors', () => {
  let cluster: Cluster
  let port: MemoryKafka
  beforeEach(async () => {
    cluster = new Cluster()
    port = new MemoryKafka(cluster.broker)
    const { worker } = await cluster.start()
    disturb(cluster, random(21), 200)
    await until('caught up', () => cluster.caughtUp())
    await worker.stop()
  })
  afterEach(() => cluster.stop())

  const reset = (quiet: boolean) => resetProcessors({ port, groupId: GROUP, topics, topologies: TOYS, quiet })
  /** What readers end up with, by key: the epoch, and the value without what names its cut. */
  const newest = () => {
    const found = new Map<string, { epoch: unknown; rest: unknown; times: number }>()
    for (const partition of ALL) {
      for (const { key, value } of cluster.read(topics.results, partition)) {
        const decoded = TEST_CODEC.decode(value)
        if (!decoded.ok) throw new Error(decoded.message)
        const {
          epoch,
          revision: _r,
          logTime: _l,
          ...rest
        } = decoded.data as unknown as Record<string, unknown>
        const name = `${partition} ${key?.toString()}`
        const before = found.get(name)
        found.set(name, {
          epoch,
          rest,
          times: before !== undefined && before.epoch === epoch ? before.times + 1 : 1,
        })
      }
    }
    return found
  }
  const values = () => new Map([...newest()].map(([key, { rest }]) => [key, rest]))
  const written = () =>
    [TOPICS.history, TOPICS.alerts, topics.eventsDlq, topics.late].map((topic) =>
      ALL.reduce((sum, partition) => sum + cluster.read(topic, partition).length, 0),
    )

  it('gives the same results in the next epoch, and writes again what is written once', async () => {
    const [before, once] = [values(), written()]
    await reset(false)
    const { worker } = await cluster.start()
    await until('the log is read again', () => worker.whole && cluster.caughtUp())
    expect(values()).toEqual(before)
    expect(new Set([...newest().values()].map(({ epoch }) => epoch))).toEqual(new Set([2]))
    for (const [i, count] of written().entries()) expect(count).toBeGreaterThanOrEqual(2 * (once[i] ?? 0))
  })

  it('that is quiet writes each result once, when it is whole, and nothing else', async () => {
    const [before, once] = [values(), written()]
    await reset(true)
    const { worker } = await cluster.start()
    await until('all is folded', () => worker.whole && worker.status().every(({ lag }) => lag === 0))
    await until('all results are of the new epoch', () =>
      [...newest().values()].every(({ epoch }) => epoch === 2),
    )
    expect(values()).toEqual(before)
    expect(new Set([...newest().values()].map(({ times }) => times))).toEqual(new Set([1]))
    expect(written()).toEqual(once)
    disturb(cluster, random(22), 50)
    await until('caught up', () => cluster.caughtUp())
    await worker.stop()
  })

  it('that is broken off half way is refused by the workers, and can be done again', async () => {
    let calls = 0
    port.onCall = (name, phase) => {
      if (name === 'commitTxn' && phase === 'before' && ++calls === 2) throw new Error('the broker went away')
    }
    await expect(reset(false)).rejects.toThrow('the broker went away')
    port.onCall = undefined
    const { worker } = await cluster.start()
    await until('decided', () => worker.status().every(({ state }) => ['running', 'failed'].includes(state)))
    const codes = ALL.map((p) => (worker.runner(p)?.error as { code?: string } | undefined)?.code)
    expect(codes).toContain('checkpoint_ahead')
    await worker.stop()
    await reset(false)
    const again = await cluster.start()
    await until('the log is read again', () => again.worker.whole && cluster.caughtUp())
  })
})
