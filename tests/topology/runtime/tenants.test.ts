/** One tenant stopped at an event and rebuilt by filtered replay, while others go on (README.md, T1-T9). */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { COMMIT_STEPS, type CommitStep } from '../../../processors/runtime/steps.ts'
import { TIMERS, VERSIONS } from '../../../processors/runtime/state/task-state.ts'
import { STOPPED, TENANT_IDS } from '../../../processors/runtime/tenants/stores.ts'
import { TestDriver } from '../../../processors/runtime/testing/driver.ts'
import { RefusedEvent, type Topology } from '../../../processors/runtime/topology.ts'
import { TOPICS } from '../../../schemas/topics.ts'
import { bytesWithoutOrder } from './operator.ts'
import { failed, HOUR, ITEMS, reversed, START, TALLY, TOYS } from './toy.ts'

/** The toy whose state is all the tenants' own (P6). */
const TALLIES = TOYS.slice(0, 1)
const open = (topologies: readonly Topology[] = TALLIES): TestDriver =>
  new TestDriver({ topologies, autoCut: false })

/**
 * The log without an operator: each stop and rebuild is replaced by an event of the same envelope that the toy ignores.
 * So the oracle runs none of the code that stops and rebuilds.
 */
function withoutOperator(driver: TestDriver, topologies: readonly Topology[] = TALLIES): TestDriver {
  const other = open(topologies)
  for (const { key, value, timestamp } of driver.log) {
    other.pipeBytes(key === null ? null : key.toString(), bytesWithoutOrder(value), { timestamp })
  }
  other.cut()
  return other
}

const storesOf = (driver: TestDriver) =>
  [TALLY, ITEMS, VERSIONS, TIMERS].map((spec) => [spec.name, driver.entries(spec as typeof TALLY)])

const sumOf = (driver: TestDriver, tenant: string): bigint => driver.state(TALLY, tenant)?.sum ?? 0n
const resultsOf = (driver: TestDriver) =>
  new Map([...driver.results()].map(([key, { data }]) => [key, { ...data, revision: 0, logTime: 0 }]))
/** Once-only records of a tenant, in the order in which they went out. */
const onceOf = (driver: TestDriver, tenant?: string) =>
  [TOPICS.alerts, TOPICS.history, driver.topics.eventsDlq, driver.topics.late].map((topic) =>
    driver
      .emitted(topic)
      .map(({ key, value, headers }) => [key, value?.toString('hex'), headers])
      .filter(([key]) => tenant === undefined || key === tenant || key === `tally/say:${tenant}`),
  )

describe('a stopped tenant', () => {
  it('is left out from the stop on, by key, readable or not, while others go on', () => {
    const driver = open()
    driver.pipe(failed({ failedDate: 1 }))
    driver.pipe(failed({ tenantId: 'beta', failedDate: 1 }))
    driver.cut()
    driver.stopTenant('acme', 'its handler throws')
    driver.pipe(failed({ failedDate: 10 }))
    driver.pipeBytes('acme', Buffer.from('poison'))
    driver.pipe(failed({ tenantId: 'beta', failedDate: 10 }))
    driver.tick(START + 5 * HOUR)
    driver.cut()
    expect([sumOf(driver, 'acme'), sumOf(driver, 'beta')]).toEqual([1n, 12n])
    expect(driver.dlq()).toEqual([])
    expect(driver.emitted(TOPICS.history).map(({ key }) => key)).toEqual(['beta'])
    expect(driver.state(STOPPED, 'acme')).toMatchObject({
      mode: 'stopped',
      offset: 2,
      reason: 'its handler throws',
    })
    expect(driver.results().get('acme|tally|')?.data).toMatchObject({ revision: 1 })
  })

  it('stays stopped through a restart, from the checkpoint or from the log', () => {
    const driver = open()
    driver.pipe(failed({ failedDate: 1 }))
    driver.checkpoint()
    driver.stopTenant('acme')
    driver.pipe(failed({ failedDate: 10 }))
    driver.cut()
    driver.restart()
    driver.pipe(failed({ failedDate: 10 }))
    driver.checkpoint()
    driver.restart()
    driver.pipe(failed({ failedDate: 10 }))
    expect(sumOf(driver, 'acme')).toBe(1n)
  })

  it('shows nothing of the events just before the stop when their commit fails: its results stay as they were', () => {
    const driver = open()
    driver.pipe(failed({ failedDate: 1 }))
    driver.cut()
    driver.pipe(failed({ failedDate: 10 }))
    driver.stopTenant('acme')
    driver.cut()
    expect(driver.results().get('acme|tally|')?.data).toMatchObject({ revision: 0 })
  })

  it('is neither stopped nor rebuilt by an event that comes twice, or under another key', () => {
    const driver = open()
    driver.pipe(failed({ failedDate: 1 }))
    driver.stopTenant('acme', 'why', 1)
    driver.rebuildTenant('acme', '', 2)
    driver.cut()
    driver.rebuild()
    driver.stopTenant('acme', 'why', 1)
    driver.rebuildTenant('acme', '', 2)
    expect(driver.state(STOPPED, 'acme')?.mode).toBe('rebuilt')
    const [stop] = driver.log.filter(({ key }) => String(key) === 'acme').slice(1, 2)
    driver.pipeBytes('beta', stop?.value ?? null)
    expect(driver.state(STOPPED, 'beta')).toBeUndefined()
    expect(driver.dlq().map(({ code }) => code)).toEqual([])
    driver.cut()
    expect(driver.dlq().map(({ code }) => code)).toEqual(['key_mismatch'])
  })

  it('knows control events without a version by their id, also while it is stopped', () => {
    const driver = open()
    driver.stopTenant('acme', 'why', null)
    const stop = driver.log.at(-1)?.value ?? null
    driver.rebuildTenant('acme', '', null)
    driver.pipeBytes('acme', stop)
    expect(driver.state(STOPPED, 'acme')?.mode).toBe('rebuilding')
    driver.cut()
    driver.rebuild()
    driver.pipeBytes('acme', stop)
    expect(driver.state(STOPPED, 'acme')?.mode).toBe('rebuilt')
  })

  it('cannot be everybody', () => {
    const driver = open()
    driver.stopTenant('~')
    driver.cut()
    expect(driver.dlq().map(({ code }) => code)).toEqual(['control_key'])
  })
})

