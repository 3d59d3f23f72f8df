/**
 * The crash matrix on a real broker: processes that end by SIGKILL at every numbered step, or stop past their session
 * and wake up. Each seed has topics and a group of its own; some seeds run at the same time. CRASH_SEED=17 runs one.
 */
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from '@jest/globals'
import { RESTORE_STEPS, type Step, STEPS } from '../../../processors/runtime/steps.ts'
import { describeStack } from '../../support/stack.ts'
import { PARTITIONS, random } from '../../topology/runtime/cluster.ts'
import { wrongs } from '../../topology/runtime/crash-checker.ts'
import { again, feed } from '../../topology/runtime/crash-feed.ts'
import { Bench, ended, until } from '../runtime-bench.ts'
import type { Trap } from './worker.ts'

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url))
/** Behind a kill at each step. */
const ZOMBIES: readonly { readonly step: Step; readonly holdMs: number }[] = [
  { step: 'cut', holdMs: 0 },
  { step: 'begun', holdMs: 0 },
  { step: 'produced', holdMs: 0 },
  { step: 'offsets', holdMs: 0 },
  { step: 'replay', holdMs: 0 },
  // Longer than it takes to join again: an older commit goes on under a newer membership.
  { step: 'cut', holdMs: 3_000 },
  { step: 'produced', holdMs: 3_000 },
  { step: 'offsets', holdMs: 3_000 },
]
const SEEDS = STEPS.length + ZOMBIES.length
const AT_ONCE = 5

interface Plan {
  readonly trap: Trap
  readonly extra: 'nothing' | 'duplicates' | 'produced twice' | 'rebalance'
}

function planOf(seed: number): Plan {
  const extra = (['nothing', 'duplicates', 'produced twice', 'rebalance'] as const)[seed % 4] ?? 'nothing'
  const step = STEPS[seed]
  if (step !== undefined) {
    const nth = (RESTORE_STEPS as readonly Step[]).includes(step) ? 1 : 1 + (seed % 3)
    return { trap: { step, nth, signal: 'SIGKILL', holdMs: 0 }, extra }
  }
  const zombie = ZOMBIES[seed - STEPS.length] as (typeof ZOMBIES)[number]
  const nth = zombie.step === 'replay' ? 1 : 2
  return { trap: { ...zombie, nth, signal: 'SIGSTOP' }, extra }
}

class Seed {
  readonly plan: Plan
  readonly #bench: Bench
  readonly #next: () => number

  constructor(seed: number, bench: Bench) {
    this.plan = planOf(seed)
    this.#bench = bench
    this.#next = random(seed * 31 + 7)
  }

  #start(trap?: Trap): ChildProcess {
    return this.#bench.worker(undefined, WORKER, trap === undefined ? {} : { trap })
  }

  #said(child: ChildProcess): string {
    return this.#bench.said.get(child)?.() ?? ''
  }

  async #feed(count: number): Promise<void> {
    feed(this.#bench, this.#next, count)
    await this.#bench.flush()
  }

  async run(): Promise<void> {
    const { trap, extra } = this.plan
    const bench = this.#bench
    await this.#feed(25)
    if ((RESTORE_STEPS as readonly Step[]).includes(trap.step)) {
      const first = this.#start()
      await until('the first one has caught up', () => bench.caughtUp())
      first.kill('SIGKILL')
      await this.#feed(25)
      expect(await bench.caughtUp()).toBe(false)
    }
    const victim = this.#start(trap)
    const trapped = (): boolean => this.#said(victim).includes('trapped')
    await until('the trap springs', async () => {
      if (!trapped()) await this.#feed(4)
      return trapped()
    })
    // Work was under way: the process said what, just before.
    const work = /trapped (\{.*\})/.exec(this.#said(victim))?.[1] ?? '{}'
    const left = (JSON.parse(work) as { work: number[] }).work
    if (!['frozen', 'encoded'].includes(trap.step)) expect(Math.max(...left)).toBeGreaterThan(0)
    if (trap.signal === 'SIGKILL') expect(await ended(victim)).toBe('SIGKILL')
    const heir = this.#start()
    await this.#more(extra)
    await until('the heir has caught up', () => bench.caughtUp())
    const alive = [heir]
    if (trap.signal === 'SIGSTOP') {
      alive.push(victim)
      await this.#feed(10)
      victim.kill('SIGCONT')
      // Once before it was stopped.
      const joins = (): number => this.#said(victim).split('assigned {').length - 1
      await until('the zombie is a member again', () => joins() > 1)
      await this.#feed(10)
      // What it had begun is refused, also under its newer membership.
      const refused = (): number => this.#said(victim).indexOf('a commit failed')
      if (trap.step !== 'replay') await until('its older commit is refused', () => refused() >= 0)
      if (trap.holdMs > 0) expect(this.#said(victim).lastIndexOf('assigned {')).toBeLessThan(refused())
    }
    await this.#feed(10)
    await until('all have caught up', () => bench.caughtUp())
    for (const child of alive) child.kill('SIGTERM')
    expect(await Promise.all(alive.map(ended))).toEqual(alive.map(() => 0))
    for (const child of alive) expect(this.#said(child)).not.toContain('a task stopped')
    const history = await bench.collect()
    expect(wrongs(history)).toEqual([])
    for (const part of history.partitions) expect(part.results.length).toBeGreaterThan(0)
  }

  async #more(extra: Plan['extra']): Promise<void> {
    const bench = this.#bench
    await this.#feed(15)
    if (extra === 'rebalance') {
      const guest = this.#start()
      await until('the guest works', () => this.#said(guest).includes('task restored'))
      await this.#feed(15)
      guest.kill('SIGTERM')
      expect(await ended(guest)).toBe(0)
    } else if (extra !== 'nothing') {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const log = await bench.read(bench.topics.events, partition)
        again(bench, extra === 'produced twice' ? log : log.filter(() => this.#next() < 0.4))
      }
      await bench.flush()
    }
  }
}

describeStack('the crash matrix on a real broker', ['kafkaBrokers'], ({ kafkaBrokers }) => {
  const one = process.env['CRASH_SEED']
  const seeds = one === undefined ? Array.from({ length: SEEDS }, (_, seed) => seed) : [Number(one)]

  it(`keeps its promise through the troubles of ${seeds.length} seeds`, async () => {
    const left = [...seeds]
    const failed: string[] = []
    const lane = async (): Promise<void> => {
      for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
        const bench = await new Bench(kafkaBrokers, `cm${seed}`).open()
        const run = new Seed(seed, bench)
        const { step, nth, signal, holdMs } = run.plan.trap
        const what = `CRASH_SEED=${seed}: ${signal} at ${step}:${nth}${holdMs > 0 ? ', held' : ''}, ${run.plan.extra}`
        const from = performance.now()
        try {
          await run.run()
        } catch (error) {
          const said = [...bench.said.values()].map((all, i) => `  process ${i}:\n${all().slice(-3_000)}`)
          failed.push(`${what}: ${(error as Error).message}\n${said.join('\n')}`)
        }
        process.stdout.write(`${what}; ${Math.round(performance.now() - from)} ms\n`)
        await bench.close()
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, lane))
    expect(failed.join('\n')).toBe('')
  }, 300_000)
})
