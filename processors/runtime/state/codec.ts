/**
 * State codecs. Canonical: equal values give equal bytes, so that equal input gives byte-equal state (R1).
 * Refuses what JSON would change in silence: undefined inside arrays, NaN, infinities, -0, dates, maps, class instances.
 */
import type { Codec } from '../topology.ts'

/** A bigint is the string '~' + digits; a string that begins with '~' gets one more. */
const MARK = '~'

function write(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.startsWith(MARK) ? MARK + value : value)
    case 'bigint':
      return `"${MARK}${value}"`
    case 'boolean':
      return value ? 'true' : 'false'
    case 'number':
      if (!Number.isFinite(value) || Object.is(value, -0))
        throw new TypeError(`state cannot hold the number ${Object.is(value, -0) ? '-0' : value}`)
      return String(value)
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? writeArray(value) : writeObject(value)
    case 'function':
    case 'symbol':
    case 'undefined':
      throw new TypeError(`state cannot hold a ${typeof value}`)
  }
}

function writeArray(value: readonly unknown[]): string {
  let out = '['
  for (let i = 0; i < value.length; i++) out += (i === 0 ? '' : ',') + write(value[i])
  return `${out}]`
}

function writeObject(value: object): string {
  const proto: unknown = Object.getPrototypeOf(value)
  if (proto !== Object.prototype && proto !== null)
    throw new TypeError(`state cannot hold a ${value.constructor.name}: plain objects and arrays only`)
  const fields = value as Readonly<Record<string, unknown>>
  let out = ''
  for (const key of Object.keys(fields).sort()) {
    const field = fields[key]
    if (field === undefined) continue
    out += `${out === '' ? '' : ','}${JSON.stringify(key)}:${write(field)}`
  }
  return `{${out}}`
}

function revive(_key: string, value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith(MARK)) return value
  return value.startsWith(MARK + MARK) ? value.slice(1) : BigInt(value.slice(1))
}

/** Canonical JSON with bigint. `upgrade` turns values written under an older version into today's. */
export function jsonCodec<V>(
  options: { readonly version?: number; readonly upgrade?: (value: unknown, version: number) => V } = {},
): Codec<V> {
  const version = options.version ?? 1
  return {
    version,
    encode: write,
    decode(bytes, writtenVersion) {
      const value: unknown = JSON.parse(bytes.toString('utf8'), revive)
      if (writtenVersion === version) return value as V
      if (!options.upgrade)
        throw new TypeError(`state of codec version ${writtenVersion} needs an upgrade to ${version}`)
      return options.upgrade(value, writtenVersion)
    },
  }
}

/** Non-negative safe integers, as text. */
export const numberCodec: Codec<number> = {
  version: 1,
  encode: String,
  decode: (bytes) => Number(bytes.toString('latin1')),
}