describe('a rebuild', () => {
  it('gives the numbers of a tenant that was never stopped, and emits once what nobody emitted', () => {
    const driver = open()
    driver.pipe(failed({ failedDate: 1 }))
    driver.cut()
    driver.stopTenant('acme')
    driver.pipe(failed({ failedDate: 10 }))
    driver.pipe(failed({ tenantId: 'beta', failedDate: 3 }))
    driver.tick(START + 5 * HOUR)
    driver.pipe(failed({ failedDate: 100, reason: 'refuse' }))
    driver.rebuildTenant('acme')
    driver.pipe(failed({ failedDate: 1000 }))
    driver.cut()
    expect(sumOf(driver, 'acme')).toBe(1n)
    expect(driver.rebuild()).toEqual(['acme'])
    driver.cut()
    const oracle = withoutOperator(driver)
    expect(sumOf(driver, 'acme')).toBe(1012n)
    expect(storesOf(driver)).toEqual(storesOf(oracle))
    expect(resultsOf(driver)).toEqual(resultsOf(oracle))
    for (const tenant of ['acme', 'beta']) expect(onceOf(driver, tenant)).toEqual(onceOf(oracle, tenant))
    expect(driver.dlq()).toHaveLength(1)
    expect(driver.rebuild()).toEqual([])
  })

  it('fires timers at the records of others, as if the tenant had never been stopped', () => {
    const driver = open()
    driver.pipe(failed({ failedDate: 1 }))
    driver.stopTenant('acme')
    driver.pipe(failed({ tenantId: 'beta' }), { timestamp: START + 2 * HOUR })
    driver.rebuildTenant('acme')
    driver.rebuild()
    driver.cut()
    const oracle = withoutOperator(driver)
    expect(onceOf(driver, 'acme')).toEqual(onceOf(oracle, 'acme'))
    expect(driver.emitted(TOPICS.history)).toHaveLength(1)
  })

  it('judges by the code of today, and makes no second letter for a record that has one', () => {
    let fixed = false
    const tally = TALLIES[0] as Topology
    const buggy: Topology = {
      ...tally,
      onEvent(event, ctx) {
        if (!fixed && event.type === 'PaymentFailed' && event.data.failedDate === 10)
          throw new TypeError('a bug')
        if (event.type === 'PaymentFailed' && event.data.failedDate === 7)
          throw new RefusedEvent('never', 'refused by all')
        if (fixed && event.type === 'PaymentFailed' && event.data.failedDate === 5)
          throw new RefusedEvent('new_rule', 'refused from now on')
        tally.onEvent(event, ctx)
      },
    }
    const driver = open([buggy])
    for (const failedDate of [1, 5, 7, 10]) driver.pipe(failed({ failedDate }))
    driver.stopTenant('acme')
    driver.pipe(failed({ failedDate: 7 }))
    driver.cut()
    expect(driver.dlq().map(({ code, offset }) => [code, offset])).toEqual([
      ['never', 2],
      ['handler_failed', 3],
    ])
    fixed = true
    driver.rebuildTenant('acme')
    driver.rebuild()
    driver.cut()
    expect(sumOf(driver, 'acme')).toBe(11n)
    expect(driver.dlq().map(({ code, offset }) => [code, offset])).toEqual([
      ['never', 2],
      ['handler_failed', 3],
      ['new_rule', 1],
      ['never', 5],
    ])
    // What it applied now is known: the same event again is a duplicate.
    driver.pipeBytes('acme', driver.log[3]?.value ?? null)
    expect(sumOf(driver, 'acme')).toBe(11n)
    driver.restart()
    expect(sumOf(driver, 'acme')).toBe(11n)
  })

  it('takes away results that there are no events for any more, and writes no tombstone that says nothing', () => {
    let fixed = false
    const tally = TALLIES[0] as Topology
    const perItem: Topology = {
      ...tally,
      onEvent(event, ctx) {
        if (event.type !== 'PaymentFailed') return
        if (fixed && event.data.aggregateId === 'gone') throw new RefusedEvent('gone', 'not any more')
        ctx.dirty(`${event.data.tenantId}|${event.data.aggregateId}`)
        ctx.store(ITEMS).set(`${event.data.tenantId}|${event.data.aggregateId}`, { version: 1, amount: 1n })
      },
      render: (key, ctx) => {
        const there = ctx.store(ITEMS).get(key) !== undefined && !key.endsWith('|hidden')
        return [{ key: `${key}|x`, value: there ? Buffer.from('1') : null }]
      },
    }
    const driver = open([perItem])
    for (const aggregateId of ['stays', 'gone', 'hidden']) driver.pipe(failed({ aggregateId }))
    driver.pipe(failed({ tenantId: 'beta', aggregateId: 'gone' }))
    driver.cut()
    const before = driver.emitted(driver.topics.results).length
    fixed = true
    driver.rebuildTenant('acme')
    driver.rebuild()
    driver.cut()
    const after = driver.emitted(driver.topics.results).slice(before)
    expect(after.map(({ key, value }) => [key, value?.toString() ?? null])).toEqual([
      ['acme|stays|x', '1'],
      ['acme|gone|x', null],
    ])
    expect([...driver.rawResults().keys()].sort()).toEqual(['acme|stays|x', 'beta|gone|x'])
  })

  it.each(COMMIT_STEPS)('leaves the tenant in rebuilding or rebuilt when its commit dies at %s', (step) => {
    const driver = open()
    driver.pipe(failed({ failedDate: 1 }))
    driver.stopTenant('acme')
    driver.pipe(failed({ failedDate: 10 }))
    driver.rebuildTenant('acme')
    driver.rebuild()
    driver.crashAt(step)
    driver.cut()
    const committed = COMMIT_STEPS.indexOf(step) >= COMMIT_STEPS.indexOf('committed' satisfies CommitStep)
    expect([driver.state(STOPPED, 'acme')?.mode, sumOf(driver, 'acme')]).toEqual(
      committed ? ['rebuilt', 11n] : ['rebuilding', 1n],
    )
    driver.rebuild()
    driver.cut()
    const oracle = withoutOperator(driver)
    expect(storesOf(driver)).toEqual(storesOf(oracle))
    expect(onceOf(driver)).toEqual(onceOf(oracle))
    expect(resultsOf(driver)).toEqual(resultsOf(oracle))
  })

  it('is ended by a stop, and begun again by another request', () => {
    const driver = open()
    driver.pipe(failed({ failedDate: 1 }))
    driver.rebuildTenant('acme')
    driver.stopTenant('acme')
    driver.pipe(failed({ failedDate: 10 }))
    expect(driver.rebuild()).toEqual([])
    expect(driver.state(STOPPED, 'acme')).toMatchObject({ mode: 'stopped', offset: 1 })
    driver.rebuildTenant('acme')
    expect(driver.rebuild()).toEqual(['acme'])
    driver.cut()
    expect(onceOf(driver)).toEqual(onceOf(withoutOperator(driver)))
  })
})

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
  | { readonly kind: 'stop' | 'request'; readonly tenant: string; readonly versioned: boolean }
  | { readonly kind: 'tick' | 'poison' | 'cut' | 'checkpoint' | 'restart' | 'rebuild' }
  | { readonly kind: 'crash'; readonly step: CommitStep }

