/** Bytes of a cell: [format][count]([key length][key][value length][value])*, lengths as varints. Refuses other formats. */
import { writeRow } from './row-codec.ts'

const FORMAT = 1
/** Bytes of a row's number at most. */
const NUMBER_BYTES = 8
/** Longest text whose length fits in one varint byte when all of it is ASCII. */
const SHORT = 0x7f

export class CellCorrupt extends Error {
  override readonly name = 'CellCorrupt'
}

export class CellWriter {
  #buffer = Buffer.allocUnsafeSlow(64 * 1024)
  #at = 0

  begin(count: number): void {
    this.#at = 0
    this.#room(16)
    this.#buffer[this.#at++] = FORMAT
    this.#varint(count)
  }

  entry(key: string, value: Buffer | string): void {
    this.#text(key)
    if (typeof value === 'string') this.#text(value)
    else this.bytes(value, 0, value.length)
  }

  /** One length and its bytes: a key or a value that is bytes already. */
  bytes(source: Uint8Array, from: number, to: number): void {
    const length = to - from
    this.#room(length + 10)
    this.#varint(length)
    if (length < 64) for (let i = from; i < to; i++) this.#buffer[this.#at++] = source[i] as number
    else {
      this.#buffer.set(source.subarray(from, to), this.#at)
      this.#at += length
    }
  }

  /** A value: the numbers of a row, as row-codec.ts has them. */
  row(numbers: Float64Array, at: number, columns: number): void {
    this.#room(columns * NUMBER_BYTES + 10)
    const from = this.#at + 1
    const length = writeRow(this.#buffer, from, numbers, at, columns) - from
    if (length <= SHORT) this.#buffer[this.#at] = length
    else {
      // Its length takes more than the one byte that was left for it.
      this.#varint(length)
      this.#buffer.copyWithin(this.#at, from, from + length)
    }
    this.#at += length + Number(length <= SHORT)
  }

  /** Whole entries, as they stand in `source` up to `to`. */
  raw(source: Uint8Array, to: number): void {
    this.#room(to)
    this.#buffer.set(source.subarray(0, to), this.#at)
    this.#at += to
  }

  end(): Buffer {
    const bytes = Buffer.allocUnsafeSlow(this.#at)
    this.#buffer.copy(bytes, 0, 0, this.#at)
    return bytes
  }

  /** UTF-8 with its length. Short ASCII, which is nearly all, is written here: a native call costs more than it. */
  #text(text: string): void {
    const { length } = text
    this.#room(length * 3 + 10)
    if (length <= SHORT) {
      const buffer = this.#buffer
      const start = this.#at
      let i = 0
      for (; i < length; i++) {
        const unit = text.charCodeAt(i)
        if (unit > 0x7f) break
        buffer[start + 1 + i] = unit
      }
      if (i === length) {
        buffer[start] = length
        this.#at = start + 1 + length
        return
      }
    }
    const bytes = Buffer.byteLength(text)
    this.#varint(bytes)
    this.#at += this.#buffer.write(text, this.#at)
  }

  #varint(value: number): void {
    this.#at = putVarint(this.#buffer, this.#at, value)
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#at + bytes))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
  }
}

/** Writes a length, and says where it ends. */
export function putVarint(bytes: Uint8Array, from: number, value: number): number {
  let at = from
  let rest = value
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80
    rest = Math.floor(rest / 128)
  }
  bytes[at++] = rest
  return at
}

function varintAt(bytes: Buffer, place: { at: number }): number {
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[place.at++]
    if (byte === undefined || scale > 2 ** 42) throw new CellCorrupt('the cell ends inside a length')
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return value
  }
}

function begin(bytes: Buffer, place: { at: number }): number {
  if (bytes[place.at++] !== FORMAT)
    throw new CellCorrupt(`cell format ${bytes[0] ?? 'none'} is not ${FORMAT}`)
  return varintAt(bytes, place)
}

/** How many entries the cell says to hold. */
export const cellCount = (bytes: Buffer): number => begin(bytes, { at: 0 })

/** Calls `each` with the bounds of every entry's key and value, in the order of writing. */
export function scanCell(
  bytes: Buffer,
  each: (keyFrom: number, keyTo: number, valueFrom: number, valueTo: number) => void,
): void {
  const place = { at: 0 }
  for (let left = begin(bytes, place); left > 0; left--) {
    const keyLength = varintAt(bytes, place)
    const keyFrom = place.at
    const keyTo = keyFrom + keyLength
    place.at = keyTo
    const valueLength = varintAt(bytes, place)
    const valueFrom = place.at
    const valueTo = valueFrom + valueLength
    if (valueTo > bytes.length) throw new CellCorrupt('the cell ends inside an entry')
    each(keyFrom, keyTo, valueFrom, valueTo)
    place.at = valueTo
  }
  if (place.at !== bytes.length)
    throw new CellCorrupt(`${bytes.length - place.at} bytes after the last entry`)
}

/** Calls `each` for every entry, in the order of writing. */
export function readCell(bytes: Buffer, each: (key: string, value: Buffer) => void): void {
  scanCell(bytes, (keyFrom, keyTo, valueFrom, valueTo) =>
    each(bytes.toString('utf8', keyFrom, keyTo), bytes.subarray(valueFrom, valueTo)),
  )
}
