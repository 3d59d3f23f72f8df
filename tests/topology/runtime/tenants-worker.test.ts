/** A tenant rebuilt by a worker, beside everything else that it does: commits, kills, refusals, other partitions. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { DEAD_LETTERS } from '../../../processors/runtime/error-handling.ts'
import { CHECKPOINT_STEPS, COMMIT_STEPS, type Step } from '../../../processors/runtime/steps.ts'
import { TIMERS, VERSIONS } from '../../../processors/runtime/state/task-state.ts'
import { Task } from '../../../processors/runtime/task.ts'
import { TEST_CODEC } from '../../../processors/runtime/testing/driver.ts'
import type { Topology } from '../../../processors/runtime/topology.ts'
import type { CommitShare } from '../../../processors/runtime/task-runner.ts'
import type { Worker } from '../../../processors/runtime/worker.ts'
import { DLQ_HEADERS, TOPICS } from '../../../schemas/topics.ts'
import { partitionOf } from '../../../schemas/values/partition.ts'
import { Cluster, codec, disturb, PARTITIONS, random, topics, until } from './cluster.ts'
import { order, withoutOrder } from './operator.ts'
import { failed, HOUR, ITEMS, TALLY, TOYS } from './toy.ts'

const TALLIES = TOYS.slice(0, 1)
const [tenant, neighbour] = ['acme', 'beta', 'gamma', 'delta', 'zeta', 'omega'].filter(
  (id) => partitionOf(id, PARTITIONS) === 0,
) as [string, string]
const elsewhere = ['acme', 'beta', 'gamma', 'delta', 'zeta', 'omega'].find(
  (id) => partitionOf(id, PARTITIONS) === 1,
) as string

let cluster: Cluster
beforeEach(() => {
  cluster = new Cluster()
})
afterEach(() => cluster.stop())

/** One pass over the log of partition 0 without the operator. */
function oracle(): Task {
  const task = new Task({ topologies: TALLIES, codec, topics, partition: 0, partitions: PARTITIONS })
  for (const record of cluster.read(topics.events, 0)) task.fold(withoutOrder(record))
  return task
}

const heldOf = (worker: Worker) => worker.status()[0]?.tenants ?? []
const contents = (task: Task | undefined) =>
  [TALLY, ITEMS, VERSIONS, TIMERS].map(({ name }) => [
    name,
    new Map([...(task?.state.stores.get(name)?.entries() ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))),
  ])

function expectAsIfNeverStopped(worker: Worker): void {
  const single = oracle()
  expect(contents(worker.runner(0)?.task)).toEqual(contents(single))
  const once = single.cut().once
  for (const topic of [TOPICS.alerts, TOPICS.history, topics.eventsDlq, topics.late]) {
    const line = (key: unknown, value: Buffer | null) => `${String(key)} ${value?.toString('hex') ?? ''}`
    expect([
      topic,
      cluster
        .read(topic, 0)
        .map(({ key, value }) => line(key, value))
        .sort(),
    ]).toEqual([
      topic,
      once
        .filter((record) => record.topic === topic)
        .map(({ key, value }) => line(key, value))
        .sort(),
    ])
  }
}

/** Newest sum that readers see, as far as its last four digits. */
function shown(id: string): number | undefined {
  const last = cluster
    .read(topics.results, partitionOf(id, PARTITIONS))
    .findLast(({ key }) => String(key) === `${id}|tally|`)
  const decoded = TEST_CODEC.decode(last?.value ?? null)
  return decoded.ok && decoded.type === 'KpiResult' ? decoded.data.asOf : undefined
}

