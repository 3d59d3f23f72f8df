/**
 * Record batches (magic 2) <-> records. PURE. kafkajs's own codec costs 10-40 us a record; this one about 1 us.
 * B1: a batch's checksum is verified before it is read. B2: reading skips control batches and aborted transactions and
 * still says where the next read starts. B3: keys, values and headers are views of the fetched bytes: copy what you keep,
 * and change none: records with equal keys share one view.
 */
import { KafkaError } from '../errors.ts'
import type { InputRecord, OutputRecord } from '../port.ts'
import { Reader } from './bytes.ts'
import { decompress } from './compression.ts'
import { crc32c } from './crc32c.ts'

const HEAD_BYTES = 61
const CRC_FROM = 21
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
const LOG_APPEND_TIME = 0x08
const NO_HEADERS: Readonly<Record<string, Buffer>> = Object.freeze({})

export interface BatchIdentity {
  readonly producerId: bigint
  readonly epoch: number
  readonly transactional: boolean
}

/** An output record, ready to be written. */
export interface Prepared {
  readonly key: Buffer
  readonly value: Buffer | null
  readonly headers: readonly (readonly [Buffer, Buffer])[]
  /** Bytes of its body without the offset delta. */
  readonly size: number
}

/** Names of headers are few and repeat in every record. */
const names = new Map<string, Buffer>()
const NAMES_MAX = 100

function nameBytes(name: string): Buffer {
  const known = names.get(name)
  if (known) return known
  const bytes = Buffer.from(name)
  if (names.size < NAMES_MAX) names.set(name, bytes)
  return bytes
}

const bytesOf = (value: Buffer | string): Buffer => (typeof value === 'string' ? Buffer.from(value) : value)

function varintSize(n: number): number {
  const z = n >= 0 ? n * 2 : -n * 2 - 1
  return z < 0x80 ? 1 : z < 0x4000 ? 2 : z < 0x20_0000 ? 3 : z < 0x1000_0000 ? 4 : 5
}

export function prepare(record: OutputRecord): Prepared {
  const key = bytesOf(record.key)
  const { value } = record
  const headers = record.headers
    ? Object.entries(record.headers).map(([name, v]) => [nameBytes(name), bytesOf(v)] as const)
    : []
  let size = 2 + varintSize(key.length) + key.length + varintSize(headers.length)
  size += value === null ? 1 : varintSize(value.length) + value.length
  for (const [name, v] of headers)
    size += varintSize(name.length) + name.length + varintSize(v.length) + v.length
  return { key, value, headers, size }
}

export function encodeBatch(
  records: readonly Prepared[],
  identity: BatchIdentity,
  baseSequence: number,
  timestamp: number,
): Buffer {
  let size = HEAD_BYTES
  const sizes = records.map((record, i) => record.size + varintSize(i))
  for (const n of sizes) size += varintSize(n) + n
  const buf = Buffer.allocUnsafe(size)
  buf.writeBigInt64BE(0n, 0)
  buf.writeInt32BE(size - 12, 8)
  buf.writeInt32BE(-1, 12)
  buf[16] = 2
  buf.writeInt16BE(identity.transactional ? TRANSACTIONAL : 0, 21)
  buf.writeInt32BE(records.length - 1, 23)
  buf.writeBigInt64BE(BigInt(timestamp), 27)
  buf.writeBigInt64BE(BigInt(timestamp), 35)
  buf.writeBigInt64BE(identity.producerId, 43)
  buf.writeInt16BE(identity.epoch, 51)
  buf.writeInt32BE(baseSequence, 53)
  buf.writeInt32BE(records.length, 57)
  let at = HEAD_BYTES
  for (let i = 0; i < records.length; i++) {
    const record = records[i] as Prepared
    at = putVarint(buf, at, sizes[i] as number)
    buf[at++] = 0
    buf[at++] = 0
    at = putVarint(buf, at, i)
    at = putBytes(buf, at, record.key)
    if (record.value === null) buf[at++] = 1
    else at = putBytes(buf, at, record.value)
    at = putVarint(buf, at, record.headers.length)
    for (const [name, value] of record.headers) at = putBytes(buf, putBytes(buf, at, name), value)
  }
  buf.writeUInt32BE(crc32c(buf, CRC_FROM), 17)
  return buf
}

