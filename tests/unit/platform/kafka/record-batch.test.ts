import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { decompress } from '../../../../platform/kafka/kafkajs/compression.ts'
import { crc32c } from '../../../../platform/kafka/kafkajs/crc32c.ts'
import { decodeBatches, encodeBatch, prepare } from '../../../../platform/kafka/kafkajs/record-batch.ts'

// Batches built by the Java client: vectors/Vectors.java says of what.
const java = JSON.parse(readFileSync(new URL('./vectors/batches.json', import.meta.url), 'utf8')) as Record<
  string,
  string
>
const batchOf = (name: string) => Buffer.from(java[name] ?? '', 'base64')

const identity = { producerId: 77n, epoch: 3, transactional: false }
const at = { topic: 't', partition: 0, aborted: [] }
const batch = (
  values: readonly string[],
  options: { producerId?: bigint; transactional?: boolean; base?: number } = {},
) => {
  const { producerId = 77n, transactional = false, base = 0 } = options
  const records = values.map((value) => prepare({ topic: 't', key: 'k', value: Buffer.from(value) }))
  const bytes = encodeBatch(records, { producerId, epoch: 3, transactional }, 0, 1_700_000_000_000)
  bytes.writeBigInt64BE(BigInt(base), 0)
  return bytes
}
/** A control batch, as the broker writes it: one record with key (version, kind). */
const control = (producerId: bigint, kind: 'abort' | 'commit', base: number) => {
  const key = Buffer.from([0, 0, 0, kind === 'abort' ? 0 : 1])
  const record = { ...prepare({ topic: 't', key, value: Buffer.alloc(6) }) }
  const bytes = encodeBatch([record], { producerId, epoch: 3, transactional: true }, -1, 1_700_000_000_000)
  bytes.writeInt16BE(0x30, 21)
  bytes.writeUInt32BE(crc32c(bytes, 21), 17)
  bytes.writeBigInt64BE(BigInt(base), 0)
  return bytes
}
const texts = (bytes: Buffer, more: object = {}) => {
  const { records, nextOffset } = decodeBatches({ ...at, bytes, from: 0, ...more })
  return { texts: records.map((r) => r.value?.toString()), nextOffset }
}

describe('CRC-32C', () => {
  it('has the check value of the standard, and does not depend on where the bytes lie', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
    expect(crc32c(Buffer.alloc(0))).toBe(0)
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa)
    const bytes = Buffer.from('xx123456789yy')
    expect(crc32c(bytes, 2, 11)).toBe(0xe3069283)
  })

  it('is that of a bit after the other, for any bytes of any length', () => {
    const bitwise = (bytes: Uint8Array): number => {
      let c = 0xffffffff
      for (const byte of bytes) {
        c ^= byte
        for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1
      }
      return ~c >>> 0
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), (bytes, skipped) => {
        const from = Math.min(skipped, bytes.length)
        expect(crc32c(bytes, from)).toBe(bitwise(bytes.subarray(from)))
      }),
    )
  })
})

it('gives each record its own key, however often and beside which others it comes', () => {
  const key = fc.oneof(
    fc.constantFrom('', 'a', 'b', 'আকাশ', 'x'.repeat(64), 'x'.repeat(65)),
    fc.nat(2_000).map((n) => `tenant-${n}`),
  )
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 700 }), (keys) => {
      const prepared = keys.map((one, i) => prepare({ topic: 't', key: one, value: Buffer.from(`${i}`) }))
      const { records } = decodeBatches({ ...at, bytes: encodeBatch(prepared, identity, 0, 0), from: 0 })
      expect(records.map((one) => one.key?.toString())).toEqual(keys)
    }),
  )
})

describe('a batch of the Java client', () => {
  it.each(['gzip', 'snappy', 'lz4', 'zstd'])('compressed with %s is read whole', (codec) => {
    const { records, nextOffset } = decodeBatches({ ...at, bytes: batchOf(codec), from: 0 })
    expect(records).toHaveLength(300)
    expect(nextOffset).toBe(5_000_000_300)
    records.forEach((record, i) => {
      expect(record.offset).toBe(5_000_000_000 + i)
      expect(record.timestamp).toBe(1_700_000_000_000 + i)
      expect(record.key?.toString()).toBe(i % 60 === 9 ? undefined : `k${i}`)
      expect(record.value?.toString()).toBe(i % 50 === 7 ? undefined : `value-${i} `.repeat(40))
      const headers = i % 100 === 3 ? { h: `x${i}`, n: '' } : {}
      expect(Object.fromEntries(Object.entries(record.headers).map(([k, v]) => [k, v.toString()]))).toEqual(
        headers,
      )
    })
  })

  it('with append time has the time of the broker on every record', () => {
    const { records } = decodeBatches({ ...at, bytes: batchOf('logAppendTime'), from: 0 })
    expect(new Set(records.map((r) => r.timestamp))).toEqual(new Set([1_800_000_000_000]))
  })

  it('with a damaged body is refused, never read wrongly', () => {
    for (const codec of ['gzip', 'snappy', 'lz4', 'zstd']) {
      const bytes = batchOf(codec)
      const body = bytes.subarray(61)
      fc.assert(
        fc.property(fc.nat(body.length - 1), fc.nat(255), (index, value) => {
          const damaged = Buffer.from(bytes)
          if (damaged[61 + index] === value) return true
          damaged[61 + index] = value
          expect(() => decodeBatches({ ...at, bytes: damaged, from: 0 })).toThrow(/checksum is wrong/)
          // Even past the checksum, damage ends in an error or in bytes, never in a hang or a crash.
          try {
            decompress({ gzip: 1, snappy: 2, lz4: 3, zstd: 4 }[codec] ?? 0, damaged.subarray(61))
          } catch (error) {
            expect(error).toHaveProperty('message')
          }
          return true
        }),
        { numRuns: 200 },
      )
    }
  })
})