describe('a worker', () => {
  it('rebuilds a stopped tenant beside the others, and says where it stands', async () => {
    const { worker } = await cluster.start({ topologies: TALLIES })
    const all = [tenant, neighbour, elsewhere]
    for (const tenantId of all) cluster.append(failed({ tenantId, failedDate: 1 }))
    await until('caught up', () => cluster.caughtUp())
    cluster.append(order('TenantProcessingStopped', tenant, 1))
    for (const tenantId of all) cluster.append(failed({ tenantId, failedDate: 10 }))
    cluster.nowMs += 3 * HOUR
    cluster.tick(cluster.nowMs)
    await until('caught up', () => cluster.caughtUp())
    expect(all.map(shown)).toEqual([1, 12, 12])
    expect(heldOf(worker)).toMatchObject([
      { tenant, mode: 'stopped', offset: 2, reason: 'test', rebuiltTo: null, error: null },
    ])
    expect(worker.whole).toBe(true)
    cluster.append(order('TenantRebuildRequested', tenant, 2))
    await until('rebuilt', () => heldOf(worker).length === 0 && shown(tenant) === 12)
    cluster.append(failed({ tenantId: tenant, failedDate: 100 }))
    await until('goes on', () => shown(tenant) === 112)
    expect(all.map(shown)).toEqual([112, 12, 12])
    expectAsIfNeverStopped(worker)
  })

  it.each([...COMMIT_STEPS, ...CHECKPOINT_STEPS])(
    'leaves a whole tenant when it is killed at %s of any commit of a rebuild',
    async (step: Step) => {
      let killed = 0
      for (const nth of [1, 2, 3]) {
        cluster = new Cluster()
        const next = random(nth)
        let left = Number.POSITIVE_INFINITY
        await cluster.start({
          topologies: TALLIES,
          failpoint: (done, me) => {
            if (done === step && --left === 0) cluster.kill(me)
          },
        })
        disturb(cluster, next, 60)
        cluster.append(order('TenantProcessingStopped', tenant, 1))
        disturb(cluster, next, 60)
        await until('caught up', () => cluster.caughtUp())
        left = nth
        cluster.append(order('TenantRebuildRequested', tenant, 2))
        disturb(cluster, next, 20)
        const [first] = cluster.all
        const through = (worker: Worker | undefined): boolean => {
          const runner = worker?.runner(0)
          const tenants = runner?.task?.tenants
          if (tenants === undefined || !cluster.caughtUp() || runner?.inflight !== undefined) return false
          return tenants.size === 1 && runner?.rebuilds?.held.length === 0 && !runner.wantsCommit
        }
        await until('killed, or rebuilt', () => first?.dead === true || through(first?.worker))
        // The same process again: it ends the transaction that it left open.
        if (first?.dead) await cluster.start({ topologies: TALLIES, id: first.id })
        const owner = (): Worker | undefined =>
          cluster.all.find((one) => !one.dead && one.worker.runner(0)?.life.is('running'))?.worker
        await until(`rebuilt after ${step}`, () => through(owner()))
        expectAsIfNeverStopped(owner() as Worker)
        killed += cluster.all.filter(({ dead }) => dead).length
        await cluster.stop()
      }
      expect(killed).toBeGreaterThan(0)
    },
    30_000,
  )

  it('sends all of a rebuild with the next commit when one fails, and its checkpoint too', async () => {
    for (const step of ['begun', 'produced', 'offsets'] as const) {
      cluster = new Cluster()
      let armed = false
      const { worker, fatal } = await cluster.start({
        topologies: TALLIES,
        failpoint: (done) => {
          const rebuilt = worker?.runner(0)?.task?.tenants.of(tenant)?.mode === 'rebuilt'
          if (!armed || done !== step || !rebuilt) return
          armed = false
          throw new Error('the network went away')
        },
      })
      disturb(cluster, random(7), 60)
      cluster.append(order('TenantProcessingStopped', tenant, 1))
      disturb(cluster, random(8), 60)
      await until('caught up', () => cluster.caughtUp())
      armed = true
      cluster.append(order('TenantRebuildRequested', tenant, 2))
      await until('rebuilt', () => !armed && heldOf(worker).length === 0)
      await until('through', () => worker.runner(0)?.inflight === undefined && !worker.runner(0)?.wantsCommit)
      expectAsIfNeverStopped(worker)
      expect(fatal).toEqual([])
      await cluster.stop()
      const heir = await cluster.start({ topologies: TALLIES })
      await until('restored', () => heir.worker.whole && heir.worker.status().length === PARTITIONS)
      expect(heir.worker.runner(0)?.task?.tenants.of(tenant)?.mode).toBe('rebuilt')
      expectAsIfNeverStopped(heir.worker)
      await cluster.stop()
    }
  }, 30_000)

  it('commits nothing of a replaced tenant before the checkpoint that holds it', async () => {
    const shares: (CommitShare | undefined)[] = []
    const { worker } = await cluster.start({
      topologies: TALLIES,
      failpoint: (done) => {
        if (done === 'begun') shares.push(worker.runner(0)?.inflight)
      },
    })
    cluster.append(failed({ tenantId: tenant }))
    await until('through', () => cluster.caughtUp() && worker.runner(0)?.isCheckpointing === false)
    const runner = worker.runner(0)
    await until('idle', () => runner?.inflight === undefined && runner?.wantsCommit === false)
    runner?.task?.contexts[0]?.dirty(tenant)
    expect(runner?.wantsCommit).toBe(true)
    runner?.replaced()
    expect([runner?.task?.hasWork, runner?.isReplaced, runner?.wantsCommit]).toEqual([true, true, false])
    shares.length = 0
    await until('through', () => runner?.isReplaced === false)
    expect(shares.map((share) => [share?.checkpoint !== undefined, share?.cut.results.length])).toEqual([
      [true, 1],
    ])
  })

  it('commits a replaced tenant with its checkpoint and results, however full the commit and however far behind', async () => {
    let taken: readonly unknown[] | undefined
    const { worker } = await cluster.start({
      topologies: TALLIES,
      options: { behindRecords: 0, behindRenderMs: 60_000 },
      failpoint: (step, me) => {
        const runner = me.worker.runner(0)
        if (step !== 'encoded' || runner?.isReplaced !== true || runner.inflight !== undefined) return
        runner.highWatermark = 1_000
        const share = runner.take('full', 0)
        taken = [share.checkpoint !== undefined, share.cut.results.length]
        cluster.kill(me)
      },
    })
    cluster.append(failed({ tenantId: tenant }))
    await until('through', () => cluster.caughtUp() && worker.runner(0)?.isCheckpointing === false)
    const runner = worker.runner(0)
    const idle = () => runner?.inflight === undefined && runner?.wantsCommit === false
    await until('idle', idle)
    // Cells that no checkpoint has, and results that were rendered a moment ago.
    runner?.keepCheckpoints(true)
    cluster.append(failed({ tenantId: tenant }))
    await until('through again', () => cluster.caughtUp() && idle())
    runner?.task?.contexts[0]?.dirty(tenant)
    runner?.replaced()
    await until('its checkpoint is encoded', () => taken !== undefined)
    expect(taken).toEqual([true, 1])
  })

  it('gives a rebuild up that does not fit in one commit; the tenant stays stopped and the others go on', async () => {
    const { worker } = await cluster.start({ topologies: TALLIES, options: { rebuildBytesMax: 1_000 } })
    cluster.append(order('TenantProcessingStopped', tenant, 1))
    for (let i = 0; i < 20; i++) cluster.append(failed({ tenantId: tenant }))
    cluster.append(order('TenantRebuildRequested', tenant, 2))
    await until('given up', () => heldOf(worker)[0]?.error !== null && heldOf(worker).length === 1)
    expect(heldOf(worker)[0]).toMatchObject({ tenant, mode: 'rebuilding' })
    expect(heldOf(worker)[0]?.error).toContain('rebuildBytesMax')
    cluster.append(failed({ tenantId: neighbour, failedDate: 5 }))
    await until('the neighbour goes on', () => shown(neighbour) === 5)
    expect(worker.whole).toBe(true)
  })
})

