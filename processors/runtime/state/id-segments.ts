/**
 * Ids of version-less events (A5), in segments by the log time at which they were first seen. A segment is closed after
 * a time or a number of ids and never changes again, so a checkpoint writes only what came since; eviction drops whole
 * segments. I1: segments are in order of log time. I2: a frozen segment needs no copy: ids are only appended, and a
 * checkpoint remembers how many there were. I3: an id is kept as bytes, in its segment, and found by an index of
 * hashes that compares the bytes on a match: a million ids are a few buffers and not a million objects to be moved by
 * the garbage collector. I4: the bytes of a segment are those of its cell, so that writing it is one copy.
 */
import { ID_HORIZON_MS } from '../../../schemas/rules/accept.ts'
import { CellWriter, putVarint, scanCell } from './bytes.ts'
import { KeyBytes } from './key-bytes.ts'
import type { FrozenCell } from './state-store.ts'
import type { UndoLog, Undoable } from './undo.ts'

export const SEGMENT_MS = 6 * 3_600_000
/** A power of two: an id's place is (sequence, ordinal) in one number. */
export const SEGMENT_IDS_MAX = 1_024
const ORDINAL_BITS = 10
/** Places are unique among 2^21 segments in a row: two thousand million ids inside a horizon. */
const SEQUENCE_MASK = 2 ** 21 - 1
const EMPTY = -1

interface Segment {
  readonly sequence: number
  /** Log times of its first and last id. */
  readonly from: number
  to: number
  count: number
  /** I4: entries of a cell, without values. */
  bytes: Buffer
  /** Where each entry ends in `bytes`. */
  readonly ends: Uint32Array
  readonly hashes: Int32Array
  dirty: boolean
}

/** One part of the index: open addressing, [hash, place] per slot. Small enough to grow without a pause. */
interface Shard {
  slots: Int32Array
  count: number
}
const SHARDS = 64
const SHARD_SHIFT = 26
const SLOTS_FIRST = 64

const writer = new CellWriter()

const newSegment = (sequence: number, from: number, to: number, room: number): Segment => ({
  sequence,
  from,
  to,
  count: 0,
  bytes: Buffer.allocUnsafeSlow(room),
  ends: new Uint32Array(SEGMENT_IDS_MAX),
  hashes: new Int32Array(SEGMENT_IDS_MAX),
  dirty: false,
})

const newShard = (): Shard => ({ slots: new Int32Array(SLOTS_FIRST * 2).fill(EMPTY), count: 0 })