/** Lengths and deltas here are never negative. */
function putVarint(buf: Buffer, from: number, n: number): number {
  let at = from
  let rest = (n << 1) >>> 0
  while (rest > 0x7f) {
    buf[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  buf[at++] = rest
  return at
}

function putBytes(buf: Buffer, from: number, bytes: Buffer): number {
  const at = putVarint(buf, from, bytes.length)
  bytes.copy(buf, at)
  return at + bytes.length
}

export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

export interface DecodeInput {
  readonly topic: string
  readonly partition: number
  /** Fetched bytes: whole batches, then perhaps the beginning of one more. */
  readonly bytes: Buffer
  /** Records before it are skipped: a batch may begin before the offset that was asked for. */
  readonly from: number
  readonly aborted: readonly AbortedTransaction[]
}

export interface DecodeOutput {
  readonly records: InputRecord[]
  /** Offset after the last whole batch; `from` when there was none. */
  readonly nextOffset: number
}

export function decodeBatches(input: DecodeInput): DecodeOutput {
  const { bytes, from } = input
  const records: InputRecord[] = []
  const aborted = [...input.aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  const dropping = new Set<bigint>()
  const keys = new KeyViews()
  let nextOffset = from
  let at = 0
  while (bytes.length - at >= HEAD_BYTES) {
    const baseOffset = readOffset(bytes, at)
    const end = at + 12 + bytes.readInt32BE(at + 8)
    if (end > bytes.length) break
    const where = `batch at offset ${baseOffset} of ${input.topic}-${input.partition}`
    if (bytes[at + 16] !== 2) throw corrupt(where, `magic ${bytes[at + 16]}`)
    if (end < at + HEAD_BYTES || crc32c(bytes, at + CRC_FROM, end) !== bytes.readUInt32BE(at + 17)) {
      throw corrupt(where, 'its checksum is wrong')
    }
    const attributes = bytes.readInt16BE(at + 21)
    const lastOffset = baseOffset + bytes.readInt32BE(at + 23)
    const producerId = bytes.readBigInt64BE(at + 43)
    for (let next = aborted[0]; next && next.firstOffset <= lastOffset; next = aborted[0]) {
      dropping.add(next.producerId)
      aborted.shift()
    }
    if (attributes & CONTROL) {
      if (isAbort(bytes, at, end)) dropping.delete(producerId)
    } else if (!(attributes & TRANSACTIONAL && dropping.has(producerId))) {
      try {
        decodeRecords(input, at, end, { baseOffset, attributes, keys }, records)
      } catch (cause) {
        throw corrupt(where, cause instanceof Error ? cause.message : String(cause), cause)
      }
    }
    nextOffset = Math.max(nextOffset, lastOffset + 1)
    at = end
  }
  return { records, nextOffset }
}

const readOffset = (bytes: Buffer, at: number): number =>
  bytes.readInt32BE(at) * 4_294_967_296 + bytes.readUInt32BE(at + 4)

const corrupt = (where: string, why: string, cause?: unknown): KafkaError =>
  new KafkaError('CORRUPT_BATCH', `${where} cannot be read: ${why}`, { cause })

/** The key of a control record is int16 version, int16 kind: 0 = abort, 1 = commit. A compacted one may be gone. */
function isAbort(bytes: Buffer, at: number, end: number): boolean {
  if (bytes.readInt32BE(at + 57) === 0) return false
  const reader = new Reader(bytes.subarray(0, end), at + HEAD_BYTES)
  reader.varint()
  reader.int8()
  reader.varlong()
  reader.varint()
  const key = reader.slice(reader.varint())
  return key.length >= 4 && key.readInt16BE(2) === 0
}

function decodeRecords(
  input: DecodeInput,
  at: number,
  end: number,
  { baseOffset, attributes, keys }: { baseOffset: number; attributes: number; keys: KeyViews },
  out: InputRecord[],
): void {
  const { bytes, topic, partition, from } = input
  const count = bytes.readInt32BE(at + 57)
  if (count === 0) return
  const baseTimestamp = readOffset(bytes, at + 27)
  const appendTime = attributes & LOG_APPEND_TIME ? readOffset(bytes, at + 35) : undefined
  const body = decompress(attributes & 7, bytes.subarray(at + HEAD_BYTES, end))
  const reader = new Reader(body)
  for (let i = 0; i < count; i++) {
    const length = reader.varint()
    const after = reader.at + length
    if (length < 0 || after > body.length) throw new RangeError('a record is cut off')
    reader.int8()
    const timestamp = appendTime ?? baseTimestamp + reader.varlong()
    if (appendTime !== undefined) reader.varlong()
    const offset = baseOffset + reader.varint()
    if (offset >= from) {
      const key = keys.next(reader)
      const value = sliceOf(reader)
      const headers = headersOf(reader)
      out.push({ topic, partition, offset, timestamp, key, value, headers })
    }
    reader.at = after
  }
}

function sliceOf(reader: Reader): Buffer | null {
  const length = reader.varint()
  return length < 0 ? null : reader.slice(length)
}

const KEYS = 256
const SHARED_BYTES_MAX = 64

/** Keys repeat, and making a view takes longer than finding the one that is there: one place a hash, the last key has it. */
class KeyViews {
  readonly #views: (Buffer | undefined)[] = []

  next(reader: Reader): Buffer | null {
    const length = reader.varint()
    const { buf, at } = reader
    const to = at + length
    if (length < 0) return null
    if (length > SHARED_BYTES_MAX || to > buf.length) return reader.slice(length)
    let hash = 0
    for (let i = at; i < to; i++) hash = (Math.imul(hash, 31) + (buf[i] as number)) | 0
    const place = (hash ^ (hash >>> 8)) & (KEYS - 1)
    const known = this.#views[place]
    if (known !== undefined && isAt(known, buf, at, length)) {
      reader.at = to
      return known
    }
    return (this.#views[place] = reader.slice(length))
  }
}

function isAt(key: Buffer, buf: Buffer, at: number, length: number): boolean {
  if (key.length !== length) return false
  for (let i = 0; i < length; i++) if (key[i] !== buf[at + i]) return false
  return true
}

const EMPTY = Buffer.alloc(0)

function headersOf(reader: Reader): Readonly<Record<string, Buffer>> {
  const count = reader.varint()
  if (count === 0) return NO_HEADERS
  const headers: Record<string, Buffer> = {}
  for (let i = 0; i < count; i++) {
    const name = reader.text(reader.varint())
    const value = sliceOf(reader) ?? EMPTY
    if (name !== '__proto__') headers[name] = value
  }
  return headers
}
