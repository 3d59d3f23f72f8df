/**
 * Ids of version-less events (A5), in segments by the log time at which they were first seen. A segment is closed after
 * a time or a number of ids and never changes again, so a checkpoint writes only what came since; eviction drops whole
 * segments. I1: segments are in order of log time. I2: a frozen segment needs no copy: ids are only appended, and a
 * checkpoint remembers how many there were.
 */
import { ID_HORIZON_MS } from '../../../schemas/rules/accept.ts'
import { CellWriter, readCell } from './bytes.ts'
import type { FrozenCell } from './cell-store.ts'
import type { UndoLog, Undoable } from './undo.ts'

export const SEGMENT_MS = 6 * 3_600_000
export const SEGMENT_IDS_MAX = 1_000

interface Segment {
  readonly sequence: number
  /** Log times of its first and last id. */
  readonly from: number
  to: number
  readonly ids: string[]
  dirty: boolean
}

const writer = new CellWriter()
const NO_VALUE = Buffer.alloc(0)

export class IdSegments implements Undoable {
  readonly #undo: UndoLog
  readonly #horizonMs: number
  readonly #seen = new Set<string>()
  readonly #segments: Segment[] = []
  #dirty: Segment[] = []
  #evicted: number[] = []
  #next = 0
  /** Log time up to which ids were forgotten; -Infinity: none was. */
  forgottenBefore = Number.NEGATIVE_INFINITY

  constructor(undo: UndoLog, horizonMs = ID_HORIZON_MS) {
    this.#undo = undo
    this.#horizonMs = horizonMs
  }

  get size(): number {
    return this.#seen.size
  }

  has(id: string): boolean {
    return this.#seen.has(id)
  }

  add(id: string, logTime: number): void {
    let segment = this.#segments.at(-1)
    if (!segment || segment.ids.length >= SEGMENT_IDS_MAX || logTime - segment.from >= SEGMENT_MS) {
      segment = { sequence: this.#next++, from: logTime, to: logTime, ids: [], dirty: false }
      this.#segments.push(segment)
    }
    this.#undo.push(this, id, segment.to)
    segment.to = logTime
    segment.ids.push(id)
    this.#seen.add(id)
    this.#touch(segment)
  }

  /** Takes back the last `add`. */
  undo(id: string, before: unknown): void {
    const segment = this.#segments.at(-1) as Segment
    segment.ids.pop()
    segment.to = before as number
    this.#seen.delete(id)
    if (segment.ids.length > 0) return
    this.#segments.pop()
    this.#next = segment.sequence
    this.#dirty = this.#dirty.filter((other) => other !== segment)
  }

  /** Forgets what log time has left behind by the horizon. Cheap when there is nothing to do. */
  evict(logTime: number): void {
    for (;;) {
      const oldest = this.#segments[0]
      if (oldest === undefined || oldest.to >= logTime - this.#horizonMs) return
      this.#segments.shift()
      for (const id of oldest.ids) this.#seen.delete(id)
      this.forgottenBefore = oldest.to + 1
      this.#evicted.push(oldest.sequence)
      if (oldest.dirty) this.#dirty = this.#dirty.filter((other) => other !== oldest)
    }
  }

  #touch(segment: Segment): void {
    if (segment.dirty) return
    segment.dirty = true
    this.#dirty.push(segment)
  }

  freeze(): FrozenCell[] {
    const frozen: FrozenCell[] = this.#evicted.map((index) => ({
      index,
      encode: () => null,
      release: () => undefined,
    }))
    for (const segment of this.#dirty) frozen.push(frozenSegment(segment))
    this.#dirty = []
    this.#evicted = []
    return frozen
  }

  markDirty(index: number): void {
    const segment = this.#segments.find((one) => one.sequence === index)
    if (segment) this.#touch(segment)
    else this.#evicted.push(index)
  }

  get dirtyCells(): number {
    return this.#dirty.length + this.#evicted.length
  }

  /** Segments may come in any order; `settle` puts them in theirs. */
  load(index: number, bytes: Buffer): void {
    const ids: string[] = []
    let bounds: readonly [number, number] = [0, 0]
    readCell(bytes, (key, value) => {
      if (value.length === 0) ids.push(key)
      else bounds = JSON.parse(value.toString('utf8')) as [number, number]
    })
    for (const id of ids) this.#seen.add(id)
    this.#segments.push({ sequence: index, from: bounds[0], to: bounds[1], ids, dirty: false })
  }

  settle(forgottenBefore: number, next: number): void {
    this.#segments.sort((a, b) => a.sequence - b.sequence)
    this.forgottenBefore = forgottenBefore
    this.#next = next
  }

  get nextSequence(): number {
    return this.#next
  }

  /** Bytes of all segments, in order. */
  canonical(): Buffer {
    return Buffer.concat(this.#segments.map((one) => encode(one, one.ids.length, one.to)))
  }
}

function frozenSegment(segment: Segment): FrozenCell {
  segment.dirty = false
  const count = segment.ids.length
  const to = segment.to
  return {
    index: segment.sequence,
    encode: () => encode(segment, count, to),
    release: () => undefined,
  }
}

/** Ids in the order of their arrival, behind the segment's bounds. */
function encode(segment: Segment, count: number, to: number): Buffer {
  writer.begin(count + 1)
  writer.entry('', Buffer.from(JSON.stringify([segment.from, to])))
  for (let i = 0; i < count; i++) writer.entry(segment.ids[i] as string, NO_VALUE)
  return writer.end()
}
