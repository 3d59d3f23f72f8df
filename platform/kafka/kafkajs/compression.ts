/**
 * Record batches as others compress them: gzip and zstd by Node, snappy (raw and in Java's frames) and lz4 frames here,
 * so that no upstream producer's choice of codec stops a partition. PURE. Bounded: a batch that unpacks to more than
 * UNPACKED_BYTES_MAX is refused.
 */
import { gunzipSync, zstdDecompressSync } from 'node:zlib'

export const UNPACKED_BYTES_MAX = 128 * 1024 * 1024

const NONE = 0
const GZIP = 1
const SNAPPY = 2
const LZ4 = 3
const ZSTD = 4

export function decompress(codec: number, bytes: Buffer): Buffer {
  switch (codec) {
    case NONE:
      return bytes
    case GZIP:
      return gunzipSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX })
    case SNAPPY:
      return unsnappy(bytes)
    case LZ4:
      return unlz4(bytes)
    case ZSTD:
      return zstdDecompressSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX })
    default:
      throw new RangeError(`compression ${codec} is not known`)
  }
}

/** Magic of the frames that Java's SnappyOutputStream writes; then two int32 versions, then [int32 length, block]. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])

function unsnappy(bytes: Buffer): Buffer {
  if (bytes.length < 16 || !bytes.subarray(0, 8).equals(XERIAL)) return snappyBlock(bytes)
  const parts: Buffer[] = []
  let total = 0
  for (let at = 16; at < bytes.length; ) {
    const length = bytes.readInt32BE(at)
    if (length < 0 || at + 4 + length > bytes.length) throw new RangeError('a snappy block is cut off')
    const part = snappyBlock(bytes.subarray(at + 4, at + 4 + length))
    total += part.length
    if (total > UNPACKED_BYTES_MAX) throw new RangeError('a snappy batch unpacks to too much')
    parts.push(part)
    at += 4 + length
  }
  return Buffer.concat(parts)
}

function snappyBlock(bytes: Buffer): Buffer {
  let at = 0
  let size = 0
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]
    if (byte === undefined || shift > 28) throw new RangeError('snappy: no length')
    size += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  if (size > UNPACKED_BYTES_MAX) throw new RangeError('a snappy block unpacks to too much')
  const out = Buffer.allocUnsafe(size)
  let o = 0
  while (at < bytes.length) {
    const tag = bytes[at++] as number
    const kind = tag & 3
    if (kind === 0) {
      let length = (tag >>> 2) + 1
      if (length > 60) {
        const extra = length - 60
        length = bytes.readUIntLE(at, extra) + 1
        at += extra
      }
      if (at + length > bytes.length || o + length > size)
        throw new RangeError('snappy: a literal is cut off')
      bytes.copy(out, o, at, at + length)
      at += length
      o += length
      continue
    }
    const length = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1
    let offset: number
    if (kind === 1) offset = ((tag >>> 5) << 8) | (bytes[at++] as number)
    else if (kind === 2) {
      offset = bytes.readUInt16LE(at)
      at += 2
    } else {
      offset = bytes.readUInt32LE(at)
      at += 4
    }
    o = copyBack(out, o, offset, length)
  }
  if (o !== size) throw new RangeError('snappy: the block is cut off')
  return out
}

/** Copies `length` bytes from `offset` back; the ranges may overlap, and then repeat. */
function copyBack(out: Buffer, at: number, offset: number, length: number): number {
  if (offset < 1 || offset > at || at + length > out.length)
    throw new RangeError('a copy from outside of the block')
  if (offset >= length) out.copyWithin(at, at - offset, at - offset + length)
  else for (let i = 0; i < length; i++) out[at + i] = out[at + i - offset] as number
  return at + length
}

const LZ4_MAGIC = 0x184d2204

function unlz4(bytes: Buffer): Buffer {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== LZ4_MAGIC) throw new RangeError('not an lz4 frame')
  const flags = bytes[4] as number
  if (flags >>> 6 !== 1) throw new RangeError(`lz4 frame version ${flags >>> 6}`)
  const blockChecksum = (flags & 0x10) !== 0
  const sizeOfMax = [0, 0, 0, 0, 65_536, 262_144, 1_048_576, 4_194_304][((bytes[5] as number) >>> 4) & 7] ?? 0
  if (sizeOfMax === 0) throw new RangeError('lz4: no such block size')
  let at = 6 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0) + 1
  let out: Buffer = Buffer.allocUnsafe(Math.max(sizeOfMax, 4 * bytes.length))
  let o = 0
  for (;;) {
    const word = bytes.readUInt32LE(at)
    at += 4
    if (word === 0) return out.subarray(0, o)
    const length = word & 0x7fffffff
    if (at + length > bytes.length) throw new RangeError('an lz4 block is cut off')
    if (o + sizeOfMax > out.length) {
      if (o + sizeOfMax > UNPACKED_BYTES_MAX) throw new RangeError('an lz4 batch unpacks to too much')
      out = Buffer.concat([out.subarray(0, o)], Math.max(out.length * 2, o + sizeOfMax))
    }
    if (word !== length) o += bytes.copy(out, o, at, at + length)
    else o = lz4Block(bytes, at, at + length, out, o)
    at += length + (blockChecksum ? 4 : 0)
  }
}

function lz4Block(bytes: Buffer, from: number, to: number, out: Buffer, start: number): number {
  let at = from
  let o = start
  const longer = (base: number): number => {
    let n = base
    for (let byte = 255; byte === 255; n += byte) {
      if (at >= to) throw new RangeError('lz4: a length is cut off')
      byte = bytes[at++] as number
    }
    return n
  }
  while (at < to) {
    const token = bytes[at++] as number
    const literal = token >>> 4 === 15 ? longer(15) : token >>> 4
    if (at + literal > to || o + literal > out.length) throw new RangeError('lz4: a literal is cut off')
    bytes.copy(out, o, at, at + literal)
    at += literal
    o += literal
    if (at >= to) return o
    if (at + 2 > to) throw new RangeError('lz4: an offset is cut off')
    const offset = bytes.readUInt16LE(at)
    at += 2
    o = copyBack(out, o, offset, ((token & 15) === 15 ? longer(15) : token & 15) + 4)
  }
  return o
}
