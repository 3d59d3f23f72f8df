/** Checkpoints of one task: cells to records and back. */
import { describe, expect, it } from '@jest/globals'
import type { OutputRecord } from '../../../platform/kafka/port.ts'
import { Checkpointer, PART_BYTES } from '../../../processors/runtime/checkpoint.ts'
import { CheckpointImage } from '../../../processors/runtime/restore-image.ts'
import { jsonCodec } from '../../../processors/runtime/state/codec.ts'
import { Task } from '../../../processors/runtime/task.ts'
import { runtimeTopics } from '../../../processors/runtime/topics.ts'
import type { StoreSpec, Topology } from '../../../processors/runtime/topology.ts'

const spec = (cells: number, version = 1): StoreSpec<string> => ({
  name: 'notes',
  cells,
  codec: jsonCodec<string>({ version, upgrade: (value) => `${String(value)}!` }),
})
const topology = (store: StoreSpec<string>, version = 1): Topology => ({
  name: 'notes',
  version,
  stores: [store] as never,
  onEvent() {},
  render: () => [],
})
const taskOf = (topologies: readonly Topology[]): Task =>
  new Task({
    topologies,
    codec: {
      decodeEvent: () => ({ ok: false, code: 'bad_magic', message: '' }),
      wants: () => undefined,
      prepare: () => Promise.resolve(false),
    },
    topics: runtimeTopics(),
    partition: 0,
    partitions: 1,
  })
const options = (topologies: readonly Topology[]) => ({
  group: 'g',
  topic: 'c',
  topologies,
  topicId: 'id',
  transactionalId: 'tx',
})
const notes = (task: Task) =>
  task.state.stores.get('notes') as NonNullable<ReturnType<typeof task.state.stores.get>>

/** The topic after some checkpoints, as compaction leaves it. */
class Topic {
  readonly values = new Map<string, Buffer>()
  write(records: readonly OutputRecord[]): void {
    for (const { key, value } of records) {
      if (value === null) this.values.delete(String(key))
      else this.values.set(String(key), value)
    }
  }
  image(): CheckpointImage {
    const image = new CheckpointImage('g')
    for (const [key, value] of this.values) image.apply(Buffer.from(key), value)
    return image
  }
}

function written(task: Task, topologies: readonly Topology[], topic: Topic, found = {}): Checkpointer {
  const checkpointer = new Checkpointer(task, options(topologies), found)
  checkpointer.begin()
  checkpointer.encode()
  topic.write(checkpointer.part?.records ?? [])
  checkpointer.confirmed()
  return checkpointer
}

