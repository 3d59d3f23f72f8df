/**
 * Owns decoding of LZ4 frames as they arrive: concatenated frames, linked blocks, checksums, skippable frames.
 * L1: at most one block (4 MB) and a 64 KB window are held, so a small body that unfolds into a huge one is met by the
 *     byte limit of the caller and not by the memory. L2: a damaged or cut frame is an error, never fewer bytes.
 * Ours, since the packages decode only a whole buffer of one frame, and clients send a frame for every chunk.
 * Format: the LZ4 frame description 1.6.
 */
import { cannotDecompress } from './errors.ts'
import { Xxh32, xxh32 } from './xxh32.ts'

const MAGIC = 0x184d2204
const WINDOW = 64 * 1024
const BLOCK_MAX: Readonly<Record<number, number>> = { 4: 1 << 16, 5: 1 << 18, 6: 1 << 20, 7: 1 << 22 }

const damaged = (what: string) => cannotDecompress(`The LZ4 body is damaged: ${what}. Send it again`)

/** Bytes by count from a stream of chunks. */
class Reader {
  readonly #source: AsyncIterator<Buffer>
  #chunks: Buffer[] = []
  #held = 0

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** undefined at the end of the stream; an error when it ends in the middle. */
  async take(count: number): Promise<Buffer | undefined> {
    while (this.#held < count) {
      const next = await this.#source.next()
      if (next.done === true) {
        if (this.#held === 0) return undefined
        throw damaged(`it ends after ${this.#held} of ${count} bytes`)
      }
      this.#chunks.push(next.value)
      this.#held += next.value.length
    }
    const all = this.#chunks.length === 1 ? (this.#chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#chunks)
    const rest = all.subarray(count)
    this.#chunks = rest.length > 0 ? [rest] : []
    this.#held = rest.length
    return all.subarray(0, count)
  }

  async need(count: number): Promise<Buffer> {
    const bytes = await this.take(count)
    if (bytes === undefined && count > 0) throw damaged('it ends inside of a frame')
    return bytes ?? Buffer.alloc(0)
  }
}

interface FrameHeader {
  readonly linked: boolean
  readonly blockChecksum: boolean
  readonly contentChecksum: boolean
  readonly contentSize: bigint | undefined
  readonly blockMax: number
}

async function readHeader(reader: Reader): Promise<FrameHeader> {
  const start = await reader.need(2)
  const flags = start[0] ?? 0
  const blockMax = BLOCK_MAX[((start[1] ?? 0) >> 4) & 7]
  if (flags >> 6 !== 1) throw damaged(`frame version ${flags >> 6}`)
  if (blockMax === undefined) throw damaged('unknown block size')
  if ((flags & 1) !== 0) throw damaged('a dictionary is not supported')
  const size = (flags & 8) === 0 ? Buffer.alloc(0) : Buffer.from(await reader.need(8))
  const check = (await reader.need(1))[0] ?? 0
  if (((xxh32(Buffer.concat([start, size])) >>> 8) & 0xff) !== check) throw damaged('header checksum')
  return {
    linked: (flags & 0x20) === 0,
    blockChecksum: (flags & 0x10) !== 0,
    contentChecksum: (flags & 4) !== 0,
    contentSize: size.length === 8 ? size.readBigUInt64LE() : undefined,
    blockMax,
  }
}

/** Writes the block into `out` from `start` and gives the end; matches may reach back to `floor`. */
export function decodeBlock(block: Buffer, out: Buffer, start: number, floor: number): number {
  let read = 0
  let write = start
  const length = (nibble: number): number => {
    let total = nibble
    if (nibble !== 15) return total
    while (true) {
      const byte = block[read]
      if (byte === undefined) throw damaged('a length is cut')
      read += 1
      total += byte
      if (byte !== 255) return total
    }
  }
  while (read < block.length) {
    const token = block[read] ?? 0
    read += 1
    const literals = length(token >> 4)
    if (read + literals > block.length || write + literals > out.length) throw damaged('literals overrun')
    block.copy(out, write, read, read + literals)
    read += literals
    write += literals
    if (read === block.length) return write
    if (read + 2 > block.length) throw damaged('an offset is cut')
    const offset = (block[read] ?? 0) | ((block[read + 1] ?? 0) << 8)
    read += 2
    const match = length(token & 15) + 4
    if (offset === 0 || write - offset < floor) throw damaged('an offset reaches before the data')
    if (write + match > out.length) throw damaged('a match overruns its block')
    if (offset >= match) out.copy(out, write, write - offset, write - offset + match)
    else for (let index = 0; index < match; index += 1) out[write + index] = out[write + index - offset] ?? 0
    write += match
  }
  throw damaged('a block has no end')
}

async function* frameBody(reader: Reader): AsyncGenerator<Buffer> {
  const header = await readHeader(reader)
  const buffer = Buffer.alloc(WINDOW + header.blockMax)
  const sum = new Xxh32()
  let windowLength = 0
  let total = 0n
  while (true) {
    const size = (await reader.need(4)).readUInt32LE()
    if (size === 0) break
    const stored = size >>> 31 === 1
    const bytes = size & 0x7fffffff
    if (bytes > header.blockMax) throw damaged(`a block of ${bytes} bytes`)
    const block = await reader.need(bytes)
    if (header.blockChecksum && (await reader.need(4)).readUInt32LE() !== xxh32(block)) {
      throw damaged('block checksum')
    }
    const floor = header.linked ? WINDOW - windowLength : WINDOW
    const end = stored ? WINDOW + block.copy(buffer, WINDOW) : decodeBlock(block, buffer, WINDOW, floor)
    const out = Buffer.from(buffer.subarray(WINDOW, end))
    sum.update(out)
    total += BigInt(out.length)
    yield out
    // The last 64 KB stand right before the next block.
    windowLength = Math.min(WINDOW, windowLength + out.length)
    buffer.copyWithin(WINDOW - windowLength, end - windowLength, end)
  }
  if (header.contentChecksum && (await reader.need(4)).readUInt32LE() !== sum.digest()) {
    throw damaged('content checksum')
  }
  if (header.contentSize !== undefined && header.contentSize !== total) throw damaged('content size')
}

export async function* lz4Frames(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const reader = new Reader(source)
  while (true) {
    const magic = await reader.take(4)
    if (magic === undefined) return
    const value = magic.readUInt32LE()
    if (value === MAGIC) yield* frameBody(reader)
    else if (value >>> 4 === 0x184d2a5) await skip(reader)
    else throw damaged('it does not start with an LZ4 frame')
  }
}

async function skip(reader: Reader): Promise<void> {
  let left = (await reader.need(4)).readUInt32LE()
  while (left > 0) left -= (await reader.need(Math.min(left, WINDOW))).length
}
