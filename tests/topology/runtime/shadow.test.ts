/** A shadow run beside the live one: its own topics, exact ends, and a comparison that finds what differs. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { compareTopic, resultIdentity } from '../../../deploy/cli/shadow-compare.ts'
import { MemoryKafka } from '../../../platform/kafka/memory/port.ts'
import { runShadow, SHADOW_NAME, shadowOf, shadowSpecs } from '../../../processors/runtime/shadow.ts'
import { TEST_CODEC } from '../../../processors/runtime/testing/driver.ts'
import type { RenderContext, Topology } from '../../../processors/runtime/topology.ts'
import { CATALOGUE } from '../../../schemas/topics.ts'
import { Cluster, codec, disturb, GROUP, PARTITIONS, random, topics, until } from './cluster.ts'
import { TALLY, TOYS } from './toy.ts'

const ALL = Array.from({ length: PARTITIONS }, (_, partition) => partition)

/** A topology that counts acme one too much. */
const wrong: readonly Topology[] = TOYS.map((topology) =>
  topology.name === 'tally'
    ? {
        ...topology,
        render: (key: string, ctx: RenderContext) =>
          topology.render(key, {
            ...ctx,
            store: (spec) => {
              const store = ctx.store(spec)
              if (spec.name !== TALLY.name) return store
              return { ...store, get: (k: string) => more(k, store.get(k)) as never }
            },
          }),
      }
    : topology,
)
const more = (key: string, value: unknown): unknown =>
  key === 'acme' && value !== undefined
    ? { ...(value as object), sum: (value as { sum: bigint }).sum + 1n }
    : value

describe('a shadow', () => {
  let cluster: Cluster
  let port: MemoryKafka
  beforeEach(async () => {
    cluster = new Cluster()
    port = new MemoryKafka(cluster.broker)
    await cluster.start()
    disturb(cluster, random(31), 150)
    await until('caught up', () => cluster.caughtUp())
  })
  afterEach(() => cluster.stop())

  const endsNow = () => new Map(ALL.map((partition) => [partition, cluster.committed(partition)]))
  const live = () =>
    CATALOGUE.filter(({ name }) => ![topics.events, `${topics.events}.none`].includes(name)).map(
      ({ name }) => {
        try {
          return ALL.map((partition) => cluster.broker.log(name, partition).stable)
        } catch {
          return name
        }
      },
    )
  const run = async (name: string, ends: ReadonlyMap<number, number>, topologies = TOYS) => {
    for (const spec of shadowSpecs(name, { topic: topics.events, partitions: PARTITIONS }))
      cluster.broker.createTopic(spec.name, PARTITIONS)
    await runShadow({ port, codec, topologies, name, groupId: GROUP, ends, epochMin: 2 })
    const pair = { live: topics.results, shadow: shadowOf(topics.results, name) }
    return compareTopic({ port, codec: TEST_CODEC, admin: await port.admin() }, pair, resultIdentity, ends)
  }

  it('comes to the same results, in the next epoch, and leaves no trace in any live topic', async () => {
    const before = [live(), ALL.map((p) => cluster.end(p)), ALL.map((p) => cluster.committed(p))]
    const found = await run('one', endsNow())
    expect(found).toMatchObject({ differing: 0, movedOn: 0 })
    expect(found.equal).toBeGreaterThan(4)
    expect([live(), ALL.map((p) => cluster.end(p)), ALL.map((p) => cluster.committed(p))]).toEqual(before)
    const [record] = cluster.read(shadowOf(topics.results, 'one'), 0)
    const decoded = TEST_CODEC.decode(record?.value ?? null)
    expect(decoded).toMatchObject({ ok: true, data: { epoch: 2 } })
  })

  it('stops at its ends while the live run goes on, and says what was replaced since', async () => {
    const ends = endsNow()
    disturb(cluster, random(32), 80)
    await until('caught up', () => cluster.caughtUp())
    const found = await run('two', ends)
    expect(found.differing).toBe(0)
    // At the ends it stopped: nothing of it was made of a later record.
    for (const partition of ALL) {
      for (const { value } of cluster.read(shadowOf(topics.results, 'two'), partition)) {
        const decoded = TEST_CODEC.decode(value)
        const revision = decoded.ok ? Number((decoded.data as { revision: unknown }).revision) : Number.NaN
        expect(revision).toBeLessThan(ends.get(partition) ?? 0)
      }
    }
  })

  it('of other code lists what differs, by key and field', async () => {
    const found = await run('three', endsNow(), wrong)
    expect(found.differing).toBe(1)
    expect(found.differences[0]).toMatchObject({ key: 'acme|tally|', kind: 'differs' })
    expect(found.differences[0]?.fields.map(({ path }) => path)).toEqual(['asOf'])
  })

  it('can be run again under its name', async () => {
    await run('four', endsNow())
    disturb(cluster, random(33), 30)
    await until('caught up', () => cluster.caughtUp())
    const ends = endsNow()
    await runShadow({ port, codec, topologies: TOYS, name: 'four', groupId: GROUP, ends })
    const pair = { live: topics.results, shadow: shadowOf(topics.results, 'four') }
    const parts = { port, codec: TEST_CODEC, admin: await port.admin() }
    expect((await compareTopic(parts, pair, resultIdentity, ends)).differing).toBe(0)
  })

  it('has a name that cannot be anything else', () => {
    for (const name of ['check', 'a-1']) expect(name).toMatch(SHADOW_NAME)
    for (const name of ['', 'A', '-x', 'a.b', 'a_b', 'x'.repeat(32)]) expect(name).not.toMatch(SHADOW_NAME)
  })
})