/** FNV's high bits are weak for ids that differ at their end, and they choose the shard. */
function spread(keyHash: number): number {
  const hash = Math.imul(keyHash, 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}

export class IdSegments implements Undoable {
  readonly #undo: UndoLog
  readonly #horizonMs: number
  readonly #shards: Shard[] = Array.from({ length: SHARDS }, newShard)
  readonly #segments: Segment[] = []
  #dirty: Segment[] = []
  #evicted: number[] = []
  #next = 0
  #size = 0
  /** The id that was asked for last. */
  readonly #key: KeyBytes
  #hash = 0
  /** Log time up to which ids were forgotten; -Infinity: none was. */
  forgottenBefore = Number.NEGATIVE_INFINITY

  constructor(undo: UndoLog, horizonMs = ID_HORIZON_MS, key = new KeyBytes()) {
    this.#undo = undo
    this.#horizonMs = horizonMs
    this.#key = key
  }

  get size(): number {
    return this.#size
  }

  has(tenant: string, id: string): boolean {
    this.#key.ask(tenant, id)
    return this.#isKnown()
  }

  hasIn(tenant: string, bytes: Buffer, from: number, to: number): boolean {
    this.#key.askIn(tenant, bytes, from, to)
    return this.#isKnown()
  }

  addAsked(logTime: number): void {
    let segment = this.#segments.at(-1)
    if (!segment || segment.count >= SEGMENT_IDS_MAX || logTime - segment.from >= SEGMENT_MS) {
      if (segment) segment.bytes = Buffer.from(segment.bytes.subarray(0, endOf(segment)))
      segment = newSegment(this.#next++, logTime, logTime, 16 * 1024)
      this.#segments.push(segment)
    }
    this.#undo.push(this, '', segment.to)
    segment.to = logTime
    this.#append(segment, this.#key.bytes, 0, this.#key.length, this.#hash)
    this.#touch(segment)
  }

  /** Takes back the last `addAsked`. */
  undo(_key: string, before: unknown): void {
    const segment = this.#segments.at(-1) as Segment
    this.#remove(segment, segment.count - 1)
    segment.count--
    segment.to = before as number
    if (segment.count > 0) return
    this.#segments.pop()
    this.#next = segment.sequence
    this.#dirty = this.#dirty.filter((other) => other !== segment)
  }

  /** [from, to) of `source` as the key of an entry. */
  #append(segment: Segment, source: Uint8Array, from: number, to: number, hash: number): void {
    const start = endOf(segment)
    const most = start + to - from + ENTRY_BYTES_MAX
    if (most > segment.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(most, segment.bytes.length * 2))
      segment.bytes.copy(grown, 0, 0, start)
      segment.bytes = grown
    }
    const { bytes } = segment
    let at = putVarint(bytes, start, to - from)
    for (let i = from; i < to; i++) bytes[at++] = source[i] as number
    bytes[at++] = NO_VALUE
    segment.ends[segment.count] = at
    segment.hashes[segment.count] = hash
    this.#index(hash, ((segment.sequence & SEQUENCE_MASK) << ORDINAL_BITS) | segment.count)
    segment.count++
    this.#size++
  }

  #isKnown(): boolean {
    const hash = spread(this.#key.hash)
    this.#hash = hash
    const { slots } = this.#shards[hash >>> SHARD_SHIFT] as Shard
    const mask = slots.length / 2 - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const place = slots[slot * 2 + 1] as number
      if (place === EMPTY) return false
      if (slots[slot * 2] === hash && this.#isAsked(place)) return true
    }
  }

  #isAsked(place: number): boolean {
    const first = (this.#segments[0] as Segment).sequence
    const segment = this.#segments[((place >> ORDINAL_BITS) - first) & SEQUENCE_MASK] as Segment
    const ordinal = place & (SEGMENT_IDS_MAX - 1)
    const { length, bytes: asked } = this.#key
    const { bytes } = segment
    const from = keyFrom(segment, ordinal)
    if ((segment.ends[ordinal] as number) - 1 - from !== length) return false
    for (let i = 0; i < length; i++) if (bytes[from + i] !== asked[i]) return false
    return true
  }

  #index(hash: number, place: number): void {
    const shard = this.#shards[hash >>> SHARD_SHIFT] as Shard
    if (++shard.count * 4 > shard.slots.length) grow(shard)
    put(shard.slots, hash, place)
  }

  /** Takes one id out of the index; what stands behind its slot moves up, so that no search ends early. */
  #remove(segment: Segment, ordinal: number): void {
    const hash = segment.hashes[ordinal] as number
    const place = ((segment.sequence & SEQUENCE_MASK) << ORDINAL_BITS) | ordinal
    const shard = this.#shards[hash >>> SHARD_SHIFT] as Shard
    const { slots } = shard
    const mask = slots.length / 2 - 1
    let hole = hash & mask
    while (slots[hole * 2 + 1] !== place) hole = (hole + 1) & mask
    for (let slot = (hole + 1) & mask; slots[slot * 2 + 1] !== EMPTY; slot = (slot + 1) & mask) {
      const home = (slots[slot * 2] as number) & mask
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      slots[hole * 2] = slots[slot * 2] as number
      slots[hole * 2 + 1] = slots[slot * 2 + 1] as number
      hole = slot
    }
    slots[hole * 2 + 1] = EMPTY
    shard.count--
    this.#size--
  }

  /** Forgets what log time has left behind by the horizon. Cheap when there is nothing to do. */
  evict(logTime: number): void {
    for (;;) {
      const oldest = this.#segments[0]
      if (oldest === undefined || oldest.to >= logTime - this.#horizonMs) return
      for (let ordinal = 0; ordinal < oldest.count; ordinal++) this.#remove(oldest, ordinal)
      this.#segments.shift()
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
      count: 0,
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

  /** Segments may come in any order; `settle` puts them in theirs and indexes their ids. */
  load(index: number, bytes: Buffer): void {
    const ids: (readonly [number, number])[] = []
    let bounds: readonly [number, number] = [0, 0]
    scanCell(bytes, (keyFrom, keyTo, valueFrom, valueTo) => {
      if (valueTo === valueFrom) ids.push([keyFrom, keyTo])
      else bounds = JSON.parse(bytes.toString('utf8', valueFrom, valueTo)) as [number, number]
    })
    const segment = newSegment(index, bounds[0], bounds[1], bytes.length)
    const key = new KeyBytes()
    for (const [from, to] of ids) {
      key.askWhole(bytes, from, to)
      this.#append(segment, bytes, from, to, spread(key.hash))
    }
    this.#segments.push(segment)
  }

  settle(forgottenBefore: number, next: number): void {
    this.#segments.sort((a, b) => a.sequence - b.sequence)
    this.forgottenBefore = forgottenBefore
    this.#next = next
  }

  get nextSequence(): number {
    return this.#next
  }

  /** Every id as `tenant|id`, in the order of their arrival, with the log times of its segment. */
  *entries(): IterableIterator<{ readonly key: string; readonly from: number; readonly to: number }> {
    for (const segment of this.#segments) {
      const { bytes, ends, count, from, to } = segment
      for (let i = 0; i < count; i++) {
        const end = (ends[i] as number) - 1
        yield { key: bytes.toString('utf8', keyFrom(segment, i), end), from, to }
      }
    }
  }

  /** Bytes of all segments, in order. */
  canonical(): Buffer {
    return Buffer.concat(this.#segments.map((one) => encode(one, one.count, one.to)))
  }
}

/** The length of a key and its missing value. */
const ENTRY_BYTES_MAX = 6
const NO_VALUE = 0

const startOf = ({ ends }: Segment, ordinal: number): number =>
  ordinal === 0 ? 0 : (ends[ordinal - 1] as number)

/** Behind the length of the key. */
function keyFrom(segment: Segment, ordinal: number): number {
  let at = startOf(segment, ordinal)
  while ((segment.bytes[at++] as number) > 0x7f);
  return at
}

const endOf = (segment: Segment): number => startOf(segment, segment.count)

function put(slots: Int32Array, hash: number, place: number): void {
  const mask = slots.length / 2 - 1
  let slot = hash & mask
  while (slots[slot * 2 + 1] !== EMPTY) slot = (slot + 1) & mask
  slots[slot * 2] = hash
  slots[slot * 2 + 1] = place
}

function grow(shard: Shard): void {
  const { slots } = shard
  shard.slots = new Int32Array(slots.length * 2).fill(EMPTY)
  for (let at = 0; at < slots.length; at += 2)
    if (slots[at + 1] !== EMPTY) put(shard.slots, slots[at] as number, slots[at + 1] as number)
}

function frozenSegment(segment: Segment): FrozenCell {
  segment.dirty = false
  const { count, to } = segment
  return {
    count: 0,
    index: segment.sequence,
    encode: () => encode(segment, count, to),
    release: () => undefined,
  }
}

/** Ids in the order of their arrival, behind the segment's bounds. */
function encode({ bytes, ends, from }: Segment, count: number, to: number): Buffer {
  writer.begin(count + 1)
  writer.entry('', JSON.stringify([from, to]))
  writer.raw(bytes, ends[count - 1] as number)
  return writer.end()
}