describe('a batch of ours', () => {
  it('comes back as it was written', () => {
    const body = fc.uint8Array({ maxLength: 300 })
    const records = fc.array(
      fc.record({
        key: body,
        value: fc.option(body, { nil: null }),
        headers: fc.dictionary(fc.stringMatching(/^[a-z-]{1,9}$/), body, { maxKeys: 3 }),
      }),
      { minLength: 1, maxLength: 200 },
    )
    fc.assert(
      fc.property(records, (all) => {
        const prepared = all.map(({ key, value, headers }) =>
          prepare({
            topic: 't',
            key: Buffer.from(key),
            value: value && Buffer.from(value),
            headers: Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, Buffer.from(v)])),
          }),
        )
        const decoded = decodeBatches({
          ...at,
          bytes: encodeBatch(prepared, identity, 5, 1_700_000_000_123),
          from: 0,
        })
        expect(decoded.nextOffset).toBe(all.length)
        decoded.records.forEach((record, i) => {
          const given = all[i]
          expect([...(record.key ?? [])]).toEqual([...(given?.key ?? [])])
          expect(record.value && [...record.value]).toEqual(given?.value && [...given.value])
          expect(Object.keys(record.headers).sort()).toEqual(Object.keys(given?.headers ?? {}).sort())
          expect(record.timestamp).toBe(1_700_000_000_123)
        })
      }),
      { numRuns: 60 },
    )
  })

  it('carries the producer, its epoch and the sequence where the broker looks for them', () => {
    const bytes = encodeBatch(
      [prepare({ topic: 't', key: 'k', value: null })],
      { ...identity, transactional: true },
      9,
      1,
    )
    expect(bytes.readBigInt64BE(43)).toBe(77n)
    expect([bytes.readInt16BE(51), bytes.readInt32BE(53), bytes.readInt16BE(21) & 0x10]).toEqual([3, 9, 0x10])
    expect(bytes.readInt32BE(8)).toBe(bytes.length - 12)
  })
})

describe('reading what was fetched', () => {
  it('skips records before the offset that was asked for, and a batch that is cut off', () => {
    const bytes = Buffer.concat([batch(['0', '1', '2']), batch(['3', '4'], { base: 3 })])
    expect(texts(bytes, { from: 1 })).toEqual({ texts: ['1', '2', '3', '4'], nextOffset: 5 })
    expect(texts(bytes.subarray(0, bytes.length - 1))).toEqual({ texts: ['0', '1', '2'], nextOffset: 3 })
    expect(texts(bytes.subarray(0, 30))).toEqual({ texts: [], nextOffset: 0 })
  })

  it('drops aborted transactions up to their abort marker, and steps over markers', () => {
    const log = Buffer.concat([
      batch(['aborted 1'], { producerId: 1n, transactional: true, base: 0 }),
      batch(['kept 1'], { producerId: 2n, transactional: true, base: 1 }),
      batch(['plain'], { base: 2 }),
      batch(['aborted 2'], { producerId: 1n, transactional: true, base: 3 }),
      control(1n, 'abort', 4),
      batch(['kept 2'], { producerId: 1n, transactional: true, base: 5 }),
      control(2n, 'commit', 6),
      control(1n, 'commit', 7),
    ])
    const aborted = [{ producerId: 1n, firstOffset: 0 }]
    expect(texts(log, { aborted })).toEqual({ texts: ['kept 1', 'plain', 'kept 2'], nextOffset: 8 })
    expect(texts(log).texts).toHaveLength(5)
  })

  it('does not drop what a producer committed before its aborted transaction', () => {
    const log = Buffer.concat([
      batch(['committed'], { producerId: 1n, transactional: true, base: 0 }),
      control(1n, 'commit', 1),
      batch(['aborted'], { producerId: 1n, transactional: true, base: 2 }),
      control(1n, 'abort', 3),
    ])
    expect(texts(log, { aborted: [{ producerId: 1n, firstOffset: 2 }] })).toEqual({
      texts: ['committed'],
      nextOffset: 4,
    })
  })

  it('moves on over a batch that compaction emptied', () => {
    const empty = batch(['x']).subarray(0, 61)
    empty.writeInt32BE(61 - 12, 8)
    empty.writeInt32BE(0, 57)
    empty.writeInt32BE(41, 23)
    empty.writeUInt32BE(crc32c(empty, 21), 17)
    expect(texts(empty)).toEqual({ texts: [], nextOffset: 42 })
  })

  it('refuses a batch of an older format', () => {
    const old = batch(['x'])
    old[16] = 1
    expect(() => texts(old)).toThrow(expect.objectContaining({ code: 'CORRUPT_BATCH' }) as never)
  })
})
