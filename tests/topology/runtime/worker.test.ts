/** The member of the group: zombies, partitions that come and go, tasks in trouble, refusals of a restore. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { KafkaError } from '../../../platform/kafka/errors.ts'
import { MemoryKafka } from '../../../platform/kafka/memory/port.ts'
import { DEAD_LETTERS } from '../../../processors/runtime/error-handling.ts'
import { CheckpointImage } from '../../../processors/runtime/restore-image.ts'
import { resetProcessors } from '../../../processors/runtime/reset.ts'
import type { Topology } from '../../../processors/runtime/topology.ts'
import { partitionOf } from '../../../schemas/values/partition.ts'
import {
  checkAgainstSinglePass,
  Cluster,
  codec,
  disturb,
  GROUP,
  PARTITIONS,
  random,
  topics,
  until,
} from './cluster.ts'
import { failed, reversed, TALLY, TOYS } from './toy.ts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const tenantOf = (partition: number): string =>
  ['acme', 'beta', 'gamma', 'delta', 'zeta', 'omega'].find(
    (id) => partitionOf(id, PARTITIONS) === partition,
  ) as string

describe('a worker', () => {
  let cluster: Cluster
  beforeEach(() => {
    cluster = new Cluster()
  })
  afterEach(() => cluster.stop())

  it('is fenced when it was paused past its session and another one took over, at any step of its commit', async () => {
    const next = random(3)
    for (const step of ['cut', 'begun', 'produced', 'offsets'] as const) {
      cluster = new Cluster()
      let armed = false
      const zombie = await cluster.start({
        failpoint: (done, me) => {
          if (armed && done === step) {
            armed = false
            me.port.freeze()
            cluster.broker.expire(me.port)
          }
        },
      })
      disturb(cluster, next, 20)
      await until('caught up', () => cluster.caughtUp())
      armed = true
      disturb(cluster, next, 20)
      const heir = await cluster.start()
      await until(`the heir went on after ${step}`, () => cluster.caughtUp())
      disturb(cluster, next, 20)
      await until('caught up', () => cluster.caughtUp())
      zombie.port.thaw()
      await until(
        'both have a partition',
        () =>
          zombie.worker.status().length + heir.worker.status().length === PARTITIONS &&
          zombie.worker.whole &&
          zombie.worker.status().length === 1,
      )
      disturb(cluster, next, 20)
      await until('caught up', () => cluster.caughtUp())
      expect([zombie.fatal, heir.fatal]).toEqual([[], []])
      checkAgainstSinglePass(cluster)
      await cluster.stop()
    }
  })

  it('keeps the state of a partition that stays, and restores one that somebody else had', async () => {
    const { worker, port } = await cluster.start()
    disturb(cluster, random(4), 30)
    await until('caught up', () => cluster.caughtUp())
    const before = [0, 1].map((p) => worker.runner(p)?.task)
    cluster.broker.expire(port)
    await until('it is back', () => worker.whole && worker.status().length === PARTITIONS)
    disturb(cluster, random(5), 30)
    await until('caught up', () => cluster.caughtUp())
    expect([0, 1].map((p) => worker.runner(p)?.task)).toEqual(before)
    expect(before[0]).toBeDefined()
    expect(worker.runner(0)?.task).toBe(before[0])
    const { generationId, memberId } = worker.runner(0)?.membership ?? { generationId: 0, memberId: '' }
    cluster.broker.commit({ groupId: GROUP, generationId, memberId }, [
      { topic: topics.events, partition: 0, offset: cluster.committed(0), metadata: 'somebody' },
    ])
    cluster.broker.expire(port)
    await until(
      'partition 0 was restored',
      () => worker.whole && worker.status().length === 2 && worker.runner(0)?.task !== before[0],
    )
    expect(worker.runner(1)?.task).toBe(before[1])
    disturb(cluster, random(6), 10)
    await until('caught up', () => cluster.caughtUp())
    checkAgainstSinglePass(cluster)
  })

  it('stops the one partition whose outputs the broker refuses; the others go on', async () => {
    const huge: Topology = {
      ...(TOYS[0] as Topology),
      render: (key, ctx) =>
        key === tenantOf(0)
          ? [{ key: 'big', value: Buffer.alloc(2_000_000) }]
          : (TOYS[0] as Topology).render(key, ctx),
    }
    // A limit above the topic's: by its own one the engine would make a dead letter of it.
    const errors = { ...DEAD_LETTERS, outputBytesMax: 10_000_000 }
    const { worker, fatal } = await cluster.start({ topologies: [huge], options: { errors } })
    cluster.append(failed({ tenantId: tenantOf(0) }))
    cluster.append(failed({ tenantId: tenantOf(1) }))
    await until('partition 1 is through', () => cluster.committed(1) === 1)
    await until('partition 0 stopped', () => worker.status()[0]?.state === 'failed')
    cluster.append(failed({ tenantId: tenantOf(1) }))
    await until('partition 1 goes on', () => cluster.committed(1) === 2)
    expect(worker.status()[0]?.error).toContain('over the limit')
    expect([worker.whole, fatal, cluster.committed(0)]).toEqual([false, [], 0])
  })

  it('stops the one partition on which the engine is misused, without touching its state', async () => {
    const thief: Topology = {
      name: 'thief',
      version: 1,
      stores: [],
      onEvent: (event, ctx) => {
        if (event.data.tenantId === tenantOf(0)) ctx.store(TALLY).set('x', { count: 0, sum: 0n })
      },
      render: () => [],
    }
    const { worker } = await cluster.start({ topologies: [...TOYS, thief] })
    cluster.append(failed({ tenantId: tenantOf(0) }))
    cluster.append(failed({ tenantId: tenantOf(1) }))
    await until('partition 1 is through', () => cluster.committed(1) === 1)
    await until('partition 0 stopped', () => worker.status()[0]?.state === 'failed')
    expect(worker.status()[0]?.error).toContain('which another one owns')
  })

  it('waits at a record whose schema it cannot fetch now, and goes on when the registry is back', async () => {
    let away = true
    let known = false
    const slow = {
      decodeEvent: (bytes: Buffer | null) =>
        known || bytes?.[0] !== 0
          ? codec.decodeEvent(bytes)
          : ({ ok: false, code: 'unknown_schema', message: '' } as const),
      wants: () => (known ? undefined : 7) as undefined,
      prepare: () => {
        if (away) return Promise.reject(new Error('the registry is away'))
        known = true
        return Promise.resolve(false)
      },
    }
    await cluster.start({ codec: slow })
    cluster.append(failed({ tenantId: tenantOf(0) }))
    await pause(50)
    expect(cluster.committed(0)).toBe(0)
    away = false
    await until('caught up', () => cluster.caughtUp())
    expect(cluster.read(topics.eventsDlq, 0)).toEqual([])
    checkAgainstSinglePass(cluster)
  })

  it('does not fold more than its bound ahead of what is committed', async () => {
    const { worker, port } = await cluster.start({ options: { uncommittedRecordsMax: 600 } })
    await until('whole', () => worker.whole)
    let open = (): void => {}
    const held = new Promise<void>((resolve) => {
      open = resolve
    })
    port.onCall = (name, phase) => (name === 'commitTxn' && phase === 'before' ? held : undefined)
    for (let i = 0; i < 3_000; i++) cluster.append(failed({ tenantId: tenantOf(0) }))
    await until('it is full', () => (worker.status()[0]?.offset ?? 0) >= 600)
    await pause(50)
    expect(worker.status()[0]?.offset).toBeLessThanOrEqual(1_500)
    open()
    await until('caught up', () => cluster.caughtUp())
    checkAgainstSinglePass(cluster)
  })

  it('ends the transaction that a dead owner left on its checkpoints before it reads them', async () => {
    cluster = new Cluster({ ownClock: true })
    const dead = await cluster.start({
      failpoint: (step, me) => {
        if (step === 'produced') cluster.kill(me)
      },
    })
    for (const p of [0, 1]) cluster.append(failed({ tenantId: tenantOf(p) }))
    await until('it died with cells on their way', () => dead.dead)
    const hidden = (p: number): boolean => {
      const { stable, next } = cluster.broker.log(topics.checkpoints, p)
      return stable < next
    }
    expect([0, 1].some(hidden)).toBe(true)
    const heir = await cluster.start()
    await until('the heir runs', () => heir.worker.whole && cluster.caughtUp())
    expect([0, 1].map(hidden)).toEqual([false, false])
    // What it committed behind that transaction is seen by the next.
    cluster.kill(heir)
    const next = await cluster.start()
    await until('the next runs', () => next.worker.whole && cluster.caughtUp())
    checkAgainstSinglePass(cluster)
  })

  it('renders results once in a while when it is far behind, and loses none when it dies meanwhile', async () => {
    for (let i = 0; i < 2_000; i++) cluster.append(failed({ tenantId: tenantOf(i % 2) }))
    const behind = { behindRecords: 0, behindRenderMs: 60_000, checkpointEveryMs: 60_000 }
    const first = await cluster.start({ options: { ...behind, uncommittedRecordsMax: 100 } })
    await until('some is committed', () => cluster.committed(0) > 200)
    // One cut that had to: the first, with its checkpoint.
    expect(cluster.read(topics.results, 0).length).toBeLessThan(5)
    cluster.kill(first)
    const second = await cluster.start({ options: behind })
    await until('caught up', () => second.worker.whole && cluster.caughtUp())
    await until('the last results are out', () => cluster.read(topics.results, 0).length > 1)
    await second.worker.stop()
    second.dead = true
    checkAgainstSinglePass(cluster)
  })

  it('writes every result that a checkpoint stands for, also when a commit failed and it is far behind', async () => {
    for (const nth of [1, 2, 3, 4, 5]) {
      cluster = new Cluster()
      for (let i = 0; i < 1_200; i++) cluster.append(failed({ tenantId: `once-${i}` }))
      let [commits, broken] = [0, false]
      const first = await cluster.start({
        // Behind, whatever it has folded.
        options: {
          behindRecords: -1,
          behindRenderMs: 60_000,
          checkpointEveryMs: 1,
          uncommittedRecordsMax: 50,
        },
        failpoint: (step, me) => {
          const carries = [0, 1].some((p) => me.worker.runner(p)?.inflight?.checkpoint !== undefined)
          if (step === 'committed' && broken && carries) cluster.kill(me)
        },
      })
      first.port.onCall = (name, phase) => {
        if (name !== 'commitTxn' || phase !== 'before' || broken || ++commits < nth) return
        broken = true
        throw new KafkaError('BROKER_UNREACHABLE', 'cut off')
      }
      await until('it died with a checkpoint committed after the failure', () => first.dead)
      const second = await cluster.start()
      await until('caught up', () => second.worker.whole && cluster.caughtUp())
      await second.worker.stop()
      second.dead = true
      checkAgainstSinglePass(cluster)
    }
  }, 20_000)

  it('goes on folding while a commit is in flight', async () => {
    const { worker, port } = await cluster.start()
    await until('whole', () => worker.whole)
    let open = (): void => {}
    const held = new Promise<void>((resolve) => {
      open = resolve
    })
    port.onCall = (name, phase) => (name === 'commitTxn' && phase === 'before' ? held : undefined)
    cluster.append(failed({ tenantId: tenantOf(0) }))
    await until('in flight', () => worker.runner(0)?.inflight !== undefined)
    cluster.append(failed({ tenantId: tenantOf(0) }))
    await until('folded', () => worker.status()[0]?.offset === 2)
    expect(cluster.committed(0)).toBe(0)
    open()
    await until('caught up', () => cluster.caughtUp())
  })

  it('commits at a stop what it has folded, after the commit in flight', async () => {
    const { worker, port } = await cluster.start()
    await until('whole', () => worker.whole)
    let open = (): void => {}
    const held = new Promise<void>((resolve) => {
      open = resolve
    })
    port.onCall = (name, phase) => (name === 'commitTxn' && phase === 'before' ? held : undefined)
    cluster.append(failed({ tenantId: tenantOf(0) }))
    await until('in flight', () => worker.runner(0)?.inflight !== undefined)
    for (let i = 0; i < 3; i++) cluster.append(failed({ tenantId: tenantOf(0) }))
    await until('folded', () => worker.status()[0]?.offset === 4)
    const stopped = worker.stop()
    open()
    await stopped
    expect(cluster.committed(0)).toBe(4)
  })

  it('ends the process when another one keeps taking its transactional id', async () => {
    const { port, fatal } = await cluster.start()
    port.onCall = (name, phase) => {
      if (name === 'txnSend' && phase === 'before') throw new KafkaError('PRODUCER_FENCED', 'taken')
    }
    cluster.append(failed())
    await until('fatal', () => fatal.length > 0)
    expect(fatal[0]).toMatchObject({ code: 'producer_contested' })
  })

  it('refuses to start on topics whose partition counts differ', async () => {
    cluster.broker.deleteTopic(topics.results)
    cluster.broker.createTopic(topics.results, PARTITIONS + 1)
    await expect(cluster.start()).rejects.toMatchObject({ code: 'topic_mismatch' })
  })

  describe('restoring', () => {
    const refusedWith = async (topologies?: readonly Topology[]): Promise<string> => {
      const { worker } = await cluster.start(topologies ? { topologies } : {})
      await until('settled', () =>
        worker.status().every(({ state }) => state === 'failed' || state === 'running'),
      )
      await worker.stop()
      const states = worker.status()
      return states.map(({ state, error }) => `${state}: ${error ?? ''}`).join('; ')
    }
    const run = async (): Promise<void> => {
      const { worker } = await cluster.start()
      const next = random(8)
      disturb(cluster, next, 10)
      await until('caught up', () => cluster.caughtUp())
      disturb(cluster, next, 30)
      await until('caught up', () => cluster.caughtUp())
      await worker.stop()
    }
    /** The reason for which partition 0 does not start. */
    const reason = async (topologies?: readonly Topology[]): Promise<string | undefined> => {
      const { worker } = await cluster.start(topologies ? { topologies } : {})
      await until('partition 0 decided', () =>
        ['failed', 'running'].includes(worker.status()[0]?.state ?? ''),
      )
      const code = (worker.runner(0)?.error as { code?: string } | undefined)?.code
      return code
    }
    const store = (partition: number, offset: number): void =>
      cluster.broker.groups.store(GROUP, [{ topic: topics.events, partition, offset, metadata: 'by hand' }])
    const forget = (): void => {
      cluster.broker.deleteTopic(topics.checkpoints)
      cluster.broker.createTopic(topics.checkpoints, PARTITIONS)
    }

    it('works again and again after a stop, with topics compacted', async () => {
      await run()
      cluster.broker.compact(topics.checkpoints)
      await run()
      cluster.broker.compact(topics.checkpoints, { dropTombstones: true })
      await run()
      checkAgainstSinglePass(cluster)
      expect(await refusedWith()).toBe('')
    })

    it('writes a checkpoint after a replay, so that the next start has less to do', async () => {
      await run()
      const checkpointAt = (): number => {
        const image = new CheckpointImage(GROUP)
        for (const { key, value } of cluster.read(topics.checkpoints, 0)) image.apply(key, value)
        return image.manifest?.offset ?? -1
      }
      expect(checkpointAt()).toBeLessThan(cluster.end(0))
      await cluster.start()
      await until('a checkpoint at the end', () => checkpointAt() >= cluster.end(0))
    })

    it.each([
      ['a committed offset without a checkpoint', 'checkpoint_missing', forget],
      ['a checkpoint without a committed offset', 'offset_missing', () => store(0, -1)],
      ['a checkpoint above the committed offset', 'checkpoint_ahead', () => store(0, 0)],
    ])('refuses %s', async (_, code, damage) => {
      await run()
      damage()
      expect(await reason()).toBe(code)
    })

    it('goes on from the checkpoint of somebody who committed while it was read', async () => {
      await run()
      const end = cluster.committed(0)
      store(0, 0)
      const { worker } = await cluster.start({
        failpoint: (step) => {
          if (step === 'cells') store(0, end)
        },
      })
      await until('partition 0 decided', () =>
        ['failed', 'running'].includes(worker.status()[0]?.state ?? ''),
      )
      expect(worker.runner(0)?.error).toBeUndefined()
      disturb(cluster, random(12), 10)
      await until('caught up', () => cluster.caughtUp())
      checkAgainstSinglePass(cluster)
    })

    it('refuses a log that was trimmed behind the checkpoint', async () => {
      await run()
      store(0, cluster.end(0))
      cluster.broker.log(topics.events, 0).truncateBefore(cluster.end(0))
      expect(await reason()).toBe('log_trimmed')
    })

    it('refuses a topic that was made anew', async () => {
      await run()
      cluster.broker.deleteTopic(topics.events)
      cluster.broker.createTopic(topics.events, PARTITIONS)
      for (let i = 0; i < 200; i++) cluster.append(reversed({ tenantId: tenantOf(i % 2) }))
      expect(await reason()).toBe('topic_recreated')
    })

    it('refuses state of other topologies, until a reset: then the log is read anew in the next epoch', async () => {
      await run()
      const [tally, rank] = TOYS as [Topology, Topology]
      const changed = [{ ...tally, version: 2 }, rank]
      expect(await reason(changed)).toBe('topology_changed')
      const port = new MemoryKafka(cluster.broker)
      const reset = (more = {}) =>
        resetProcessors({ port, groupId: GROUP, topics, topologies: changed, ...more })
      await expect(reset()).rejects.toMatchObject({ code: 'group_in_use' })
      await cluster.stop()
      const plan = await reset({ dryRun: true })
      expect(plan.map(({ from, epoch }) => [from, epoch])).toEqual([
        [0, 2],
        [0, 2],
      ])
      expect(plan[0]?.keys).toBeGreaterThan(1)
      expect(await reset()).toEqual(plan)
      const [log] = await (await port.admin()).bounds(topics.events, [0])
      expect(plan[0]).toMatchObject({ changedFrom: 'tally v1, rank v1', records: log?.high })
      const again = await reset()
      expect(again.map(({ epoch, keys }) => [epoch, keys])).toEqual([
        [3, 1],
        [3, 1],
      ])
      expect(again[0]?.changedFrom).toBeUndefined()
      const { worker } = await cluster.start({ topologies: changed })
      await until('all is read again', () => worker.whole && cluster.caughtUp())
      expect(worker.runner(0)?.task?.place.epoch).toBe(3)
    })
  })
})
