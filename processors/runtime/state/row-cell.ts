/**
 * The memory of one cell of rows: an index of open addressing over records that lie one behind the other in one buffer,
 * [hash, key length and mark][key, padded][numbers]. No object, string or boxed number per row: a million rows are a few
 * buffers, and finding one reads its index slot and its record. PURE of undo, checkpoints and codecs.
 * A1: places of records (in words of eight bytes) stay as they are until `compact`; place 0 is nothing. A2: a record that
 * was removed keeps its bytes until `compact`, so that it can be put back.
 */
const SLOTS_FIRST = 16
const WORDS_FIRST = 64
const SPREAD = 0x9e3779b1
/** In the second number of a record: it was removed. */
const DEAD = 1

/** A key to look for: its bytes, padded with zeros to whole words, and their hash. */
export interface AskedKey {
  readonly words: Int32Array
  length: number
  hash: number
}

const HASH_FROM = 0x811c9dc5
const HASH_BY = 0x01000193

/** FNV-1a, one byte more. */
export const hashByte = (hash: number, byte: number): number => Math.imul(hash ^ byte, HASH_BY)
export const HASH_START: number = HASH_FROM
/** The low bits of FNV are weak for short keys that differ in one place. */
export const hashEnd = (hash: number): number => hash ^ (hash >>> 15)

const wordsOf = (keyBytes: number): number => (keyBytes + 7) >>> 3

export class RowCell {
  readonly columns: number
  /** Pairs [hash, place]. */
  slots = new Int32Array(SLOTS_FIRST * 2)
  #shift = 32 - Math.log2(SLOTS_FIRST)
  numbers = new Float64Array(WORDS_FIRST)
  ints: Int32Array
  bytes: Uint8Array
  /** Rows that are there. */
  size = 0
  /** Words in use, the first one for nothing. */
  end = 1
  #deadWords = 0

  constructor(columns: number) {
    this.columns = columns
    this.ints = new Int32Array(this.numbers.buffer)
    this.bytes = new Uint8Array(this.numbers.buffer)
  }

  /** The place of the asked key's record, or 0. */
  find({ words, length, hash }: AskedKey): number {
    const { slots, ints } = this
    const mask = slots.length - 1
    for (let slot = (Math.imul(hash, SPREAD) >>> this.#shift) << 1; ; slot = (slot + 2) & mask) {
      const place = slots[slot + 1] as number
      if (place === 0) return 0
      if (slots[slot] !== hash) continue
      const at = place << 1
      if (ints[at + 1] !== length << 1) continue
      let i = (length + 3) >>> 2
      while (i > 0 && ints[at + 1 + i] === words[i - 1]) i--
      if (i === 0) return place
    }
  }

  /** Where the numbers of a record begin. */
  valuesAt(place: number): number {
    return place + 1 + wordsOf((this.ints[(place << 1) + 1] as number) >>> 1)
  }

  /** A row of zeros for a key that is not there. `compacts`: records may move to make room. */
  insert({ words, length, hash }: AskedKey, compacts: boolean): number {
    const keyWords = wordsOf(length)
    const size = 1 + keyWords + this.columns
    if (this.end + size > this.numbers.length) this.#room(size, compacts)
    const place = this.end
    const { ints } = this
    const at = place << 1
    ints[at] = hash
    ints[at + 1] = length << 1
    for (let i = 0; i < keyWords << 1; i++) ints[at + 2 + i] = words[i] as number
    this.numbers.fill(0, place + 1 + keyWords, place + size)
    this.end = place + size
    this.#enter(hash, place)
    return place
  }

  /** The record is alive and before `end`: an index that grows takes it in with all others, and it has one slot. */
  #enter(hash: number, place: number): void {
    if (++this.size * 4 > this.slots.length) this.#index(this.slots.length)
    else put(this.slots, this.#shift, hash, place)
  }

  remove(place: number): void {
    this.#leave(place)
    this.ints[(place << 1) + 1] = (this.ints[(place << 1) + 1] as number) | DEAD
    this.#deadWords += this.#words(place)
  }

  /** Takes back the last `remove`. */
  restore(place: number): void {
    this.ints[(place << 1) + 1] = (this.ints[(place << 1) + 1] as number) & ~DEAD
    this.#deadWords -= this.#words(place)
    this.#enter(this.ints[place << 1] as number, place)
  }

  /** Takes back the last `insert`: its record is the last one. */
  uninsert(place: number): void {
    this.#leave(place)
    this.end = place
  }

  #words(place: number): number {
    return 1 + wordsOf((this.ints[(place << 1) + 1] as number) >>> 1) + this.columns
  }

