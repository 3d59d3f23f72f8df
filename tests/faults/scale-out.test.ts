/**
 * More and fewer processes on a real broker, under load: partitions that stay keep their state and go on, and readers
 * see what a single pass would have written. Times are printed; the bounds here are generous.
 */
import { afterAll, afterEach, expect, it } from '@jest/globals'
import { describeStack } from '../support/stack.ts'
import { checkRun } from './check-run.ts'
import { ended, EngineRun, type Member, pause, until } from './engine-run.ts'

const PARTITIONS = 10
const LOAD = 800

/** Longest time without a new result of a partition, between two moments. */
async function longestSilence(run: EngineRun, partitions: readonly number[], fromMs: number, toMs: number) {
  let longest = 0
  for (const partition of partitions) {
    const times = (await run.read(run.topics.results, partition))
      .map(({ timestamp }) => timestamp)
      .filter((atMs) => atMs >= fromMs && atMs <= toMs)
    const all = [fromMs, ...times, toMs]
    for (let i = 1; i < all.length; i++) longest = Math.max(longest, (all[i] ?? 0) - (all[i - 1] ?? 0))
  }
  return longest
}

const figures: string[] = []
const whole = (member: Member, count: number): boolean => {
  const at = member.assigned.at(-1)?.atMs ?? 0
  const mine = member.partitions
  const had = member.restored.filter(({ partition }) => mine.includes(partition))
  return mine.length === count && at > 0 && new Set(had.map(({ partition }) => partition)).size === count
}

