import { afterEach, describe, expect, it } from '@jest/globals'
import { NikashError } from '../../../platform/errors.ts'
import type { InputRecord } from '../../../platform/kafka/port.ts'
import {
  type Chunk,
  Lane,
  type LaneLimits,
  type LaneWriter,
  type Opening,
} from '../../../sinks/runtime/lane.ts'
import { until } from './support/harness.ts'

const record = (offset: number, bytes = 10): InputRecord => ({
  topic: 't',
  partition: 0,
  offset,
  timestamp: 0,
  key: null,
  value: Buffer.alloc(bytes),
  headers: {},
})
const batch = (from: number, to: number, nextOffset = to + 1) => ({
  topic: 't',
  partition: 0,
  records: Array.from({ length: to - from + 1 }, (_, i) => record(from + i)),
  nextOffset,
  highWatermark: nextOffset,
})

const LIMITS: LaneLimits = {
  intervalMs: 0,
  chunkRecordsMax: 100,
  chunkBytesMax: 10_000,
  bufferRecordsMax: 20,
  bufferBytesMax: 4_000_000,
  retryFirstMs: 1,
  retryMostMs: 5,
}

class FakeWriter implements LaneWriter {
  chunks: Chunk[] = []
  idleAt: number[] = []
  opened = 0
  opening: Opening = {}
  onWrite: (chunk: Chunk) => void | Promise<void> = () => {}
  open(): Promise<Opening> {
    this.opened++
    return Promise.resolve(this.opening)
  }
  async write(chunk: Chunk): Promise<void> {
    await this.onWrite(chunk)
    this.chunks.push(chunk)
  }
  idle(next: number): Promise<void> {
    this.idleAt.push(next)
    return Promise.resolve()
  }
}

interface Rig {
  readonly lane: Lane
  readonly writer: FakeWriter
  readonly calls: string[]
  readonly failures: unknown[]
}
let lanes: Lane[] = []

async function rig(
  limits: Partial<LaneLimits> = {},
  prepare: (writer: FakeWriter) => void = () => {},
): Promise<Rig> {
  const writer = new FakeWriter()
  prepare(writer)
  const calls: string[] = []
  const failures: unknown[] = []
  const lane = new Lane({
    topic: 't',
    partition: 0,
    writer,
    limits: { ...LIMITS, ...limits },
    control: {
      seek: (offset) => void calls.push(`seek ${offset}`),
      pause: () => void calls.push('pause'),
      resume: () => void calls.push('resume'),
    },
    events: { onFailure: (error) => void failures.push(error), onWritten: () => {} },
  })
  lanes.push(lane)
  await until('open', () => lane.state === 'running')
  return { lane, writer, calls, failures }
}

const offsets = (writer: FakeWriter) => writer.chunks.flatMap((chunk) => chunk.records.map((r) => r.offset))