const tenant = fc.constantFrom('acme', 'beta', 'zeta')
const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      kind: fc.constant('event' as const),
      tenant,
      id: fc.nat(6),
      version: fc.option(fc.integer({ min: 1, max: 5 }), { freq: 4, nil: null }),
      reason: fc.constantFrom('ok', 'ok', 'ok', 'refuse', 'boom', 'delete'),
      free: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('time' as const), byMs: fc.nat(3 * HOUR) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('stop' as const, 'request' as const),
      tenant,
      versioned: fc.boolean(),
    }),
  },
  {
    weight: 7,
    arbitrary: fc
      .constantFrom('tick', 'poison', 'cut', 'checkpoint', 'restart', 'rebuild', 'rebuild')
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
      case 'stop':
        driver.stopTenant(one.tenant, 'test', one.versioned ? undefined : null)
        break
      case 'request':
        driver.rebuildTenant(one.tenant, '', one.versioned ? undefined : null)
        break
      case 'time':
        now += one.byMs
        break
      case 'tick':
        driver.tick(Math.floor(now / HOUR) * HOUR, { timestamp: now })
        break
      case 'poison':
        driver.pipeBytes('acme', Buffer.from('poison'), { timestamp: now })
        break
      case 'crash':
        driver.crashAt(one.step)
        driver.cut()
        break
      case 'rebuild':
        driver.rebuild()
        break
      case 'cut':
      case 'checkpoint':
      case 'restart':
        driver[one.kind]()
        break
    }
  })
  // In the end everybody goes on.
  for (const one of ['acme', 'beta', 'zeta']) if (driver.state(STOPPED, one)) driver.rebuildTenant(one)
  driver.rebuild()
  driver.cut()
}