  /** Out of the index; what stands behind its slot moves up, so that no search ends early. */
  #leave(place: number): void {
    const { slots } = this
    const mask = slots.length - 1
    const home = (hash: number): number => (Math.imul(hash, SPREAD) >>> this.#shift) << 1
    let hole = home(this.ints[place << 1] as number)
    while (slots[hole + 1] !== place) hole = (hole + 2) & mask
    for (let slot = (hole + 2) & mask; slots[slot + 1] !== 0; slot = (slot + 2) & mask) {
      const from = home(slots[slot] as number)
      if (((slot - from) & mask) < ((slot - hole) & mask)) continue
      slots[hole] = slots[slot] as number
      slots[hole + 1] = slots[slot + 1] as number
      hole = slot
    }
    slots[hole + 1] = 0
    this.size--
  }

  /** The index anew, with `pairs` slots. */
  #index(pairs: number): void {
    const slots = new Int32Array(pairs * 2)
    const shift = 32 - Math.log2(pairs)
    const { ints } = this
    for (let place = this.first(); place !== 0; place = this.next(place))
      put(slots, shift, ints[place << 1] as number, place)
    this.slots = slots
    this.#shift = shift
  }

  #room(words: number, compacts: boolean): void {
    if (compacts && this.#deadWords * 3 > this.end) this.compact()
    let length = this.numbers.length
    while (this.end + words > length) length *= 2
    if (length > this.numbers.length) this.#take(this.numbers.subarray(0, this.end), length)
  }

  #take(kept: Float64Array, length: number): void {
    this.numbers = new Float64Array(length)
    this.ints = new Int32Array(this.numbers.buffer)
    this.bytes = new Uint8Array(this.numbers.buffer)
    // As integers: a key need not be a number that survives being read as one.
    this.ints.set(new Int32Array(kept.buffer, kept.byteOffset, kept.length * 2))
  }

  /** Removed records go; the others move up. */
  compact(): void {
    const { ints } = this
    let to = 1
    for (let place = this.first(), next = 0; place !== 0; place = next) {
      next = this.next(place)
      const words = this.#words(place)
      ints.copyWithin(to << 1, place << 1, (place + words) << 1)
      to += words
    }
    this.end = to
    this.#deadWords = 0
    this.#index(this.slots.length >>> 1)
  }

  /** Records in the order of their insertion: `for (p = first(); p !== 0; p = next(p))`. */
  first(): number {
    return this.#alive(1)
  }

  next(place: number): number {
    return this.#alive(place + this.#words(place))
  }

  #alive(from: number): number {
    const { ints, end } = this
    let place = from
    while (place < end && ((ints[(place << 1) + 1] as number) & DEAD) !== 0) place += this.#words(place)
    return place < end ? place : 0
  }

  hashOf(place: number): number {
    return this.ints[place << 1] as number
  }

  /** The bytes of a record's key are [keyFrom, keyTo) of `bytes`. */
  keyFrom(place: number): number {
    return (place << 3) + 8
  }

  keyTo(place: number): number {
    return this.keyFrom(place) + ((this.ints[(place << 1) + 1] as number) >>> 1)
  }

  /** Copies a record of another cell, with as many columns; its key must not be there. */
  copy(from: RowCell, place: number): void {
    const words = from.#words(place)
    if (this.end + words > this.numbers.length) this.#room(words, true)
    const to = this.end
    this.ints.set(from.ints.subarray(place << 1, (place + words) << 1), to << 1)
    this.end = to + words
    this.#enter(from.hashOf(place), to)
  }
}

function put(slots: Int32Array, shift: number, hash: number, place: number): void {
  const mask = slots.length - 1
  let slot = (Math.imul(hash, SPREAD) >>> shift) << 1
  while (slots[slot + 1] !== 0) slot = (slot + 2) & mask
  slots[slot] = hash
  slots[slot + 1] = place
}
