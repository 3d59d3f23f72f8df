/**
 * Rows of whole numbers as bytes: each number a varint, its sign in the lowest bit. PURE. N1: exact from -2^52 to 2^52,
 * anything else is refused. N2: canonical: -0 is 0. N3: a row that was written with fewer columns reads as if the others
 * were 0, so columns can be added at the end; one with more is refused.
 */
import type { Codec } from '../topology.ts'

/** N1: beyond it, twice the number is not exact any more. */
export const WHOLE_MAX = 2 ** 52
const NUMBER_BYTES_MAX = 8

export function checkWhole(value: number): void {
  if (!Number.isInteger(value) || value > WHOLE_MAX || value < -WHOLE_MAX)
    throw new RangeError(`a row cannot hold ${value}: whole numbers up to 2^52 only`)
}

/** Writes the numbers at [at, at + columns) of `values`, and says where they end in `target`. */
export function writeRow(
  target: Uint8Array,
  from: number,
  values: ArrayLike<number>,
  at: number,
  columns: number,
): number {
  let to = from
  for (let i = at; i < at + columns; i++) {
    const n = values[i] as number
    let rest = n < 0 ? -2 * n - 1 : 2 * n
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 128)) target[to++] = (rest % 128) | 0x80
    let low = rest | 0
    for (; low > 0x7f; low >>>= 7) target[to++] = (low & 0x7f) | 0x80
    target[to++] = low
  }
  return to
}

/** Reads all numbers in [from, to) to `values`, at `at`; the columns that are not there become 0 (N3). */
export function readRow(
  bytes: Uint8Array,
  from: number,
  to: number,
  values: { [at: number]: number },
  at: number,
  columns: number,
): void {
  let column = 0
  for (let next = from; next < to; column++) {
    if (column === columns) throw new RangeError(`a row of more than ${columns} numbers`)
    let n = 0
    let scale = 1
    for (; (bytes[next] as number) > 0x7f; next++, scale *= 128) n += ((bytes[next] as number) & 0x7f) * scale
    if (next >= to) throw new RangeError('a row ends inside a number')
    n += (bytes[next++] as number) * scale
    values[at + column] = n % 2 === 1 ? -(n + 1) / 2 : n / 2
  }
  for (; column < columns; column++) values[at + column] = 0
}

/** The codec of rows with this many columns. */
export function rowCodec(columns: number, version = 1): Codec<readonly number[]> {
  const scratch = Buffer.allocUnsafeSlow(columns * NUMBER_BYTES_MAX)
  return {
    version,
    encode(value) {
      for (const n of value) checkWhole(n)
      if (value.length !== columns) throw new RangeError(`a row of ${value.length} numbers, not ${columns}`)
      return Buffer.from(scratch.subarray(0, writeRow(scratch, 0, value, 0, columns)))
    },
    decode(bytes) {
      const value: number[] = []
      readRow(bytes, 0, bytes.length, value, 0, columns)
      return value
    },
  }
}
