/**
 * The Avro logical types we use, as avsc types: decimal (bytes) -> bigint in units of the schema's scale, date ->
 * days since 1970-01-01, timestamp-millis -> milliseconds. They read and write the bytes in place: decoding is the
 * hot path of every consumer. L1: a value outside of its declared precision or of the years 1-9999 is refused in both
 * directions. L2: a decimal of one scale is never read as another. L3: an int has 32 bits. L4: an array or map that claims more items than
 * there are bytes left is refused, so that a forged count cannot hold the process.
 */
import avro from 'avsc'

/** The part of avsc's cursor that we touch. */
interface Tap {
  readonly buf: Buffer
  pos: number
  readLong(): number
  skipLong(): void
  writeLong(n: number): void
  readString(): string
  skipString(): void
}

interface ReadableType {
  _read(tap: Tap): unknown
  _skip(tap: Tap): void
}

type Hook = ((value: unknown, type: unknown) => void) | undefined

export class AvroValueError extends Error {
  override readonly name = 'AvroValueError'
}

const MIN_DAY = -719_162
const MAX_DAY = 2_932_896
const DAY_MS = 86_400_000
/** 2^47: what fits six bytes, where plain numbers are exact and quick. */
const SIX_BYTES = 0x8000_0000_0000
const SIX_BYTES_BIG = BigInt(SIX_BYTES)
const MAX_DECIMAL_BYTES = 17

/** Big-endian two's complement at [from, from + length) of a buffer. */
export function readTwosComplement(buf: Buffer, from: number, length: number): bigint {
  if (length <= 6) return BigInt(buf.readIntBE(from, length))
  const head = length % 4 === 0 ? 4 : length % 4
  let value = BigInt(buf.readIntBE(from, head))
  for (let at = from + head; at < from + length; at += 4)
    value = (value << 32n) | BigInt(buf.readUInt32BE(at))
  return value
}

/** Fewest bytes that hold the value in two's complement. */
function lengthOf(value: bigint): number {
  let length = 6
  for (let bound = SIX_BYTES_BIG; value >= bound || value < -bound; bound <<= 8n) length++
  return length
}

function lengthOfNumber(n: number): number {
  const m = n < 0 ? -1 - n : n
  if (m < 0x80) return 1
  if (m < 0x8000) return 2
  if (m < 0x80_0000) return 3
  if (m < 0x8000_0000) return 4
  return m < 0x80_0000_0000 ? 5 : 6
}

export class DecimalType extends avro.types.LogicalType {
  readonly scale: number
  readonly precision: number
  readonly limit: bigint

  constructor(schema: avro.Schema, opts?: unknown) {
    super(schema, opts)
    const { precision, scale } = schema as unknown as { precision?: unknown; scale?: unknown }
    if (this.underlyingType.typeName !== 'bytes') throw new AvroValueError('decimal must be bytes')
    if (typeof precision !== 'number' || !Number.isInteger(precision) || precision < 1 || precision > 38) {
      throw new AvroValueError('decimal needs a precision of 1 to 38')
    }
    const digits = scale ?? 0
    if (typeof digits !== 'number' || !Number.isInteger(digits) || digits < 0 || digits > precision) {
      throw new AvroValueError('decimal needs a scale of 0 up to its precision')
    }
    this.precision = precision
    this.scale = digits
    this.limit = 10n ** BigInt(precision)
  }

  _read(tap: Tap): bigint {
    const length = tap.readLong()
    const from = tap.pos
    if (!(length >= 1 && length <= MAX_DECIMAL_BYTES) || from + length > tap.buf.length) {
      throw new AvroValueError(`a decimal of ${length} bytes`)
    }
    tap.pos = from + length
    const value = readTwosComplement(tap.buf, from, length)
    if ((length > 6 || this.precision < 15) && (value >= this.limit || value <= -this.limit)) {
      throw new AvroValueError(`decimal with more than ${this.precision} digits`)
    }
    return value
  }

  _write(tap: Tap, value: unknown): void {
    if (!this.fits(value))
      throw new AvroValueError(`not a decimal(${this.precision},${this.scale}): ${String(value)}`)
    if (value < SIX_BYTES_BIG && value >= -SIX_BYTES_BIG) {
      const n = Number(value)
      const length = lengthOfNumber(n)
      tap.writeLong(length)
      const at = tap.pos
      tap.pos = at + length
      if (tap.pos <= tap.buf.length) tap.buf.writeIntBE(n, at, length)
      return
    }
    const length = lengthOf(value)
    tap.writeLong(length)
    const at = tap.pos
    tap.pos = at + length
    if (tap.pos > tap.buf.length) return
    let rest = value
    for (let i = at + length - 1; i >= at; i--) {
      tap.buf[i] = Number(rest & 0xffn)
      rest >>= 8n
    }
  }

  fits(value: unknown): value is bigint {
    return typeof value === 'bigint' && value < this.limit && value > -this.limit
  }

  _check(value: unknown, _flags: unknown, hook: Hook): boolean {
    const ok = this.fits(value)
    if (!ok && hook) hook(value, this)
    return ok
  }

  protected override _fromValue(bytes: Buffer): bigint {
    return readTwosComplement(bytes, 0, bytes.length)
  }