describe('lane of a sink', () => {
  afterEach(async () => {
    await Promise.all(lanes.map((lane) => lane.close()))
    lanes = []
  })

  it('is paused until its writer has opened, then moves to where that says', async () => {
    const { calls } = await rig({}, (writer) => {
      writer.opening = { from: 7 }
    })
    expect(calls).toEqual(['pause', 'pause', 'seek 7', 'resume'])
  })

  it('hands over every record once and in order, in chunks of bounded number and size', async () => {
    const { lane, writer } = await rig({ chunkRecordsMax: 4, chunkBytesMax: 25 })
    lane.push(batch(0, 9))
    await until('all', () => offsets(writer).length === 10)
    expect(offsets(writer)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(Math.max(...writer.chunks.map((chunk) => chunk.records.length))).toBe(2)
  })

  it('gives a record larger than a chunk a chunk of its own', async () => {
    const { lane, writer } = await rig({ chunkBytesMax: 5 })
    lane.push(batch(0, 1))
    await until('all', () => offsets(writer).length === 2)
    expect(writer.chunks.map((chunk) => [chunk.first, chunk.last])).toEqual([
      [0, 0],
      [1, 1],
    ])
  })

  it('writes the first records at once and gathers what comes within the interval', async () => {
    const { lane, writer } = await rig({ intervalMs: 60 })
    const began = performance.now()
    lane.push(batch(0, 0))
    await until('first', () => writer.chunks.length === 1)
    expect(performance.now() - began).toBeLessThan(40)
    for (let offset = 1; offset <= 5; offset++) lane.push(batch(offset, offset))
    await until('second', () => writer.chunks.length === 2)
    expect(writer.chunks[1]?.records.length).toBe(5)
    expect(performance.now() - began).toBeGreaterThanOrEqual(55)
  })

  it('does not wait for the interval when a chunk is full', async () => {
    const { lane, writer } = await rig({ intervalMs: 10_000, chunkRecordsMax: 3 })
    lane.push(batch(0, 0))
    await until('first', () => writer.chunks.length === 1)
    lane.push(batch(1, 3))
    await until('full', () => writer.chunks.length === 2)
  })

  it('pauses the partition above its mark and resumes when half is worked off', async () => {
    let release = () => {}
    const { lane, writer, calls } = await rig({ chunkRecordsMax: 5 })
    writer.onWrite = () =>
      new Promise((resolve) => {
        release = resolve
      })
    lane.push(batch(0, 29))
    expect(calls.at(-1)).toBe('pause')
    for (let n = 1; n <= 4; n++) {
      await until(`chunk ${n} begun`, () => writer.chunks.length === n - 1)
      expect(calls.at(-1)).toBe('pause')
      await new Promise((resolve) => setTimeout(resolve, 5))
      release()
    }
    await until('resumed', () => {
      release()
      return calls.at(-1) === 'resume'
    })
  })

  it('pauses by size too: few records can be large', async () => {
    const { lane, writer, calls } = await rig({ bufferBytesMax: 100 })
    writer.onWrite = () => new Promise(() => {})
    lane.push({ ...batch(0, 0), records: [record(0, 101)] })
    expect(calls.at(-1)).toBe('pause')
    writer.onWrite = () => {}
    lanes = lanes.filter((one) => one !== lane)
  })

  it('tries a failed chunk again unchanged, and says meanwhile what is wrong', async () => {
    let down = true
    const { lane, writer, failures } = await rig()
    writer.onWrite = () => {
      if (down) throw new Error('away')
    }
    lane.push(batch(0, 1))
    await until('failed', () => failures.length >= 2)
    expect(lane.failure).toMatchObject({ message: 'away' })
    lane.push(batch(2, 3))
    down = false
    await until('all', () => offsets(writer).length === 4)
    expect(writer.chunks[0]).toMatchObject({ first: 0, last: 1, next: 2 })
    expect(lane.failure).toBeUndefined()
  })

  it('works off an announced range as exactly that chunk, once all of it has come', async () => {
    const { lane, writer } = await rig({}, (one) => {
      one.opening = { from: 5, redo: { first: 5, last: 9 } }
    })
    lane.push(batch(5, 7))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(writer.chunks).toEqual([])
    lane.push(batch(8, 12))
    await until('all', () => offsets(writer).length === 8)
    expect(writer.chunks[0]).toMatchObject({ first: 5, last: 9, next: 10, redo: true })
    expect(writer.chunks[1]).toMatchObject({ first: 10, last: 12, redo: false })
  })

  it('knows the end of an announced range whose last records are gone by the position', async () => {
    const { lane, writer } = await rig({}, (one) => {
      one.opening = { from: 5, redo: { first: 5, last: 9 } }
    })
    lane.push(batch(5, 6, 10))
    await until('redone', () => writer.chunks.length === 1)
    expect(writer.chunks[0]).toMatchObject({ first: 5, last: 9, redo: true })
  })

  it('says when nothing is left, and moves over offsets that hold no record', async () => {
    const { lane, writer } = await rig()
    lane.push(batch(0, 3, 5))
    await until('idle', () => writer.idleAt.includes(5))
    lane.push({ topic: 't', partition: 0, records: [], nextOffset: 8, highWatermark: 8 })
    await until('moved', () => writer.idleAt.includes(8))
  })

  it('opens anew, from what the store holds, when the writer says that it was lost', async () => {
    const { lane, writer, calls } = await rig()
    let lost = true
    writer.onWrite = () => {
      if (!lost) return
      lost = false
      throw new NikashError('lost', 'flushed', { recover: 'rebuild-task' })
    }
    writer.opening = { from: 0 }
    lane.push(batch(10, 12))
    await until('opened again', () => writer.opened === 2 && lane.state === 'running')
    expect(calls.slice(-2)).toEqual(['seek 0', 'resume'])
    lane.push(batch(0, 12))
    await until('all', () => offsets(writer).length === 13)
  })

  it('does nothing more when the membership is over', async () => {
    const { lane, writer } = await rig()
    let tries = 0
    writer.onWrite = () => {
      tries++
      throw new NikashError('ILLEGAL_GENERATION', 'over', { recover: 'rejoin' })
    }
    lane.push(batch(0, 0))
    await new Promise((resolve) => setTimeout(resolve, 30))
    lane.push(batch(1, 1))
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(tries).toBe(1)
  })

  it('ends the step under way before it is closed, and begins none after', async () => {
    const { lane, writer } = await rig({ chunkRecordsMax: 1 })
    let ended = 0
    writer.onWrite = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      ended++
    }
    lane.push(batch(0, 5))
    await new Promise((resolve) => setTimeout(resolve, 5))
    await lane.close()
    expect(ended).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect(ended).toBe(1)
  })

  it('closes at once while it waits between two tries', async () => {
    const { lane, writer, failures } = await rig({ retryFirstMs: 5_000, retryMostMs: 5_000 })
    writer.onWrite = () => {
      throw new Error('away')
    }
    lane.push(batch(0, 0))
    await until('failed', () => failures.length === 1)
    const began = performance.now()
    await lane.close()
    expect(performance.now() - began).toBeLessThan(500)
  })
})
