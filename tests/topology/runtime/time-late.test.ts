/** Context.late: the event at hand on the late topic, with the engine's own undo, replay and once-only rules. */
import { describe, expect, it } from '@jest/globals'
import { TestDriver } from '../../../processors/runtime/testing/driver.ts'
import type { Context, Topology } from '../../../processors/runtime/topology.ts'
import { failed, HOUR, START, TOYS } from './toy.ts'

/** Says of every event with the reason `late...` that it is late, twice, then does as the reason asks. */
const judge = (name: string): Topology => ({
  name,
  version: 1,
  stores: [],
  onEvent(event, ctx) {
    if (event.type !== 'PaymentFailed') return
    const { reason } = event.data
    if (!reason.startsWith('late')) return
    const lateness = { reason: 'after_final', window: `${name} 2026-01-01`, lateMs: HOUR }
    ctx.late(lateness)
    ctx.late({ ...lateness, window: 'another' })
    if (reason === 'late-timer') ctx.setTimer('tell', ctx.meta.logTime)
    if (reason === 'late-boom') throw new Error('after all')
  },
  onTimer: (_name, _at, ctx: Context) => ctx.late({ reason: 'x', window: 'y', lateMs: 0 }),
  render: () => [],
})
const start = (options = {}) =>
  new TestDriver({ topologies: [judge('one'), judge('two')], startMs: START, ...options })

describe('an event that a handler calls late', () => {
  it('goes to the late topic once, bytes and headers kept, with why, which window and how late', () => {
    const d = start()
    const value = d.codec.encode('PaymentFailed', failed({ reason: 'late' }).data)
    d.pipeBytes('acme', value, { headers: { traceparent: Buffer.from('00-a') } })
    d.pipe(failed({ reason: 'in time' }))
    const [letter, ...others] = d.late()
    expect(others).toEqual([])
    expect(letter).toMatchObject({ key: 'acme', value, partition: 0 })
    expect(letter?.headers).toMatchObject({
      traceparent: '00-a',
      'nikash-dlq-topic': d.topics.events,
      'nikash-dlq-partition': '0',
      'nikash-dlq-offset': '0',
      'nikash-dlq-code': 'late_counted',
      'nikash-late-reason': 'after_final',
      'nikash-late-window': 'one 2026-01-01',
      'nikash-late-ms': String(HOUR),
    })
  })

  it('is not late when it did not happen', () => {
    const d = start()
    d.pipe(failed({ reason: 'late-boom' }))
    d.pipe(failed({ reason: 'late' }))
    expect(d.dlq().map(({ code }) => code)).toEqual(['handler_failed'])
    expect(d.late().map(({ headers }) => headers['nikash-dlq-offset'])).toEqual(['1'])
  })

  it('is not told again by a replay', () => {
    const d = start()
    d.pipe(failed({ reason: 'late' }))
    d.cut()
    d.pipe(failed({ reason: 'late' }))
    d.cut()
    d.restart()
    d.pipe(failed({ reason: 'late' }))
    expect(d.late().map(({ headers }) => headers['nikash-dlq-offset'])).toEqual(['0', '1', '2'])
  })

  it.each(['cut', 'produced', 'offsets', 'committed'] as const)(
    'is told once when the process dies at step %s',
    (step) => {
      const d = start({ autoCut: false })
      d.pipe(failed({ reason: 'late' }))
      d.crashAt(step)
      d.cut()
      d.cut()
      expect(d.late()).toHaveLength(1)
    },
  )

  it('is none in a timer: that fails, and fails again in a replay', () => {
    const d = start()
    d.pipe(failed({ reason: 'late-timer' }))
    expect(d.late()).toHaveLength(1)
    expect(d.dlq().map(({ code }) => code)).toEqual(['timer_failed', 'timer_failed'])
    const before = d.digest()
    d.restart()
    expect([d.digest(), d.dlq().length]).toEqual([before, 2])
  })

  it('stays apart from one that did not count', () => {
    const d = new TestDriver({ topologies: TOYS, startMs: START, idHorizonMs: 24 * HOUR })
    d.pipe(failed({ aggregateVersion: null }))
    d.tick(START + 30 * HOUR)
    d.pipe(failed({ aggregateVersion: null, recordedAt: START }))
    expect(d.late().map(({ headers }) => headers['nikash-dlq-code'])).toEqual(['late'])
  })
})