const sorted = (driver: TestDriver) =>
  onceOf(driver).map((records) => records.map((record) => JSON.stringify(record)).sort())

describe('stops and rebuilds at random places, with crashes', () => {
  it('end in the state, the results and the once-only records of a log without them', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 60 }), (ops) => {
        const driver = open()
        play(driver, ops)
        const oracle = withoutOperator(driver)
        expect(storesOf(driver)).toEqual(storesOf(oracle))
        expect(resultsOf(driver)).toEqual(resultsOf(oracle))
        expect(sorted(driver)).toEqual(sorted(oracle))
        for (const [, { mode }] of driver.entries(STOPPED)) expect(mode).toBe('rebuilt')
      }),
      { numRuns: 200 },
    )
  })

  it('leave equal bytes, wherever the rebuild ended', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 40 }), fc.array(op, { maxLength: 20 }), (before, after) => {
        const play2 = (early: boolean): TestDriver => {
          const driver = open()
          play(driver, before)
          driver.stopTenant('acme')
          driver.rebuildTenant('acme')
          if (early) driver.rebuild()
          play(
            driver,
            after.filter(({ kind }) => kind === 'event' || kind === 'time' || kind === 'tick'),
          )
          return driver
        }
        const [early, late] = [play2(true), play2(false)]
        expect(early.log.map(({ value }) => value)).toEqual(late.log.map(({ value }) => value))
        expect(early.digest()).toBe(late.digest())
      }),
      { numRuns: 100 },
    )
  })
})

describe('ids of a tenant that was rebuilt', () => {
  it('are forgotten behind the horizon, by its own records alone, and the same from a checkpoint', () => {
    const make = () => {
      const driver = new TestDriver({ topologies: TALLIES, autoCut: false, idHorizonMs: 12 * HOUR })
      driver.rebuildTenant('acme')
      driver.rebuild()
      driver.pipe(failed({ eventId: 'a', aggregateId: 'A', aggregateVersion: null, recordedAt: START }))
      driver.pipe(
        failed({
          eventId: 'b',
          aggregateId: 'B',
          tenantId: 'beta',
          aggregateVersion: null,
          recordedAt: START,
        }),
      )
      return driver
    }
    const [driver, restarted] = [make(), make()]
    expect([...driver.entries(TENANT_IDS).keys()]).toEqual(['acme|a'])
    restarted.checkpoint()
    restarted.restart()
    for (const one of [driver, restarted]) {
      one.pipe(failed({ eventId: 'a', aggregateId: 'A', aggregateVersion: null, recordedAt: START }))
      expect(sumOf(one, 'acme')).toBe(100n)
      one.tick(START + 24 * HOUR)
      expect(one.entries(TENANT_IDS).size).toBe(0)
      one.pipe(failed({ eventId: 'a', aggregateId: 'A', aggregateVersion: null, recordedAt: START }))
      one.pipe(
        failed({ eventId: 'c', aggregateId: 'C', aggregateVersion: null, recordedAt: START + 24 * HOUR }),
      )
      one.cut()
      expect(one.late().map(({ key }) => key)).toEqual(['acme'])
      expect(one.state(TALLY, 'acme')?.count).toBe(2)
    }
    expect(driver.digest()).toBe(restarted.digest())
  })
})
