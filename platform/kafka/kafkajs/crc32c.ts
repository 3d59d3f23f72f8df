/** CRC-32C (Castagnoli, as record batches carry it), sixteen bytes a step. PURE. */
const POLYNOMIAL = 0x82f63b78
const STEP = 16

/** 256 numbers for each byte of a step; those of its last byte come first. One table: fewer addresses to hold. */
const TABLE = new Int32Array(STEP * 256)

for (let i = 0; i < 256; i++) {
  let c = i
  for (let k = 0; k < 8; k++) c = c & 1 ? POLYNOMIAL ^ (c >>> 1) : c >>> 1
  TABLE[i] = c
}
for (let i = 256; i < TABLE.length; i++) {
  const c = TABLE[i - 256] as number
  TABLE[i] = (TABLE[c & 0xff] as number) ^ (c >>> 8)
}

const at = (place: number, byte: number): number => TABLE[(place << 8) | byte] as number

/** The four bytes of a word, the first of which has so many bytes behind it in its step. */
const word = (behind: number, w: number): number =>
  at(behind, w & 0xff) ^
  at(behind - 1, (w >>> 8) & 0xff) ^
  at(behind - 2, (w >>> 16) & 0xff) ^
  at(behind - 3, w >>> 24)

export function crc32c(bytes: Uint8Array, from = 0, to = bytes.length): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let c = -1
  let i = from
  for (; i + STEP <= to; i += STEP)
    c =
      word(15, c ^ view.getInt32(i, true)) ^
      word(11, view.getInt32(i + 4, true)) ^
      word(7, view.getInt32(i + 8, true)) ^
      word(3, view.getInt32(i + 12, true))
  for (; i < to; i++) c = at(0, (c ^ (bytes[i] as number)) & 0xff) ^ (c >>> 8)
  return ~c >>> 0
}
