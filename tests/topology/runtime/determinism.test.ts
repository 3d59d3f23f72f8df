/** Equal input gives byte-equal state, wherever it was cut, checkpointed, killed or made to fail. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { COMMIT_STEPS } from '../../../processors/runtime/steps.ts'
import { TestDriver } from '../../../processors/runtime/testing/driver.ts'
import { TOPICS } from '../../../schemas/topics.ts'
import { failed, HOUR, reversed, START, TOYS } from './toy.ts'

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

function play(driver: TestDriver, ops: readonly Op[]): void {
  let now = START
  ops.forEach((one, i) => {
    switch (one.kind) {
      case 'event': {
        const fields = {
          eventId: `e${one.id}`,
          tenantId: one.tenant,
          aggregateId: `A${one.id}`,
          aggregateVersion: one.version,
          reason: one.reason,
          failedDate: i,
          recordedAt: now,
        }
        driver.pipe(one.free ? reversed(fields) : failed(fields), { timestamp: now })
        break
      }
      case 'time':
        now += one.byMs
        break
      case 'tick':
        driver.tick(Math.floor(now / HOUR) * HOUR, { timestamp: now })
        break
      case 'poison':
        driver.pipeBytes('acme', Buffer.from('poison'), { timestamp: now })
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
  driver.cut()
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
          expect(n).toBe(3)
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
