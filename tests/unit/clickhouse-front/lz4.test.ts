/** XXH32 against published vectors; LZ4 frames against the encoder of another implementation, and damaged ones. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { compressFrame } from 'lz4-napi'
import { decodeBlock, lz4Frames } from '../../../deploy/local/clickhouse/lz4-frame.ts'
import { Xxh32, xxh32 } from '../../../deploy/local/clickhouse/xxh32.ts'

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
async function decode(bytes: Buffer, size = 4_096): Promise<Buffer> {
  const out: Buffer[] = []
  for await (const chunk of lz4Frames(pieces(bytes, size))) out.push(chunk)
  return Buffer.concat(out)
}
const text = (rows: number): Buffer =>
  Buffer.from(Array.from({ length: rows }, (_, row) => `{"id":${row},"note":"note ${row % 7}"}\n`).join(''))

describe('XXH32', () => {
  it.each([
    ['', 0x02cc5d05],
    ['a', 0x550d7456],
    ['abc', 0x32d153ff],
    ['Nobody inspects the spammish repetition', 0xe2293b2f],
  ])('%j', (input, sum) => {
    expect(xxh32(Buffer.from(input))).toBe(sum)
  })
  it('is the same in pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 40 }), (bytes, size) => {
        const all = Buffer.from(bytes)
        const sum = new Xxh32()
        for (let at = 0; at < all.length; at += size) sum.update(all.subarray(at, at + size))
        expect(sum.digest()).toBe(xxh32(all))
      }),
    )
  })
})

describe('LZ4 frames', () => {
  it('come back as they were, however they are cut on the way', async () => {
    const data = text(20_000)
    const frame = await compressFrame(data, { contentChecksum: true, blockChecksums: true })
    for (const size of [1_000_000, 4_096, 7]) expect((await decode(frame, size)).equals(data)).toBe(true)
  })
  it('come back for any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 3_000 }),
        fc.integer({ min: 1, max: 8 }),
        async (bytes, times) => {
          const data = Buffer.concat(Array.from({ length: times }, () => Buffer.from(bytes)))
          expect((await decode(await compressFrame(data))).equals(data)).toBe(true)
        },
      ),
      { numRuns: 50 },
    )
  })
  it('are read one after the other, with skippable ones between', async () => {
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
    const body = Buffer.concat([await compressFrame(text(10)), skippable, await compressFrame(text(5))])
    expect((await decode(body)).equals(Buffer.concat([text(10), text(5)]))).toBe(true)
  })
  it('of another implementation with linked blocks (python lz4, 64 KB blocks, checksum)', async () => {
    // lz4.frame.compress(b'ab' * 40000 + b'cd' * 40, block_linked=True, content_checksum=True, store_size=True, block_size=64KB)
    const frame = Buffer.from(LINKED, 'hex')
    expect((await decode(frame)).toString()).toBe('ab'.repeat(40_000) + 'cd'.repeat(40))
  })
  it('that are cut are errors, wherever they are cut', async () => {
    const frame = await compressFrame(text(200), { contentChecksum: true })
    for (let end = 1; end < frame.length; end += 13) {
      await expect(decode(frame.subarray(0, end))).rejects.toThrow('damaged')
    }
  })
  it('with a changed byte are errors', async () => {
    const frame = await compressFrame(text(200), { contentChecksum: true, blockChecksums: true })
    for (let at = 0; at < frame.length; at += 11) {
      const bad = Buffer.from(frame)
      bad[at] = (bad[at] ?? 0) ^ 0x55
      await expect(decode(bad)).rejects.toThrow('damaged')
    }
  })
  it('that reach before their data or beyond their block are errors', () => {
    const out = Buffer.alloc(64)
    expect(() => decodeBlock(Buffer.from([0x10, 0x41, 0x09, 0x00, 0x00]), out, 0, 0)).toThrow(
      'before the data',
    )
    expect(() =>
      decodeBlock(Buffer.from([0x1f, 0x41, 0x01, 0x00, 0xff, 0xff, 0x00, 0x00]), out, 0, 0),
    ).toThrow('overruns')
  })
})

const LINKED =
  '04224d184c40d0380100000000000b0c0100002f61620200ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe6506261626162480000000f0200ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa52f636402003650646364636400000000cea6ddf0'
