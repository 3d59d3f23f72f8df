/** A dead letter from the engine to the operator and back: every kind is listed, and a replay is applied exactly once. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { canReplay, openLetters, settle } from '../../../deploy/cli/dead-letters.ts'
import { MemoryKafka } from '../../../platform/kafka/memory/port.ts'
import { resetProcessors } from '../../../processors/runtime/reset.ts'
import { TEST_CODEC } from '../../../processors/runtime/testing/driver.ts'
import type { Topology } from '../../../processors/runtime/topology.ts'
import type { FinanceEvent } from '../../../schemas/generated/records.ts'
import { partitionOf } from '../../../schemas/values/partition.ts'
import { Cluster, GROUP, PARTITIONS, topics, until } from './cluster.ts'
import { failed, HOUR, START, TALLY, TOYS } from './toy.ts'

const ACME = partitionOf('acme', PARTITIONS)
const encode = (event: FinanceEvent): Buffer => TEST_CODEC.encode(event.type, event.data as never)

/** The same topologies after the cause was mended: what was refused is accepted. */
const mended: readonly Topology[] = TOYS.map((topology) => ({
  ...topology,
  onEvent(event, ctx) {
    const { reason } = event.data as { reason?: string }
    topology.onEvent(
      reason === 'refuse' ? ({ ...event, data: { ...event.data, reason: 'ok' } } as never) : event,
      ctx,
    )
  },
}))

describe('a dead letter', () => {
  let cluster: Cluster
  let port: MemoryKafka
  beforeEach(() => {
    cluster = new Cluster()
    port = new MemoryKafka(cluster.broker)
  })
  afterEach(() => cluster.stop())

  const open = () => openLetters(port, topics.events)
  const caughtUp = () => until('caught up', () => cluster.caughtUp())

  it('of each kind names the record it is about, and says whether it can be replayed', async () => {
    const whole = encode(failed())
    const magic = Buffer.from(whole)
    magic[0] = 9
    const foreign = Buffer.from(whole)
    foreign.writeInt32BE(987_654, 1)
    const mine = ['acme', 'beta', 'gamma', 'delta'].filter((id) => partitionOf(id, PARTITIONS) === ACME)
    await cluster.start()
    for (const bytes of [magic, foreign, whole.subarray(0, 20), null]) cluster.bytes('acme', bytes)
    cluster.bytes(mine[1] as string, encode(failed()))
    cluster.append(failed({ reason: 'refuse' }))
    cluster.append(failed({ reason: 'boom' }))
    // thirteen of a tenant, then an hour without any: its timer throws
    for (let i = 0; i < 13; i++) cluster.append(failed({ tenantId: mine[1] as string }))
    cluster.nowMs = START + 2 * HOUR
    cluster.append(failed())
    await caughtUp()
    const letters = await open()
    expect(letters.map((letter) => [letter.code, letter.offset, canReplay(letter)])).toEqual([
      ['bad_magic', '0', true],
      ['unknown_schema', '1', true],
      ['undecodable', '2', true],
      ['bad_magic', '3', false],
      ['key_mismatch', '4', true],
      ['not_today', '5', true],
      ['handler_failed', '6', true],
      ['timer_failed', '20', false],
    ])
    expect(
      letters.every(({ topic, partition }) => topic === topics.events && partition === String(ACME)),
    ).toBe(true)
  })

  it('that is replayed after its cause was mended is applied exactly once, whoever else replays it meanwhile', async () => {
    const { worker } = await cluster.start()
    cluster.append(failed({ failedDate: 5 }))
    cluster.append(failed({ failedDate: 70, reason: 'refuse' }))
    await caughtUp()
    await worker.stop()
    const heir = await cluster.start({ topologies: mended })
    await until('it runs', () => heir.worker.whole)
    const letters = await open()
    expect(letters.map(({ code }) => code)).toEqual(['not_today'])
    const both = await Promise.allSettled([
      settle(port, letters, 'replayed', 'one'),
      settle(port, letters, 'replayed', 'two'),
    ])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await settle(port, letters, 'replayed', 'who had listed them before')).toBe(0)
    await until('the copy is read', () => cluster.end(ACME) > 2 && cluster.caughtUp())
    // A copy that was sent by hand, with the bytes of the letter: the event is known by its id.
    cluster.bytes('acme', letters[0]?.record.value ?? null)
    await caughtUp()
    expect(heir.worker.runner(ACME)?.task?.state.stores.get(TALLY.name)?.get('acme')).toEqual({
      count: 2,
      sum: 75n,
    })
    expect(await open()).toEqual([])
  })

  it('that is replayed too early comes back as a new letter, and the old one stays settled', async () => {
    await cluster.start()
    cluster.append(failed({ reason: 'refuse' }))
    await caughtUp()
    const [letter] = await open()
    await settle(port, letter ? [letter] : [], 'replayed', 'me')
    await until('it was read again', () => cluster.end(ACME) > 1 && cluster.caughtUp())
    const again = await open()
    expect(again.map(({ code, offset }) => [code, offset])).toEqual([['not_today', '1']])
    expect(again[0]?.id).not.toBe(letter?.id)
  })

  it('is not doubled by a rebuild, and what was decided about it stays decided', async () => {
    const { worker } = await cluster.start()
    cluster.append(failed({ reason: 'refuse' }))
    cluster.append(failed({ reason: 'boom' }))
    await caughtUp()
    const before = await open()
    await settle(port, before.slice(0, 1), 'discarded', 'me')
    await worker.stop()
    await resetProcessors({ port, groupId: GROUP, topics, topologies: TOYS })
    await cluster.start()
    await until('the log is read again', () => cluster.read(topics.eventsDlq, ACME).length >= 5)
    expect((await open()).map(({ id }) => id)).toEqual([before[1]?.id])
  })
})