describeStack('the engine on more and fewer processes', ['kafkaBrokers'], ({ kafkaBrokers }) => {
  let run: EngineRun
  const open = async (name: string): Promise<EngineRun> => {
    run = await new EngineRun({ brokers: kafkaBrokers, name, partitions: PARTITIONS }).open()
    return run
  }
  afterEach(() => run?.close())
  afterAll(() => {
    process.stdout.write(`${figures.join('\n')}\n`)
  })

  it('goes from 1 to 3 to 2 processes under load; a partition that stays is not restored, and hardly pauses', async () => {
    const r = await open('scale')
    const a = r.member({ instanceId: 'a' })
    r.load(LOAD)
    await until('a has all', () => whole(a, PARTITIONS))
    await pause(1_000)
    const grown = Date.now()
    const [b, c] = [r.member({ instanceId: 'b' }), r.member({ instanceId: 'c' })]
    await until('all three share', () => whole(a, 4) && whole(b, 3) && whole(c, 3))
    const stayed = a.partitions
    await pause(1_500)
    figures.push(
      `1 -> 3: silence of the partitions that stayed ${await longestSilence(r, stayed, grown, Date.now())} ms`,
    )
    // All that a ever restored is what it began with; what it kept it never restored again.
    expect(a.restored.map(({ partition }) => partition).sort((x, y) => x - y)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ])
    expect(a.assigned.at(-1)?.kept).toBe(4)

    const before = new Map([a, b].map((member) => [member, member.partitions]))
    const shrunk = Date.now()
    c.child.kill('SIGTERM')
    expect(await ended(c.child)).toBe(0)
    await until('a and b share', () => whole(a, 5) && whole(b, 5))
    const tookMs = Date.now() - shrunk
    await pause(1_500)
    for (const [member, had] of before) {
      expect(member.partitions).toEqual(expect.arrayContaining([...had]))
      const again = member.restored.filter(({ atMs, partition }) => atMs > shrunk && had.includes(partition))
      expect(again).toEqual([])
    }
    const silence = await longestSilence(r, [...before.values()].flat(), shrunk, Date.now())
    figures.push(
      `3 -> 2: shared anew after ${tookMs} ms; silence of the partitions that stayed ${silence} ms`,
    )
    await r.quiet()
    await until('caught up', () => r.idle())
    await checkRun(r)
    for (const { child } of [a, b]) child.kill('SIGTERM')
    expect([await ended(a.child), await ended(b.child)]).toEqual([0, 0])
    expect([a, b, c].map(({ said }) => said.includes('fatal'))).toEqual([false, false, false])
  }, 90_000)

  /** Kills a member of two under load. Gives the times from the kill to the next result of its partitions, and to no lag. */
  async function takeover(r: EngineRun, victim: Member, restart: (() => Member) | undefined) {
    const lost = victim.partitions
    const ends = new Map<number, number>()
    for (const partition of lost) ends.set(partition, await r.end(r.topics.results, partition))
    const killedAt = Date.now()
    victim.child.kill('SIGKILL')
    await ended(victim.child)
    // As the supervisor does, after its first pause.
    if (restart) await pause(250)
    const heir = restart?.()
    const waiting = new Set(lost)
    await until('a result of every partition of the killed one', async () => {
      for (const partition of waiting) {
        const fresh = await r.read(r.topics.results, partition, ends.get(partition))
        if (fresh.some(({ timestamp }) => timestamp > killedAt + 50)) waiting.delete(partition)
      }
      return waiting.size === 0
    })
    const resultMs = Date.now() - killedAt
    await until('caught up with the load', async () => ((await r.lag()) ?? LOAD) < LOAD / 4, 60_000)
    return { lost, heir, resultMs, caughtUpMs: Date.now() - killedAt }
  }

  it('a killed process that is started again on its seat has its partitions back; the other one never hears of it', async () => {
    const r = await open('seat')
    // Longer than a process takes to start on a machine with much else to do.
    const options = { sessionTimeoutMs: 15_000 }
    const [a, b] = [r.member({ instanceId: 'a', options }), r.member({ instanceId: 'b', options })]
    r.load(LOAD)
    await until('both share', () => whole(a, 5) && whole(b, 5))
    await pause(1_500)
    const heard = a.assigned.length
    const { lost, heir, resultMs, caughtUpMs } = await takeover(r, b, () =>
      r.member({ instanceId: 'b', options }),
    )
    figures.push(
      `kill -9, started again on its seat: next result after ${resultMs} ms, caught up after ${caughtUpMs} ms`,
    )
    expect(heir?.partitions).toEqual(lost)
    expect(a.assigned).toHaveLength(heard)
    expect(resultMs).toBeLessThan(15_000)
    expect(caughtUpMs).toBeLessThan(60_000)

    // A second process on a seat that is taken: the one before ends for that reason, and spoils nothing.
    heir?.child.kill('SIGSTOP')
    const next = r.member({ instanceId: 'b', options })
    await until('the next one has its partitions', () => whole(next, 5))
    heir?.child.kill('SIGCONT')
    expect(await ended((heir as Member).child)).toBe(1)
    expect(heir?.said).toContain('took the seat b in group')
    expect(a.assigned).toHaveLength(heard)
    await r.quiet()
    await until('caught up', () => r.idle())
    expect(next.running).toBe(true)
    await checkRun(r)
  }, 90_000)

  it('a killed process that stays away loses its partitions at the session timeout, and the others keep theirs', async () => {
    const r = await open('away')
    const [a, b] = [r.member({ instanceId: 'a' }), r.member({ instanceId: 'b' })]
    r.load(LOAD)
    await until('both share', () => whole(a, 5) && whole(b, 5))
    await pause(1_500)
    const [kept, restored] = [a.partitions, a.restored.length]
    const { resultMs, caughtUpMs } = await takeover(r, b, undefined)
    figures.push(
      `kill -9, stays away (session 2.5 s): next result after ${resultMs} ms, caught up after ${caughtUpMs} ms`,
    )
    expect(a.restored.slice(restored).filter(({ partition }) => kept.includes(partition))).toEqual([])
    expect(a.partitions).toHaveLength(PARTITIONS)
    expect(resultMs).toBeLessThan(15_000)
    expect(caughtUpMs).toBeLessThan(60_000)
    await r.quiet()
    await until('caught up', () => r.idle())
    await checkRun(r)
  }, 90_000)
})
