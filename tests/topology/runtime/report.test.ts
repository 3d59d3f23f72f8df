/** What an operator is told of tasks: sizes, the last checkpoint, lag; by the process that runs them, and from the topics. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { lagOfGroups, withMovement } from '../../../deploy/cli/lag.ts'
import { storeTotals, taskRow } from '../../../deploy/cli/tasks.ts'
import { MemoryKafka } from '../../../platform/kafka/memory/port.ts'
import { readCheckpoints } from '../../../processors/runtime/checkpoint-sizes.ts'
import { LagWatch } from '../../../processors/runtime/lag-watch.ts'
import { parseKey } from '../../../processors/runtime/manifest.ts'
import { METRICS, NO_METRICS } from '../../../processors/runtime/metrics.ts'
import { storedReport } from '../../../processors/runtime/report.ts'
import { partitionOf } from '../../../schemas/values/partition.ts'
import { Cluster, disturb, GROUP, PARTITIONS, random, topics, until } from './cluster.ts'
import { failed, ITEMS, START } from './toy.ts'

const ALL = Array.from({ length: PARTITIONS }, (_, partition) => partition)
const ACME = partitionOf('acme', PARTITIONS)

describe('the report of a process', () => {
  let cluster: Cluster
  let port: MemoryKafka
  beforeEach(() => {
    cluster = new Cluster()
    port = new MemoryKafka(cluster.broker)
  })
  afterEach(() => cluster.stop())

  /** The oracle: newest record of each cell's key in the topic. */
  const storedBytes = (partition: number): number => {
    const cells = new Map<string, number>()
    for (const { key, value } of cluster.read(topics.checkpoints, partition)) {
      const name = key?.toString() ?? ''
      if (parseKey(GROUP, name)?.kind === 'cell') cells.set(name, value?.length ?? 0)
    }
    return [...cells.values()].reduce((sum, size) => sum + size, 0)
  }

  it('counts entries as they are, bytes as they were last checkpointed, also after a restart', async () => {
    const first = await cluster.start({ options: { checkpointWorkMs: 0 } })
    disturb(cluster, random(41), 120)
    await until('caught up', () => cluster.caughtUp())
    await first.worker.stop()
    const { worker } = await cluster.start()
    await until('restored', () => worker.whole && worker.status().length === PARTITIONS)
    const report = await worker.report()
    expect(report).toMatchObject({ group: GROUP, topic: topics.events, topologies: 'tally v1, rank v1' })
    for (const task of report.tasks) {
      const state = worker.runner(task.partition)?.task?.state
      expect(task).toMatchObject({ state: 'running', error: null, lagRecords: 0, lagSeconds: 0, epoch: 1 })
      expect([task.position, task.committed]).toEqual([task.end, cluster.committed(task.partition)])
      expect(task.bytes).toBe(storedBytes(task.partition))
      expect(task.stores.find(({ name }) => name === ITEMS.name)?.entries).toBe(
        [...(state?.stores.get(ITEMS.name)?.entries() ?? [])].length,
      )
      expect(task.ids).toBe(state?.ids.size)
    }
    expect(report.tasks.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(1_000)
  })

  it('tells the last checkpoint: its offset, what it wrote, and how much a restart folds again', async () => {
    const { worker } = await cluster.start({ options: { checkpointWorkMs: 1e9, checkpointEveryMs: 1e9 } })
    await until('it runs', () => worker.whole)
    cluster.append(failed())
    await until('caught up', () => cluster.caughtUp())
    cluster.append(failed())
    cluster.append(failed())
    await until('caught up', () => cluster.caughtUp())
    const task = (await worker.report()).tasks[ACME]
    // the first commit carries one; the two records after it are not in it
    expect(task?.checkpoint).toMatchObject({ offset: 1, behind: 2, bytes: storedBytes(ACME) })
    expect(task?.checkpoint?.written?.bytes).toBeGreaterThanOrEqual(storedBytes(ACME))
    expect(task?.dirtyCells).toBeGreaterThan(0)
    expect(taskRow(task as never)).toContain('running')
  })

  it('is made of the topics alone where no task runs', async () => {
    const { worker } = await cluster.start({ options: { checkpointWorkMs: 0 } })
    disturb(cluster, random(42), 60)
    await until('caught up', () => cluster.caughtUp())
    const [live] = (await worker.report()).tasks
    await worker.stop()
    const sizes = await readCheckpoints(port, await port.admin(), {
      group: GROUP,
      topic: topics.checkpoints,
      partition: 0,
    })
    const place = { committed: cluster.committed(0), end: cluster.committed(0), lagRecords: 0, lagSeconds: 0 }
    const stored = storedReport(0, sizes, place, Date.now())
    expect(stored).toMatchObject({ state: 'elsewhere', epoch: 1, entries: null, bytes: storedBytes(0) })
    expect(storeTotals([stored]).map(({ name }) => name)).toContain(ITEMS.name)
    expect(live?.stores.length).toBeGreaterThanOrEqual(stored.stores.length)
  })

  it('shows a task that failed with its reason, and the lag of its partition', async () => {
    const { worker } = await cluster.start()
    cluster.append(failed())
    await until('caught up', () => cluster.caughtUp())
    await worker.stop()
    cluster.broker.groups.store(GROUP, [
      { topic: topics.events, partition: ACME, offset: 0, metadata: 'by hand' },
    ])
    const heir = await cluster.start()
    await until('it failed', () => heir.worker.runner(ACME)?.life.is('failed') ?? false)
    const task = (await heir.worker.report()).tasks[ACME]
    expect(task).toMatchObject({
      state: 'failed',
      position: null,
      committed: 0,
      lagRecords: 1,
      entries: null,
    })
    expect(task?.error).toContain('checkpoint')
  })
})

