/** The engine on a real broker, as processes that are killed, paused and stopped: readers see a single pass. */
import type { ChildProcess } from 'node:child_process'
import { afterAll, expect, it } from '@jest/globals'
import { RESTORE_STEPS, STEPS } from '../../processors/runtime/steps.ts'
import { describeStack } from '../support/stack.ts'
import { disturb, random } from '../topology/runtime/cluster.ts'
import { Bench, ended, pause, until } from './runtime-bench.ts'

describeStack('the engine on a real broker', ['kafkaBrokers'], ({ kafkaBrokers }) => {
  let bench: Bench
  const open = async (name: string): Promise<Bench> => {
    bench = await new Bench(kafkaBrokers, name).open()
    return bench
  }
  afterAll(() => bench?.close())

  it('loses and doubles nothing when it is killed after every step, one after the other', async () => {
    const b = await open('kill')
    const next = random(11)
    const first = b.worker()
    disturb(b, next, 30)
    await b.flush()
    await until('caught up', () => b.caughtUp())
    first.kill('SIGKILL')
    for (const step of STEPS) {
      disturb(b, next, 30)
      await b.flush()
      const victim = b.worker(`${step}:${(RESTORE_STEPS as readonly string[]).includes(step) ? 1 : 2}`)
      while (victim.exitCode === null && victim.signalCode === null) {
        disturb(b, next, 5)
        await b.flush()
        await pause(100)
      }
      expect([step, await ended(victim)]).toEqual([step, 'SIGKILL'])
    }
    const last = b.worker()
    const from = performance.now()
    await until('caught up', () => b.caughtUp())
    expect(performance.now() - from).toBeLessThan(15_000)
    await b.check()
    last.kill('SIGTERM')
    expect(await ended(last)).toBe(0)
    await b.close()
  }, 180_000)

  it('fences a worker that was paused past its session: none of its late records is visible', async () => {
    const b = await open('zombie')
    const next = random(12)
    const zombie = b.worker()
    disturb(b, next, 30)
    await b.flush()
    await until('caught up', () => b.caughtUp())
    disturb(b, next, 200)
    void b.flush()
    await pause(30)
    zombie.kill('SIGSTOP')
    const heir = b.worker()
    await until('the heir went on', () => b.caughtUp())
    disturb(b, next, 60)
    await b.flush()
    zombie.kill('SIGCONT')
    await until('caught up', () => b.caughtUp())
    await until(
      'the zombie is a member again',
      () => (b.said.get(zombie)?.() ?? '').split('assigned').length > 2,
    )
    disturb(b, next, 60)
    await b.flush()
    await until('caught up', () => b.caughtUp())
    await b.check()
    for (const child of [zombie, heir]) child.kill('SIGTERM')
    expect([await ended(zombie), await ended(heir)]).toEqual([0, 0])
    await b.close()
  }, 120_000)

  it('hands over at SIGTERM under load without a failed commit, and the next one needs no wait', async () => {
    const b = await open('term')
    const next = random(13)
    const workers = [b.worker()]
    for (let round = 0; round < 3; round++) {
      await until('started', () =>
        (b.said.get(workers.at(-1) as ChildProcess)?.() ?? '').includes('task restored'),
      )
      for (let i = 0; i < 10; i++) {
        disturb(b, next, 20)
        await b.flush()
      }
      const old = workers.at(-1) as ChildProcess
      old.kill('SIGTERM')
      expect(await ended(old)).toBe(0)
      expect(b.said.get(old)?.()).not.toContain('a commit failed')
      workers.push(b.worker())
    }
    await until('caught up', () => b.caughtUp())
    await b.check()
    await b.close()
  }, 120_000)
})