describe('errors', () => {
  it('of production: a result too large for its topic is a dead letter without bytes; the partition goes on', async () => {
    const big: Topology = {
      ...(TALLIES[0] as Topology),
      render: (key, ctx) =>
        key === tenant
          ? [{ key: `${key}|big|`, value: Buffer.alloc(2_000_000) }]
          : (TALLIES[0] as Topology).render(key, ctx),
    }
    const { worker } = await cluster.start({ topologies: [big] })
    cluster.append(failed({ tenantId: tenant }))
    cluster.append(failed({ tenantId: neighbour, failedDate: 3 }))
    await until('through', () => cluster.caughtUp())
    expect([worker.whole, shown(neighbour)]).toEqual([true, 3])
    const [letter, ...more] = cluster.read(topics.resultsDlq, 0)
    expect(more.length).toBeLessThanOrEqual(1)
    expect([String(letter?.key), letter?.value, String(letter?.headers[DLQ_HEADERS.code])]).toEqual([
      `${tenant}|big|`,
      null,
      'result_too_large',
    ])
  })

  it('of production: an event whose emission is too large is a dead letter, and wholly undone', async () => {
    const loud: Topology = {
      ...(TALLIES[0] as Topology),
      onEvent(event, ctx) {
        ;(TALLIES[0] as Topology).onEvent(event, ctx)
        if (event.data.tenantId === tenant)
          ctx.emit({ topic: TOPICS.alerts, key: tenant, value: Buffer.alloc(1_000_000) })
      },
    }
    const { worker } = await cluster.start({ topologies: [loud] })
    cluster.append(failed({ tenantId: tenant }))
    await until('through', () => cluster.caughtUp())
    expect(cluster.read(TOPICS.alerts, 0)).toEqual([])
    expect(cluster.read(topics.eventsDlq, 0).map(({ headers }) => String(headers[DLQ_HEADERS.code]))).toEqual(
      ['output_too_large'],
    )
    expect(worker.runner(0)?.task?.state.stores.get(TALLY.name)?.size).toBe(0)
  })

  it.each(['deserialization', 'processing'] as const)(
    'of %s stop the partition at the record when they are set to, also after a restart',
    async (kind) => {
      const errors = { ...DEAD_LETTERS, [kind]: 'stop' as const }
      const { worker } = await cluster.start({ topologies: TALLIES, options: { errors } })
      cluster.append(failed({ tenantId: tenant, failedDate: 3 }))
      cluster.append(failed({ tenantId: tenant, reason: 'refuse' }))
      await until('through', () => cluster.caughtUp())
      if (kind === 'processing') cluster.append(failed({ tenantId: tenant, reason: 'boom' }))
      else cluster.bytes(tenant, Buffer.from('poison'))
      cluster.append(failed({ tenantId: elsewhere, failedDate: 4 }))
      await until('stopped', () => worker.status()[0]?.state === 'failed')
      await until('the other goes on', () => shown(elsewhere) === 4)
      expect(worker.status()[0]?.error).toContain(
        `errors of ${kind} are set to stop`.replace('errors', 'Errors'),
      )
      expect([cluster.committed(0), cluster.read(topics.eventsDlq, 0).length]).toEqual([2, 1])
      await cluster.stop()
      const again = await cluster.start({ topologies: TALLIES, options: { errors } })
      await until('stopped again', () => again.worker.status()[0]?.state === 'failed')
      await cluster.stop()
      const lenient = await cluster.start({ topologies: TALLIES })
      await until('through', () => cluster.caughtUp())
      expect([lenient.worker.whole, cluster.read(topics.eventsDlq, 0).length]).toEqual([true, 2])
    },
  )

  it('of one tenant in a row are told with the command that stops it', async () => {
    const lines: string[] = []
    const { worker } = await cluster.start({ topologies: TALLIES, tell: (line) => void lines.push(line) })
    for (let i = 0; i < 12; i++) cluster.append(failed({ tenantId: tenant, reason: 'boom' }))
    await until('through', () => cluster.caughtUp())
    const told = lines.filter((line) => line.includes(`./nikash tenant stop ${tenant}`))
    expect(told).toHaveLength(1)
    expect(told[0]).toContain(`tenant ${tenant}`)
    expect(worker.whole).toBe(true)
  })
})
