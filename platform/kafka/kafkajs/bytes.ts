/** The primitive types of the Kafka protocol, over one growing buffer (Writer) or a slice (Reader). */
const TWO_32 = 4_294_967_296

export class Writer {
  #buf: Buffer
  #at = 0

  constructor(size = 1024) {
    this.#buf = Buffer.allocUnsafe(size)
  }

  get bytes(): Buffer {
    return this.#buf.subarray(0, this.#at)
  }

  get length(): number {
    return this.#at
  }

  #room(n: number): number {
    const at = this.#at
    this.#at += n
    if (this.#at > this.#buf.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#at, this.#buf.length * 2))
      this.#buf.copy(grown, 0, 0, at)
      this.#buf = grown
    }
    return at
  }

  int8(n: number): this {
    const at = this.#room(1)
    this.#buf.writeInt8(n, at)
    return this
  }

  int16(n: number): this {
    const at = this.#room(2)
    this.#buf.writeInt16BE(n, at)
    return this
  }

  int32(n: number): this {
    const at = this.#room(4)
    this.#buf.writeInt32BE(n, at)
    return this
  }

  int64(n: number): this {
    const at = this.#room(8)
    this.#buf.writeInt32BE(Math.floor(n / TWO_32), at)
    this.#buf.writeUInt32BE(n >>> 0, at + 4)
    return this
  }

  bigint64(n: bigint): this {
    const at = this.#room(8)
    this.#buf.writeBigInt64BE(n, at)
    return this
  }

  uvarint(n: number): this {
    let rest = n >>> 0
    while (rest > 0x7f) {
      const at = this.#room(1)
      this.#buf[at] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    const at = this.#room(1)
    this.#buf[at] = rest
    return this
  }

  varint(n: number): this {
    return this.uvarint((n << 1) ^ (n >> 31))
  }

  raw(bytes: Buffer): this {
    const at = this.#room(bytes.length)
    bytes.copy(this.#buf, at)
    return this
  }

  string(text: string | null): this {
    if (text === null) return this.int16(-1)
    const bytes = Buffer.from(text)
    return this.int16(bytes.length).raw(bytes)
  }

  compactString(text: string | null): this {
    if (text === null) return this.uvarint(0)
    const bytes = Buffer.from(text)
    return this.uvarint(bytes.length + 1).raw(bytes)
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length)
    for (const item of items) write(item)
    return this
  }

  compactArray<T>(items: readonly T[], write: (item: T) => void): this {
    this.uvarint(items.length + 1)
    for (const item of items) {
      write(item)
      this.tags()
    }
    return this
  }

  /** No tagged fields. */
  tags(): this {
    return this.uvarint(0)
  }
}

export class Reader {
  readonly buf: Buffer
  at: number

  constructor(buf: Buffer, at = 0) {
    this.buf = buf
    this.at = at
  }

  get left(): number {
    return this.buf.length - this.at
  }

  #take(n: number): number {
    const { at } = this
    if (n < 0 || at + n > this.buf.length) throw new RangeError(`${n} bytes wanted, ${this.left} left`)
    this.at = at + n
    return at
  }

  int8(): number {
    return this.buf.readInt8(this.#take(1))
  }

  int16(): number {
    return this.buf.readInt16BE(this.#take(2))
  }

  int32(): number {
    return this.buf.readInt32BE(this.#take(4))
  }

  uint32(): number {
    return this.buf.readUInt32BE(this.#take(4))
  }

  /** Exact up to 2^53. */
  int64(): number {
    const at = this.#take(8)
    return this.buf.readInt32BE(at) * TWO_32 + this.buf.readUInt32BE(at + 4)
  }

  bigint64(): bigint {
    return this.buf.readBigInt64BE(this.#take(8))
  }

  uvarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buf[this.#take(1)] as number
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new RangeError('a varint of more than five bytes')
  }

  varint(): number {
    const n = this.uvarint()
    return (n >>> 1) ^ -(n & 1)
  }

  /** Zigzag, up to 2^53. */
  varlong(): number {
    let low = 0
    let scale = 1
    for (let i = 0; i < 10; i++) {
      const byte = this.buf[this.#take(1)] as number
      low += (byte & 0x7f) * scale
      scale *= 128
      if (byte < 0x80) return low % 2 === 0 ? low / 2 : -(low + 1) / 2
    }
    throw new RangeError('a varlong of more than ten bytes')
  }

  slice(n: number): Buffer {
    const at = this.#take(n)
    return this.buf.subarray(at, at + n)
  }

  text(n: number): string {
    const at = this.#take(n)
    return this.buf.toString('utf8', at, at + n)
  }

  string(): string | null {
    const n = this.int16()
    return n < 0 ? null : this.text(n)
  }

  compactString(): string | null {
    const n = this.uvarint()
    return n === 0 ? null : this.text(n - 1)
  }

  bytes(): Buffer | null {
    const n = this.int32()
    return n < 0 ? null : this.slice(n)
  }

  array<T>(read: () => T): T[] {
    const n = this.int32()
    const out: T[] = []
    for (let i = 0; i < n; i++) out.push(read())
    return out
  }

  compactArray<T>(read: () => T): T[] {
    const n = this.uvarint()
    const out: T[] = []
    for (let i = 1; i < n; i++) {
      out.push(read())
      this.tags()
    }
    return out
  }

  tags(): void {
    for (let n = this.uvarint(); n > 0; n--) {
      this.uvarint()
      this.slice(this.uvarint())
    }
  }
}
