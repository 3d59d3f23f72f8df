/** The fold of one partition, through the driver. */
import { describe, expect, it } from '@jest/globals'
import { Task } from '../../../processors/runtime/task.ts'
import { TEST_CODEC, TestDriver } from '../../../processors/runtime/testing/driver.ts'
import { runtimeTopics } from '../../../processors/runtime/topics.ts'
import type { Topology } from '../../../processors/runtime/topology.ts'
import { TOPICS } from '../../../schemas/topics.ts'
import { codec } from './oracle.ts'
import { failed, HOUR, reversed, START, TALLY, TOYS } from './toy.ts'

const driver = (options = {}) => new TestDriver({ topologies: TOYS, ...options })

describe('a task', () => {
  it('renders one result per dirty key at a cut, from the state as it stands', () => {
    const d = driver({ autoCut: false })
    d.pipe(failed({ failedDate: 5 }))
    d.pipe(failed({ failedDate: 7 }))
    d.cut()
    expect(d.emitted(TOPICS.results).map(({ key }) => key)).toEqual(['acme|tally|', 'leader|rank|'])
    expect(d.results().get('acme|tally|')?.data).toMatchObject({
      asOf: 12,
      revision: 1,
      epoch: 1,
      logTime: START,
    })
  })

  it('counts an event once, whether its id or its version comes again', () => {
    const d = driver()
    const first = failed({ aggregateId: 'A' })
    d.pipe(first)
    d.pipe(first)
    d.pipe(failed({ aggregateId: 'A' }))
    const loose = failed({ aggregateVersion: null })
    d.pipe(loose)
    d.pipe(loose)
    expect(d.state(TALLY, 'acme')).toEqual({ count: 2, sum: 200n })
    expect(d.dlq()).toEqual([])
  })

  it('sends a lower version that it never saw to the DLQ, and applies it where order does not matter', () => {
    const d = driver()
    d.pipe(failed({ aggregateId: 'A', aggregateVersion: 1 }))
    d.pipe(failed({ aggregateId: 'A', aggregateVersion: 4 }))
    d.pipe(failed({ aggregateId: 'A', aggregateVersion: 2 }))
    d.pipe(reversed({ aggregateId: 'A', aggregateVersion: 3 }))
    d.pipe(reversed({ aggregateId: 'A', aggregateVersion: 3 }))
    expect(d.state(TALLY, 'acme')?.count).toBe(3)
    expect(d.dlq().map(({ code, offset }) => [code, offset])).toEqual([['version_regression', 2]])
  })

  it('undoes all that a refused event did, in every topology, and does not remember it', () => {
    const d = driver()
    d.pipe(failed())
    const before = d.digest()
    const place = { offset: 1 }
    for (const reason of ['refuse', 'boom', 'late-boom']) {
      d.pipe(failed({ aggregateId: 'X', reason, tenantId: 'zeta' }))
      expect(d.state(TALLY, 'zeta')).toBeUndefined()
    }
    expect(d.dlq().map(({ code }) => code)).toEqual(['not_today', 'handler_failed', 'handler_failed'])
    expect(d.emitted(TOPICS.alerts)).toHaveLength(place.offset)
    expect(d.results().has('zeta|tally|')).toBe(false)
    d.pipe(failed({ aggregateId: 'X', tenantId: 'zeta' }))
    expect(d.state(TALLY, 'zeta')).toEqual({ count: 1, sum: 100n })
    expect(before).not.toBe(d.digest())
  })

  it('fires timers in order of time and name before the event that moved log time past them', () => {
    const d = driver()
    d.pipe(failed({ tenantId: 'b' }), { timestamp: START })
    d.pipe(failed({ tenantId: 'a' }), { timestamp: START })
    d.pipe(failed({ tenantId: 'c' }), { timestamp: START + 1 })
    d.pipe(failed({ tenantId: 'a', failedDate: 900 }), { timestamp: START + 3 * HOUR })
    expect(d.emitted(TOPICS.history).map(({ value }) => String(value))).toEqual([
      `a:100:${START + HOUR}`,
      `b:100:${START + HOUR}`,
      `c:100:${START + HOUR + 1}`,
    ])
    expect(d.state(TALLY, 'a')?.sum).toBe(1001n)
  })

  it('undoes a timer that throws, says so in the DLQ, and goes on', () => {
    const d = driver()
    for (let i = 0; i < 13; i++) d.pipe(failed())
    d.tick(START + 2 * HOUR)
    expect(d.dlq()).toMatchObject([{ code: 'timer_failed', key: 'tally/say:acme' }])
    expect(d.state(TALLY, 'acme')?.sum).toBe(1300n)
    d.pipe(failed())
    expect(d.state(TALLY, 'acme')?.count).toBe(14)
  })

  it('has done with a timer that threw: it does not fire again, not even after a restart', () => {
    const d = driver()
    for (let i = 0; i < 13; i++) d.pipe(failed())
    d.tick(START + 2 * HOUR)
    d.checkpoint()
    d.restart()
    d.tick(START + 9 * HOUR)
    expect(d.dlq()).toHaveLength(1)
  })

  it('moves time by a tick that a handler refuses, in a replay as well', () => {
    const grumpy: Topology = {
      name: 'grumpy',
      version: 1,
      stores: [],
      onEvent: (event) => {
        if (event.type === 'Tick') throw new Error('no ticks, please')
      },
      render: () => [],
    }
    const d = new TestDriver({ topologies: [grumpy] })
    d.pipe(failed())
    d.cut()
    d.tick(START + HOUR, { timestamp: START + HOUR - 30_000 })
    d.cut()
    const before = d.digest()
    expect([d.logTime, d.dlq().length]).toEqual([START + HOUR, 1])
    d.restart()
    expect(d.digest()).toBe(before)
  })

  it('shows each tick to the topologies once', () => {
    const seen: number[] = []
    const watch: Topology = {
      name: 'watch',
      version: 1,
      stores: [],
      onEvent: (event) => {
        if (event.type === 'Tick') seen.push(event.data.instant - START)
      },
      render: () => [],
    }
    const d = new TestDriver({ topologies: [watch] })
    for (const instant of [1, 2, 1, 2, 3]) d.tick(START + instant, { timestamp: START + 3 })
    expect(seen).toEqual([1, 2, 3])
  })

  it('applies a tick only when it is newer, and refuses one more than a minute ahead of its append time', () => {
    const d = driver()
    d.tick(START + HOUR)
    d.tick(START + HOUR, { timestamp: START + HOUR })
    d.tick(START, { timestamp: START + HOUR })
    expect(d.logTime).toBe(START + HOUR)
    d.tick(START + 2 * HOUR, { timestamp: START + 2 * HOUR - 60_001 })
    expect(d.logTime).toBe(START + 2 * HOUR - 60_001)
    d.tick(START + 2 * HOUR, { timestamp: START + 2 * HOUR - 60_000 })
    expect(d.logTime).toBe(START + 2 * HOUR)
    expect(d.dlq().map(({ code }) => code)).toEqual(['tick_ahead'])
  })

  it('refuses a tick under a tenant key: it would move the time of others', () => {
    const d = driver()
    d.tick(START)
    const value = d.log[0]?.value ?? null
    d.pipeBytes('acme', value)
    expect(d.dlq().map(({ code }) => code)).toEqual(['key_mismatch'])
  })

  it('takes a cut back whole: what it held goes out with the next one, before what came since', () => {
    const topics = runtimeTopics()
    const task = new Task({ topologies: TOYS, codec, topics, partition: 0, partitions: 1 })
    const fold = (offset: number, tenantId: string): void => {
      const { type, data } = failed({ tenantId })
      const value = TEST_CODEC.encode(type, data)
      task.fold({
        topic: topics.events,
        partition: 0,
        offset,
        timestamp: START,
        key: Buffer.from(tenantId),
        value,
        headers: {},
      })
    }
    fold(0, 'acme')
    const first = task.cut()
    fold(1, 'beta')
    task.takeBack(first)
    const second = task.cut()
    expect(second.once.map(({ key }) => key)).toEqual(['acme', 'beta'])
    expect(second.results.map(({ key }) => key)).toEqual(['beta|tally|', 'acme|tally|', 'leader|rank|'])
    expect([second.records, second.offset, task.hasWork]).toEqual([2, 2, false])
  })

  it('does not fold a record again that it is handed twice', () => {
    const d = driver({ autoCut: false })
    d.pipeBytes('acme', Buffer.from('poison'))
    const task = new Task({ topologies: TOYS, codec, topics: runtimeTopics(), partition: 0, partitions: 1 })
    const [record] = d.log
    if (record) for (let i = 0; i < 3; i++) task.fold(record)
    expect(task.cut().once).toHaveLength(1)
  })

  it('never lets log time go back', () => {
    const d = driver()
    d.pipe(failed(), { timestamp: START + HOUR })
    d.pipe(failed(), { timestamp: START })
    expect(d.logTime).toBe(START + HOUR)
  })

  it('sends what it cannot read to the DLQ with its bytes and where they came from, and moves on', () => {
    const d = driver()
    const good = d.codec.encode('PaymentFailed', failed().data)
    const poison: readonly [string, Buffer | null][] = [
      ['bad_magic', null],
      ['bad_magic', Buffer.from('nonsense')],
      ['bad_magic', Buffer.alloc(0)],
      ['unknown_schema', Buffer.concat([Buffer.from([0, 0, 0, 0xff, 0xff]), good.subarray(5)])],
      ['undecodable', good.subarray(0, good.length - 1)],
      ['undecodable', Buffer.concat([good, Buffer.from([1])])],
    ]
    for (const [, bytes] of poison)
      d.pipeBytes('acme', bytes, { headers: { traceparent: Buffer.from('00-a') } })
    d.pipe(failed())
    const letters = d.dlq()
    expect(letters.map(({ code }) => code)).toEqual(poison.map(([code]) => code))
    letters.forEach((letter, i) => {
      expect(letter.value).toEqual(poison[i]?.[1])
      expect(letter).toMatchObject({ key: 'acme', offset: i, partition: 0 })
      expect(letter.headers).toMatchObject({ traceparent: '00-a', 'nikash-dlq-topic': TOPICS.events })
    })
    expect(letters[3]?.headers['nikash-dlq-schema-id']).toBe('65535')
    expect(d.state(TALLY, 'acme')?.count).toBe(1)
  })

  it('refuses an event under another key than its tenant', () => {
    const d = driver()
    d.pipe(failed({ tenantId: 'acme' }), { key: 'other' })
    expect(d.dlq().map(({ code }) => code)).toEqual(['key_mismatch'])
    expect(d.state(TALLY, 'acme')).toBeUndefined()
  })

  it('forwards a record of a foreign partition unchanged, once, and exempts the broadcast key', () => {
    // murmur2 of 'acme' and of 'zeta' as the Java client computes it, modulo 10: see the vectors of schemas/values.
    const d = driver({ partition: 0, partitions: 10 })
    const home = new Map<string, number>()
    for (const tenantId of ['acme', 'beta', 'zeta', 'tenant-1', 'tenant-2', 'tenant-3'])
      d.pipe(failed({ tenantId }))
    d.tick(START)
    for (const { key, partition, headers, value } of d.emitted(TOPICS.events)) {
      home.set(key, partition ?? -1)
      expect(headers).toEqual({ 'nikash-rerouted': '0' })
      expect(value).toEqual(d.log.find((record) => String(record.key) === key)?.value)
    }
    expect(home.size).toBeGreaterThan(3)
    const [key] = [...home.keys()]
    d.pipe(failed({ tenantId: key ?? '' }))
    const moved = new TestDriver({ topologies: TOYS, partition: home.get(key ?? '') ?? 0, partitions: 10 })
    moved.pipe(failed({ tenantId: key ?? '' }))
    expect(moved.state(TALLY, key ?? '')?.count).toBe(1)
    d.pipeBytes(key ?? '', d.log[0]?.value ?? null, { headers: { 'nikash-rerouted': Buffer.from('3') } })
    expect(d.dlq().map(({ code }) => code)).toEqual(['reroute_loop'])
    expect(d.logTime).toBe(START)
  })

  it('gives a record without a key the key of its tenant when it forwards it', () => {
    const d = driver({ partition: 0, partitions: 10 })
    const value = d.codec.encode('PaymentFailed', failed({ tenantId: 'acme' }).data)
    d.pipeBytes(null, value)
    const here = d.state(TALLY, 'acme')
    const moved = d.emitted(TOPICS.events)
    expect(here === undefined ? moved.map(({ key }) => key) : ['acme']).toEqual(['acme'])
  })

  it('puts aside an unseen event from before the time up to which ids were forgotten, and remembers the others', () => {
    const d = driver({ idHorizonMs: 24 * HOUR })
    const loose = (recordedAt: number) => failed({ aggregateVersion: null, recordedAt })
    const old = loose(START)
    d.pipe(old, { timestamp: START })
    d.pipe(loose(START - 400 * 24 * HOUR), { timestamp: START })
    expect(d.state(TALLY, 'acme')?.count).toBe(2)
    d.tick(START + 30 * HOUR)
    d.pipe(old)
    d.pipe(loose(START + 20 * HOUR))
    expect(d.late().map(({ headers }) => headers['nikash-dlq-code'])).toEqual(['late'])
    expect(d.state(TALLY, 'acme')?.count).toBe(3)
  })
})
