/**
 * What is looked up under a tenant, `tenant|id`, as bytes with their hash, made without joining strings: events in a row
 * are often one tenant's, and one event asks several stores, so the tenant's part is kept. One for all of a task that is
 * found by it (rows, ids of events); it holds what was asked last.
 */
import { type AskedKey, HASH_START, hashByte, hashEnd } from './row-cell.ts'

const BYTES_FIRST = 256
const BAR = 0x7c
const DIGIT = 0x30
/** Whole numbers below it are written digit by digit. */
const SMALL = 1e9

export class KeyBytes implements AskedKey {
  bytes = Buffer.alloc(BYTES_FIRST)
  words = new Int32Array(this.bytes.buffer, this.bytes.byteOffset, BYTES_FIRST / 4)
  length = 0
  hash = 0
  /** The part of the last tenant: its bytes are there, without the bar. */
  #tenant = ''
  #tenantBytes = 0
  #tenantHash = HASH_START

  ask(tenant: string, id?: string | number): void {
    if (tenant !== this.#tenant) this.#begin(tenant)
    const at = this.#tenantBytes
    if (id === undefined) this.#end(at, this.#tenantHash)
    else if (typeof id === 'string') this.#text(id, at)
    else if (Number.isInteger(id) && id >= 0 && id < SMALL && !Object.is(id, -0)) this.#digits(id, at)
    else this.#text(String(id), at)
  }

  /** The id as it stands in [from, to) of some bytes: what `ask` finds with the text of it. */
  askIn(tenant: string, source: Buffer, from: number, to: number): void {
    if (tenant !== this.#tenant) this.#begin(tenant)
    const start = this.#tenantBytes
    this.#room(start + 1 + to - from)
    const bytes = this.bytes
    let at = start
    bytes[at++] = BAR
    let hash = hashByte(this.#tenantHash, BAR)
    for (let i = from; i < to; i++) {
      const byte = source[i] as number
      // Not all ASCII: bytes that are no text have one form as text, and are found by it.
      if (byte > 0x7f) return this.#text(source.toString('utf8', from, to), start)
      bytes[at++] = byte
      hash = hashByte(hash, byte)
    }
    this.#end(at, hash)
  }

  /** A whole key, as it stands in a cell. */
  askWhole(source: Uint8Array, from: number, to: number): void {
    this.#room(to - from)
    this.#tenant = ''
    this.#tenantBytes = 0
    this.#tenantHash = HASH_START
    const bytes = this.bytes
    let hash = HASH_START
    for (let i = from; i < to; i++) {
      bytes[i - from] = source[i] as number
      hash = hashByte(hash, source[i] as number)
    }
    this.#end(to - from, hash)
  }

  #begin(tenant: string): void {
    this.#room(tenant.length * 3 + 1)
    this.#tenant = tenant
    const bytes = this.bytes
    const { length } = tenant
    let hash = HASH_START
    for (let i = 0; i < length; i++) {
      const unit = tenant.charCodeAt(i)
      if (unit > 0x7f) return this.#beginWide(tenant)
      bytes[i] = unit
      hash = hashByte(hash, unit)
    }
    this.#tenantBytes = length
    this.#tenantHash = hash
  }

  /** Not all ASCII. */
  #beginWide(tenant: string): void {
    this.#tenantBytes = this.bytes.write(tenant, 0)
    let hash = HASH_START
    for (let i = 0; i < this.#tenantBytes; i++) hash = hashByte(hash, this.bytes[i] as number)
    this.#tenantHash = hash
  }

  #text(id: string, from: number): void {
    const { length } = id
    if (from + length * 3 + 9 > this.bytes.length) this.#room(from + length * 3 + 1)
    const bytes = this.bytes
    let at = from
    bytes[at++] = BAR
    let hash = hashByte(this.#tenantHash, BAR)
    for (let i = 0; i < length; i++) {
      const unit = id.charCodeAt(i)
      if (unit > 0x7f) return this.#wide(id, from)
      bytes[at++] = unit
      hash = hashByte(hash, unit)
    }
    this.#end(at, hash)
  }

  /** Not all ASCII. */
  #wide(id: string, from: number): void {
    const bytes = this.bytes
    const to = from + 1 + bytes.write(id, from + 1)
    let hash = this.#tenantHash
    for (let i = from; i < to; i++) hash = hashByte(hash, bytes[i] as number)
    this.#end(to, hash)
  }

  #digits(id: number, from: number): void {
    const bytes = this.bytes
    let at = from
    bytes[at++] = BAR
    let hash = hashByte(this.#tenantHash, BAR)
    let unit = 1
    while (unit * 10 <= id) unit *= 10
    for (let rest = id | 0; unit >= 1; unit = (unit / 10) | 0) {
      const digit = (rest / unit) | 0
      rest -= digit * unit
      bytes[at++] = DIGIT + digit
      hash = hashByte(hash, DIGIT + digit)
    }
    this.#end(at, hash)
  }

  /** Padded with zeros: keys are compared by words. */
  #end(length: number, hash: number): void {
    const bytes = this.bytes
    for (let at = length; (at & 7) !== 0; at++) bytes[at] = 0
    this.length = length
    this.hash = hashEnd(hash)
  }

  /** Room for so many bytes, the longest number and the padding. */
  #room(length: number): void {
    if (length + 24 <= this.bytes.length) return
    const grown = Buffer.alloc(2 ** Math.ceil(Math.log2(length + 24)))
    this.bytes.copy(grown)
    this.bytes = grown
    this.words = new Int32Array(grown.buffer, grown.byteOffset, grown.length / 4)
  }
}
