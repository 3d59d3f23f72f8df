/** A worker that dies at any step, and another one that goes on: what readers see equals a single pass. */
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from '@jest/globals'
import { CHECKPOINT_STEPS, COMMIT_STEPS, RESTORE_STEPS, STEPS } from '../../../processors/runtime/steps.ts'
import { checkAgainstSinglePass, Cluster, disturb, killAt, PARTITIONS, random, until } from './cluster.ts'

describe('a worker over a broker in memory', () => {
  let cluster: Cluster
  afterEach(() => cluster.stop())

  it('publishes what a single pass over the log gives', async () => {
    cluster = new Cluster()
    await cluster.start()
    const next = random(1)
    for (let round = 0; round < 8; round++) {
      disturb(cluster, next, 25)
      await until('caught up', () => cluster.caughtUp())
    }
    checkAgainstSinglePass(cluster)
  })

  it.each(STEPS)(
    'loses and doubles nothing when it is killed after step %s, again and again',
    async (step) => {
      cluster = new Cluster()
      const next = random(STEPS.indexOf(step) + 10)
      let current = await cluster.start()
      disturb(cluster, next, 20)
      await until('caught up', () => cluster.caughtUp())
      for (let round = 0; round < 4; round++) {
        const killed = current
        if (!killed.dead) cluster.kill(killed)
        disturb(cluster, next, 15)
        // Restore steps come at the start of a worker; the others while it runs.
        const failpoint = killAt(cluster, step, 1 + (round % 2))
        const victim = cluster.start({ failpoint, options: { checkpointEveryMs: 1 } })
        current = await Promise.race([
          victim,
          until('dead', () => cluster.all.at(-1)?.dead === true).then(() => victim),
        ])
        for (let more = 0; more < 20 && !current.dead; more++) {
          disturb(cluster, next, 3)
          await until('caught up or dead', () => current.dead || cluster.caughtUp())
        }
        expect(current.dead).toBe(true)
      }
      await cluster.start()
      disturb(cluster, next, 10)
      await until('caught up', () => cluster.caughtUp())
      checkAgainstSinglePass(cluster)
    },
  )

  it.each(['before', 'after'] as const)(
    'goes on in the same process when a call fails %s its effect',
    async (when) => {
      for (const call of ['init', 'begin', 'txnSend', 'sendOffsets', 'commitTxn', 'committed'] as const) {
        cluster = new Cluster()
        const next = random(77)
        const { port, worker, fatal } = await cluster.start()
        let calls = 0
        port.onCall = (name, phase) => {
          if (name === call && phase === when && ++calls % 3 === 1)
            throw Object.assign(new Error('cut off'), { recover: 'retry' })
          // An outcome is asked for only after a failure.
          if (call === 'committed' && name === 'commitTxn' && phase === 'after' && Math.random() < 0.3)
            throw new Error('cut off')
        }
        for (let round = 0; round < 6; round++) {
          disturb(cluster, next, 10)
          await until(`caught up despite ${call}`, () => cluster.caughtUp())
        }
        expect(fatal).toEqual([])
        expect(worker.whole).toBe(true)
        checkAgainstSinglePass(cluster)
        await cluster.stop()
      }
    },
  )

  it('stops without aborting anything, and what it folded is committed', async () => {
    cluster = new Cluster()
    const { worker, port } = await cluster.start()
    let aborts = 0
    port.onCall = (name) => {
      if (name === 'abortTxn') aborts++
    }
    disturb(cluster, random(5), 200)
    await until('some', () => cluster.committed(0) > 0)
    await worker.stop()
    expect(aborts).toBe(0)
    for (let p = 0; p < PARTITIONS; p++) expect(worker.runner(p)).toBeUndefined()
    await cluster.start()
    await until('caught up', () => cluster.caughtUp())
    checkAgainstSinglePass(cluster)
  })

  it('moves partitions to a new member and back without a trace in the results', async () => {
    cluster = new Cluster()
    const next = random(9)
    await cluster.start()
    for (let round = 0; round < 5; round++) {
      disturb(cluster, next, 20)
      const guest = await cluster.start()
      disturb(cluster, next, 20)
      await until('caught up', () => cluster.caughtUp())
      await guest.worker.stop()
      guest.dead = true
    }
    disturb(cluster, next, 20)
    await until('caught up', () => cluster.caughtUp())
    checkAgainstSinglePass(cluster)
  })
})

describe('a restore', () => {
  it.each(RESTORE_STEPS)(
    'that was frozen after %s, while another one had the partition, does not put the offset back',
    async (step) => {
      const cluster = new Cluster()
      let armed = true
      const zombie = await cluster.start({
        failpoint: (done, me) => {
          if (done !== step || !armed) return
          armed = false
          me.port.freeze()
          cluster.broker.expire(me.port)
        },
      })
      disturb(cluster, random(21), 20)
      await until('frozen', () => !armed)
      const heir = await cluster.start()
      await until('the heir goes on', () => cluster.caughtUp())
      const before = [0, 1].map((p) => cluster.committed(p))
      zombie.port.thaw()
      await until('each has a partition', () =>
        [zombie, heir].every(({ worker }) => worker.whole && worker.status().length === 1),
      )
      for (const p of [0, 1]) expect(cluster.committed(p)).toBeGreaterThanOrEqual(before[p] as number)
      disturb(cluster, random(22), 20)
      await until('caught up', () => cluster.caughtUp())
      checkAgainstSinglePass(cluster)
      await cluster.stop()
    },
  )
})

describe('the README of the engine', () => {
  const readme = readFileSync(new URL('../../../processors/runtime/README.md', import.meta.url), 'utf8')
  /** Steps of the table behind a heading or a first word, with their numbers. */
  const stepsAfter = (start: string): string[] => {
    const [, rest = ''] = readme.split(`\n${start}`)
    const table = rest.slice(rest.indexOf('\n|')).split('\n\n')[0] ?? ''
    return [...table.matchAll(/^\| (\d+) `(\w+)` *\|/gm)].map(([, number, step]) => `${number} ${step}`)
  }
  it.each([
    ['## Commit', COMMIT_STEPS],
    ['Checkpoint: ', CHECKPOINT_STEPS],
    ['Restore:', RESTORE_STEPS],
  ] as const)('has the same steps as the code under "%s"', (start, steps) => {
    expect(stepsAfter(start)).toEqual(steps.map((step, i) => `${i + 1} ${step}`))
  })
})