  protected override _toValue(value: unknown): Buffer | undefined {
    if (!this.fits(value)) return undefined
    const n = Math.max(1, lengthOf(value))
    const out = Buffer.alloc(n)
    for (let i = n - 1, rest = value; i >= 0; i--, rest >>= 8n) out[i] = Number(rest & 0xffn)
    return out
  }

  protected override _export(schema: avro.Schema): void {
    Object.assign(schema as object, { precision: this.precision, scale: this.scale })
  }

  protected override _resolve(writer: avro.Type): unknown {
    if (!(writer instanceof DecimalType) || writer.scale !== this.scale) return undefined
    return (value: bigint) => {
      if (this.fits(value)) return value
      throw new AvroValueError(`decimal with more than ${this.precision} digits`)
    }
  }
}

/** A whole number inside fixed bounds, over int or long. */
abstract class BoundedNumber extends avro.types.LogicalType {
  abstract readonly min: number
  abstract readonly max: number
  abstract readonly what: string

  fits(value: unknown): boolean {
    return Number.isInteger(value) && (value as number) >= this.min && (value as number) <= this.max
  }

  _read(tap: Tap): number {
    const value = tap.readLong()
    if (!this.fits(value)) throw new AvroValueError(`${value} is not ${this.what}`)
    return value
  }

  _write(tap: Tap, value: unknown): void {
    if (!this.fits(value)) throw new AvroValueError(`${String(value)} is not ${this.what}`)
    tap.writeLong(value as number)
  }

  _check(value: unknown, _flags: unknown, hook: Hook): boolean {
    const ok = this.fits(value)
    if (!ok && hook) hook(value, this)
    return ok
  }

  protected override _fromValue(value: number): number {
    return value
  }

  protected override _toValue(value: unknown): number | undefined {
    return this.fits(value) ? (value as number) : undefined
  }

  protected override _resolve(writer: avro.Type): unknown {
    if (writer.typeName === this.typeName || writer.typeName === this.underlyingType.typeName) {
      return (value: number) => {
        if (this.fits(value)) return value
        throw new AvroValueError(`${value} is not ${this.what}`)
      }
    }
    return undefined
  }
}

export class DateType extends BoundedNumber {
  readonly min = MIN_DAY
  readonly max = MAX_DAY
  readonly what = 'a day of the years 1 to 9999'
}

export class InstantType extends BoundedNumber {
  readonly min = MIN_DAY * DAY_MS
  readonly max = (MAX_DAY + 1) * DAY_MS - 1
  readonly what = 'an instant of the years 1 to 9999'
}

/** avsc reads an int as far as a long goes: 32 bits are all it may have. */
class BoundedInt extends avro.types.IntType {
  _read(tap: Tap): number {
    const value = tap.readLong()
    if (value !== (value | 0)) throw new AvroValueError(`${value} is not an int`)
    return value
  }
}

const INT = new BoundedInt()

/** Count of the next block; throws when there cannot be so many items (L4). */
function blockSize(tap: Tap): number {
  let n = tap.readLong()
  if (n < 0) {
    n = -n
    tap.skipLong()
  }
  if (!(n <= tap.buf.length - tap.pos)) throw new AvroValueError(`a block of ${n} items in too few bytes`)
  return n
}

class BoundedArray extends avro.types.ArrayType {
  _read(tap: Tap): unknown[] {
    const items = this.itemsType as unknown as ReadableType
    const out: unknown[] = []
    for (let n = blockSize(tap); n > 0; n = blockSize(tap)) {
      for (let i = 0; i < n; i++) out.push(items._read(tap))
    }
    return out
  }

  _skip(tap: Tap): void {
    const items = this.itemsType as unknown as ReadableType
    for (let n = blockSize(tap); n > 0; n = blockSize(tap)) {
      for (let i = 0; i < n; i++) items._skip(tap)
    }
  }
}

class BoundedMap extends avro.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const values = this.valuesType as unknown as ReadableType
    const out: Record<string, unknown> = {}
    for (let n = blockSize(tap); n > 0; n = blockSize(tap)) {
      for (let i = 0; i < n; i++) {
        const key = tap.readString()
        out[key] = values._read(tap)
      }
    }
    return out
  }

  _skip(tap: Tap): void {
    const values = this.valuesType as unknown as ReadableType
    for (let n = blockSize(tap); n > 0; n = blockSize(tap)) {
      for (let i = 0; i < n; i++) {
        tap.skipString()
        values._skip(tap)
      }
    }
  }
}

/** An avsc type of a schema with our logical types; throws on a schema that is not valid Avro. */
export function parseType(schema: unknown): avro.Type {
  return avro.Type.forSchema(schema as avro.Schema, {
    logicalTypes: { decimal: DecimalType, date: DateType, 'timestamp-millis': InstantType },
    assertLogicalTypes: true,
    omitRecordMethods: true,
    wrapUnions: 'never',
    typeHook(part: avro.Schema, opts: unknown): avro.Type | undefined {
      const kind = (part as { type?: unknown }).type
      if (part === 'int' || (kind === 'int' && !Object.hasOwn(part as object, 'logicalType'))) return INT
      if (kind === 'array') return new BoundedArray(part, opts)
      return kind === 'map' ? new BoundedMap(part, opts) : undefined
    },
  })
}