describe('lag', () => {
  let cluster: Cluster
  let port: MemoryKafka
  let gauges: Map<string, number>
  beforeEach(() => {
    cluster = new Cluster()
    port = new MemoryKafka(cluster.broker)
    gauges = new Map()
  })

  const watch = async (tasks: ConstructorParameters<typeof LagWatch>[0]['tasks']) =>
    new LagWatch({
      port,
      admin: await port.admin(),
      groupId: GROUP,
      topic: topics.events,
      metrics: {
        ...NO_METRICS,
        gauge: (name, value, labels) => gauges.set(`${name} ${labels?.['partition']}`, value),
        forget: (name, { partition }) => gauges.delete(`${name} ${partition}`),
      },
      tasks,
      nowMs: () => cluster.nowMs,
    })

  it('in seconds is the age of the oldest record that is not committed', async () => {
    const task = { partition: 0, position: 0, committed: 0, uncommitted: 0, logTime: 0 }
    let mine = [task]
    const lagWatch = await watch(() => mine)
    expect((await lagWatch.look()).get(0)).toMatchObject({ records: 0, seconds: 0 })
    for (let i = 0; i < 3; i++) {
      cluster.bytes('acme', Buffer.from('x'), 0)
      cluster.nowMs += 10_000
    }
    expect((await lagWatch.look()).get(0)).toMatchObject({ records: 3, seconds: 30 })
    cluster.nowMs += 60_000
    expect((await lagWatch.look()).get(0)).toMatchObject({ records: 3, seconds: 90 })
    // folded, not committed: still behind, by what is not committed
    mine = [{ ...task, position: 3, committed: 1, uncommitted: 2, logTime: START + 20_000 }]
    expect((await lagWatch.look()).get(0)).toMatchObject({ records: 2, seconds: 70 })
    mine = [{ ...task, position: 3, committed: 3, logTime: START + 20_000 }]
    expect((await lagWatch.look()).get(0)).toMatchObject({ records: 0, seconds: 0 })
    expect(gauges.get(`${METRICS.lagSeconds} 0`)).toBe(0)
    mine = []
    await lagWatch.look()
    expect([...gauges.keys()]).toEqual([])
  })

  it('of a group counts records from its position, and says whether it moves', async () => {
    const admin = await port.admin()
    for (let i = 0; i < 4; i++) cluster.bytes('acme', Buffer.from('x'), 0)
    const at = (committed: number) => [
      {
        group: 'g',
        state: 'Stable',
        topics: [{ topic: topics.events, partitions: ALL.map((partition) => ({ partition, committed })) }],
      },
    ]
    const [group] = await lagOfGroups(port, admin, at(1))
    expect(group?.partitions.map(({ lag }) => lag)).toEqual([3, 0])
    expect(group?.seconds).toBeGreaterThan(60)
    const stuck = withMovement(await lagOfGroups(port, admin, at(1)), await lagOfGroups(port, admin, at(1)))
    expect(stuck.map(({ moving }) => moving)).toEqual([false])
    const slow = withMovement(await lagOfGroups(port, admin, at(1)), await lagOfGroups(port, admin, at(2)))
    expect(slow.map(({ moving }) => moving)).toEqual([true])
    const idle = withMovement(await lagOfGroups(port, admin, at(4)), await lagOfGroups(port, admin, at(4)))
    expect(idle.map(({ moving, lag }) => [moving, lag])).toEqual([[true, 0]])
  })
})