describe('a checkpoint', () => {
  it('brings every value back, in another cell layout and another codec version too, and clears the old cells away', () => {
    const before = [topology(spec(8))]
    const task = taskOf(before)
    for (let i = 0; i < 100; i++) notes(task).set(`k${i}`, `v${i}`)
    const topic = new Topic()
    written(task, before, topic)
    const after = [topology(spec(3, 2))]
    const next = taskOf(after)
    const { manifest } = topic.image()
    const loaded = topic.image().load(next, after, manifest as NonNullable<typeof manifest>, 'here')
    expect(notes(next).get('k42')).toBe('v42!')
    expect(loaded.obsolete).toHaveLength(8)
    written(next, after, topic, loaded)
    const cells = [...topic.values.keys()].filter((key) => key.includes('|cell|'))
    // A spec of 3 cells gives 2: counts are powers of two.
    expect(cells.sort()).toEqual(['g|cell|notes|2|0|0', 'g|cell|notes|2|1|0'])
    const again = taskOf(after)
    const second = topic.image()
    second.load(again, after, second.manifest as NonNullable<typeof manifest>, 'here')
    expect(notes(again).get('k42')).toBe('v42!')
  })

  it('splits a big cell in parts, takes away the parts it no longer needs, and refuses a cell with a part missing', () => {
    const topologies = [topology(spec(1))]
    const task = taskOf(topologies)
    const topic = new Topic()
    notes(task).set('big', 'x'.repeat(PART_BYTES * 2))
    const checkpointer = written(task, topologies, topic)
    expect([...topic.values.keys()].filter((key) => key.includes('|cell|'))).toHaveLength(3)
    for (const value of topic.values.values()) expect(value.length).toBeLessThan(PART_BYTES + 10)
    const restored = taskOf(topologies)
    const image = topic.image()
    const loaded = image.load(restored, topologies, image.manifest as never, 'here')
    expect(notes(restored).get('big')).toHaveLength(PART_BYTES * 2)
    expect([...loaded.parts]).toEqual([['notes|1|0', 3]])
    notes(task).set('big', 'small')
    checkpointer.begin()
    checkpointer.encode()
    topic.write(checkpointer.part?.records ?? [])
    expect([...topic.values.keys()].filter((key) => key.includes('|cell|'))).toEqual(['g|cell|notes|1|0|0'])
    const torn = new Topic()
    written(restored, topologies, torn)
    notes(restored).set('big', 'y'.repeat(PART_BYTES * 2))
    written(restored, topologies, torn)
    torn.values.delete('g|cell|notes|1|0|1')
    const tornImage = torn.image()
    expect(() => tornImage.load(taskOf(topologies), topologies, tornImage.manifest as never, 'here')).toThrow(
      'part 1 of 3',
    )
  })

  it('keeps refusals that a replay would meet, and drops those behind it', () => {
    const topologies = [topology(spec(8))]
    const task = taskOf(topologies)
    const topic = new Topic()
    const checkpointer = new Checkpointer(task, options(topologies))
    topic.write(checkpointer.refusals([3, 7]))
    task.skipTo(5)
    checkpointer.begin()
    checkpointer.encode()
    topic.write(checkpointer.part?.records ?? [])
    checkpointer.confirmed()
    expect([...topic.values.keys()].sort()).toEqual(['g|manifest', 'g|refused|7'])
    const restored = taskOf(topologies)
    const image = topic.image()
    const loaded = image.load(restored, topologies, image.manifest as never, 'here')
    expect([...loaded.refused]).toEqual([7])
    restored.skipTo(8)
    written(restored, topologies, topic, loaded)
    expect([...topic.values.keys()]).toEqual(['g|manifest'])
  })

  it('leaves no old cell behind when a store grew out of them, and brings it all back', () => {
    const topologies = [topology(spec(64))]
    const task = taskOf(topologies)
    const topic = new Topic()
    notes(task).set('first', 'x')
    const checkpointer = written(task, topologies, topic)
    const cells = () => [...topic.values.keys()].filter((key) => key.includes('|cell|'))
    expect(cells()).toHaveLength(1)
    for (let i = 0; i < 5_000; i++) notes(task).set(`k${i}`, 'v'.repeat(200))
    for (let round = 0; round < 2; round++) {
      notes(task).set('first', `round ${round}`)
      checkpointer.begin()
      checkpointer.encode()
      if (round === 0) {
        // Lost on its way: the next one writes and clears the same.
        checkpointer.abandoned()
        continue
      }
      topic.write(checkpointer.part?.records ?? [])
      checkpointer.confirmed()
    }
    expect(notes(task).cells).toBeGreaterThan(8)
    // What the last round split is written, and cleared away, by the next.
    checkpointer.begin()
    checkpointer.encode()
    topic.write(checkpointer.part?.records ?? [])
    checkpointer.confirmed()
    const shares = cells().map((key) => 1 / Number(key.split('|')[3]))
    expect(shares.reduce((sum, one) => sum + one, 0)).toBe(1)
    const restored = taskOf(topologies)
    const image = topic.image()
    expect(image.load(restored, topologies, image.manifest as never, 'here').obsolete).toEqual([])
    expect(notes(restored).canonical()).toEqual(notes(task).canonical())
    expect(notes(restored).cells).toBe(notes(task).cells)
    expect(restored.state.dirtyCells).toBe(0)
  })

  it('writes only the cells that changed since, and those of an abandoned one again', () => {
    const topologies = [topology(spec(8))]
    const task = taskOf(topologies)
    for (let i = 0; i < 500; i++) notes(task).set(`k${i}`, 'v')
    const checkpointer = written(task, topologies, new Topic())
    notes(task).set('k1', 'w')
    checkpointer.begin()
    expect(checkpointer.part).toBeUndefined()
    while (!checkpointer.encode(() => true)) expect(checkpointer.ready).toBe(false)
    expect(checkpointer.part?.cells).toBe(1)
    checkpointer.abandoned()
    checkpointer.begin()
    checkpointer.encode()
    expect(checkpointer.part?.cells).toBe(1)
    expect(checkpointer.part?.records.at(-1)?.key).toBe('g|manifest')
  })

  it.each([
    ['a topology of another version', [topology(spec(8), 2)], 'topology_changed'],
    [
      'another set of topologies',
      [topology(spec(8)), { ...topology({ ...spec(1), name: 'more' }), name: 'm' }],
      'topology_changed',
    ],
  ])('is refused by %s', (_, topologies, code) => {
    const before = [topology(spec(8))]
    const topic = new Topic()
    written(taskOf(before), before, topic)
    const image = topic.image()
    expect(() => image.load(taskOf(topologies), topologies, image.manifest as never, 'here')).toThrow(
      expect.objectContaining({ code }) as never,
    )
  })

  it('is refused by code that knows only an older codec', () => {
    const topic = new Topic()
    const newer = [topology(spec(8, 3))]
    written(taskOf(newer), newer, topic)
    const image = topic.image()
    const older = [topology(spec(8, 2))]
    expect(() => image.load(taskOf(older), older, image.manifest as never, 'here')).toThrow('codec version 3')
  })
})
