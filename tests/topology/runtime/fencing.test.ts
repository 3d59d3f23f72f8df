/** Checkpoints are fenced as results are: they go out under the membership of their task, with an offset of their own. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { CheckpointImage } from '../../../processors/runtime/restore-image.ts'
import {
  checkAgainstSinglePass,
  Cluster,
  disturb,
  GROUP,
  PARTITIONS,
  random,
  type Started,
  topics,
  until,
} from './cluster.ts'

const CHECKPOINTS_ALWAYS = { checkpointWorkMs: 0, checkpointEveryMs: 1 }
const manifestAt = (cluster: Cluster, partition: number): number => {
  const image = new CheckpointImage(GROUP)
  for (const { key, value } of cluster.read(topics.checkpoints, partition)) image.apply(key, value)
  return image.manifest?.offset ?? -1
}

describe('a checkpoint', () => {
  let cluster: Cluster
  beforeEach(() => {
    cluster = new Cluster()
  })
  afterEach(() => cluster.stop())

  it('commits its offset with its cells, so that the broker checks the membership of every transaction', async () => {
    await cluster.start({ options: CHECKPOINTS_ALWAYS })
    disturb(cluster, random(21), 200)
    await until('caught up', () => cluster.caughtUp())
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const at = manifestAt(cluster, partition)
      expect(at).toBeGreaterThan(0)
      expect(cluster.broker.committed(GROUP, topics.checkpoints, partition).offset).toBe(at)
    }
  })

  it('of a zombie is never seen, also when its cells were written before the broker was asked', async () => {
    let armed = false
    const zombie: Started = await cluster.start({
      options: CHECKPOINTS_ALWAYS,
      failpoint: (done, me) => {
        if (!armed || done !== 'produced') return
        armed = false
        me.port.freeze()
        cluster.broker.expire(me.port)
      },
    })
    disturb(cluster, random(22), 60)
    await until('caught up', () => cluster.caughtUp())
    armed = true
    disturb(cluster, random(23), 60)
    await until('it is paused with cells under way', () => !armed)
    const before = [0, 1].map((partition) => manifestAt(cluster, partition))
    const heir = await cluster.start({ options: { ...CHECKPOINTS_ALWAYS, checkpointEveryMs: 600_000 } })
    await until('the heir went on', () => cluster.caughtUp() && heir.worker.whole)
    zombie.port.thaw()
    await until('both have a partition', () => zombie.worker.whole && zombie.worker.status().length === 1)
    disturb(cluster, random(24), 60)
    await until('caught up', () => cluster.caughtUp())
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const at = manifestAt(cluster, partition)
      expect(at).toBeGreaterThanOrEqual(before[partition] ?? 0)
      expect(cluster.broker.committed(GROUP, topics.checkpoints, partition).offset).toBe(at)
    }
    expect([zombie.fatal, heir.fatal]).toEqual([[], []])
    checkAgainstSinglePass(cluster)
  })
})
