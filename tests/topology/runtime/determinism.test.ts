/** Equal input gives byte-equal state, wherever it was cut, checkpointed, killed or made to fail. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { COMMIT_STEPS } from '../../../processors/runtime/steps.ts'
import { TestDriver } from '../../../processors/runtime/testing/driver.ts'
import type { Topology } from '../../../processors/runtime/topology.ts'
import { TOPICS } from '../../../schemas/topics.ts'
import { PARTITIONS } from './cluster.ts'
import { failed, HOUR, ITEMS, reversed, START, TOYS } from './toy.ts'

type Op =
  | {
      readonly kind: 'event'
      readonly tenant: string
      readonly id: number
      readonly version: number | null
      readonly reason: string
      readonly free: boolean
    }
  | { readonly kind: 'time'; readonly byMs: number }
  | { readonly kind: 'tick' | 'poison' | 'cut' | 'checkpoint' | 'restart' }
  | { readonly kind: 'crash'; readonly step: (typeof COMMIT_STEPS)[number] }

const event: fc.Arbitrary<Op> = fc.record({
  kind: fc.constant('event' as const),
  tenant: fc.constantFrom('acme', 'beta', 'zeta'),
  id: fc.nat(6),
  version: fc.option(fc.integer({ min: 1, max: 5 }), { freq: 4, nil: null }),
  reason: fc.constantFrom('ok', 'ok', 'ok', 'refuse', 'boom', 'late-boom', 'delete'),
  free: fc.boolean(),
})
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 12, arbitrary: event },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('time' as const), byMs: fc.nat(9 * HOUR) }) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom('tick', 'poison', 'cut', 'checkpoint', 'restart')
      .map((kind) => ({ kind }) as Op),
  },
  { weight: 1, arbitrary: fc.constantFrom(...COMMIT_STEPS).map((step) => ({ kind: 'crash', step }) as Op) },
)

function play(
  driver: TestDriver,
  ops: readonly Op[],
  { lastCut = true, from = 0, clock = { now: START } } = {},
): void {
  ops.forEach((one, i) => {
    switch (one.kind) {
      case 'event': {
        const fields = {
          eventId: `e${one.id}`,
          tenantId: one.tenant,
          aggregateId: `A${one.id}`,
          aggregateVersion: one.version,
          reason: one.reason,
          failedDate: from + i,
          recordedAt: clock.now,
        }
        driver.pipe(one.free ? reversed(fields) : failed(fields), { timestamp: clock.now })
        break
      }
      case 'time':
        clock.now += one.byMs
        break
      case 'tick':
        driver.tick(Math.floor(clock.now / HOUR) * HOUR, { timestamp: clock.now })
        break
      case 'poison':
        driver.pipeBytes('acme', Buffer.from('poison'), { timestamp: clock.now })
        break
      case 'cut':
        driver.cut()
        break
      case 'checkpoint':
        driver.checkpoint()
        break
      case 'restart':
        driver.restart()
        break
      case 'crash':
        driver.crashAt(one.step)
        driver.cut()
        break
    }
  })
  if (lastCut) driver.cut()
}

const onceOnly = (driver: TestDriver) =>
  [TOPICS.alerts, TOPICS.history, driver.topics.eventsDlq, driver.topics.late].map((topic) =>
    driver.emitted(topic).map(({ key, value, headers }) => [key, value?.toString('hex'), headers]),
  )
const results = (driver: TestDriver) =>
  new Map([...driver.results()].map(([key, { data }]) => [key, { ...data, revision: 0, logTime: 0 }]))

describe('a task', () => {
  it('has the same state and the same outputs as a single pass over its log', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 60 }), (ops) => {
        const driver = new TestDriver({ topologies: TOYS, autoCut: false, idHorizonMs: 12 * HOUR })
        play(driver, ops)
        const once = driver.singlePass()
        expect(driver.digest()).toBe(once.digest())
        expect(onceOnly(driver)).toEqual(onceOnly(once))
        expect(results(driver)).toEqual(results(once))
      }),
      { numRuns: 150 },
    )
  })

  it('has the state of a single pass on every partition, whatever came first on which, cut and killed anywhere', () => {
    const place = fc.record({ partition: fc.nat(PARTITIONS - 1), op })
    fc.assert(
      fc.property(fc.array(place, { maxLength: 80 }), (places) => {
        const drivers = Array.from(
          { length: PARTITIONS },
          (_, partition) =>
            new TestDriver({
              topologies: TOYS,
              autoCut: false,
              idHorizonMs: 12 * HOUR,
              partition,
              partitions: PARTITIONS,
            }),
        )
        const moved = drivers.map(() => 0)
        // What a partition moved to another one arrives there when it is committed.
        const deliver = (): void =>
          drivers.forEach((driver, from) => {
            const sent = driver.emitted(driver.topics.events)
            for (const { partition, key, value, headers } of sent.slice(moved[from])) {
              const bytes = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])
              drivers[partition ?? 0]?.pipeBytes(key, value, { headers: Object.fromEntries(bytes) as never })
            }
            moved[from] = sent.length
          })
        const clock = { now: START }
        for (const [at, { partition, op: one }] of places.entries()) {
          play(drivers[partition] as TestDriver, [one], { lastCut: false, from: at, clock })
          deliver()
        }
        for (let round = 0; round < PARTITIONS; round++) {
          for (const driver of drivers) driver.cut()
          deliver()
        }
        for (const driver of drivers) {
          driver.cut()
          const once = driver.singlePass()
          expect(driver.digest()).toBe(once.digest())
          expect(onceOnly(driver)).toEqual(onceOnly(once))
          expect(results(driver)).toEqual(results(once))
        }
      }),
      { numRuns: 100 },
    )
  })

  it('carries no trace of events that failed at any of their writes, among others that did not', () => {
    const marked = fc.record({ event, failAfter: fc.option(fc.nat(4), { freq: 3, nil: null }) })
    let doomed = false
    let failures = 0
    const [first, ...others] = TOYS as [Topology, ...Topology[]]
    const clear: Topology[] = [
      {
        ...first,
        onEvent: (given, ctx) => {
          if (doomed) throw new Error('a write was made to fail')
          first.onEvent(given, ctx)
        },
      },
      ...others,
    ]
    fc.assert(
      fc.property(fc.array(marked, { maxLength: 30 }), (list) => {
        const tried = new TestDriver({ topologies: TOYS, autoCut: false })
        const clean = new TestDriver({ topologies: clear, autoCut: false })
        list.forEach(({ event: one, failAfter }, i) => {
          const before = tried.dlq().length
          if (failAfter !== null) tried.failAfterWrites(failAfter)
          play(tried, [one], { from: i })
          tried.failNever()
          const letter = tried.dlq().slice(before)[0]
          doomed = letter?.message === 'a write was made to fail'
          failures += doomed ? 1 : 0
          play(clean, [one], { from: i })
          doomed = false
        })
        expect(tried.digest()).toBe(clean.digest())
        expect(onceOnly(tried)).toEqual(onceOnly(clean))
        expect(results(tried)).toEqual(results(clean))
      }),
      { numRuns: 150 },
    )
    expect(failures).toBeGreaterThan(100)
  })

  it('carries no trace of a timer that failed at its write, but the letter about it', () => {
    const started = (topologies: readonly Topology[]) => {
      const driver = new TestDriver({ topologies, autoCut: false })
      driver.pipe(failed({ eventId: 'acme', tenantId: 'acme', aggregateId: 'acme' }))
      driver.cut()
      return driver
    }
    const [first, ...others] = TOYS as [Topology, ...Topology[]]
    const busy: Topology = {
      ...first,
      onTimer(name, atMs, ctx) {
        for (let i = 0; i < 2; i++) ctx.store(ITEMS).set(`${name}|${i}`, { version: 1, amount: 1n })
        ctx.dirty('omega')
        ctx.setTimer('more', atMs + HOUR)
        first.onTimer?.(name, atMs, ctx)
      },
    }
    const onTimer = (): never => {
      throw new Error('a write was made to fail')
    }
    // Three writes of its own; its timers are the engine's.
    for (let n = 0; n < 3; n++) {
      const [tried, clean] = [started([busy, ...others]), started([{ ...first, onTimer }, ...others])]
      tried.failAfterWrites(n)
      // One timer is due, so that no write of another one counts.
      for (const driver of [tried, clean]) driver.tick(START + HOUR)
      tried.failNever()
      for (const driver of [tried, clean]) driver.cut()
      expect(tried.dlq().map(({ code, key }) => [code, key])).toEqual([['timer_failed', 'tally/say:acme']])
      expect(onceOnly(tried)).toEqual(onceOnly(clean))
      expect(tried.digest()).toBe(clean.digest())
      expect(results(tried)).toEqual(results(clean))
    }
  })

  it('carries no trace of an event whose n-th write fails, for every n', () => {
    for (const make of [failed, reversed]) {
      for (let n = 0; ; n++) {
        const prepare = () => {
          const driver = new TestDriver({ topologies: TOYS, autoCut: false })
          for (const tenantId of ['acme', 'beta'])
            driver.pipe(failed({ eventId: tenantId, tenantId, aggregateId: tenantId }))
          driver.cut()
          return driver
        }
        const [tried, clean] = [prepare(), prepare()]
        const event = make({
          eventId: 'x',
          tenantId: 'beta',
          aggregateId: 'x',
          failedDate: 9_999,
          aggregateVersion: n % 2 === 0 ? 1 : null,
        })
        tried.failAfterWrites(n)
        tried.pipe(event)
        clean.pipeBytes('beta', Buffer.from('poison'))
        tried.cut()
        clean.cut()
        const letters = tried.dlq()
        if (letters.length === 0) {
          expect(n).toBe(5)
          break
        }
        expect(letters).toMatchObject([{ code: 'handler_failed', message: 'a write was made to fail' }])
        expect(tried.digest()).toBe(clean.digest())
        expect(tried.emitted(TOPICS.alerts)).toEqual(clean.emitted(TOPICS.alerts))
        expect(tried.emitted(tried.topics.results)).toEqual(clean.emitted(clean.topics.results))
        // It was not remembered either: the same event again is applied.
        tried.failNever()
        tried.pipe(event)
        expect(tried.dlq()).toHaveLength(1)
        expect(tried.digest()).not.toBe(clean.digest())
      }
    }
  })

  it('leaves a refused record refused when it is replayed by code that would take it', () => {
    let strict = true
    const fickle = TOYS.map((topology) => ({
      ...topology,
      onEvent: (...[given, ctx]: Parameters<typeof topology.onEvent>) => {
        if (strict && given.type === 'PaymentReversed') throw new Error('not in this version')
        topology.onEvent(given, ctx)
      },
    }))
    const driver = new TestDriver({ topologies: fickle })
    driver.pipe(failed())
    driver.cut()
    driver.pipe(reversed())
    driver.cut()
    const before = driver.digest()
    strict = false
    driver.restart()
    expect(driver.digest()).toBe(before)
    driver.checkpoint()
    driver.restart()
    expect(driver.digest()).toBe(before)
    expect(driver.dlq()).toHaveLength(1)
  })
})
