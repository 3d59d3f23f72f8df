import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Reader, Writer } from '../../../../platform/kafka/kafkajs/bytes.ts'

describe('the primitive types of the protocol', () => {
  it('come back as they were written', () => {
    const ints = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    const longs = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER })
    const texts = fc.option(fc.string({ unit: 'binary' }), { nil: null })
    fc.assert(
      fc.property(
        ints,
        longs,
        texts,
        fc.nat(2 ** 32 - 1),
        fc.array(ints),
        (int, long, text, unsigned, list) => {
          const w = new Writer(1)
          w.int32(int).int64(long).string(text).compactString(text).uvarint(unsigned).varint(int)
          w.array(list, (n) => w.int32(n)).compactArray(list, (n) => w.int32(n))
          const r = new Reader(w.bytes)
          const back = text === null ? null : Buffer.from(text).toString()
          expect([r.int32(), r.int64(), r.string(), r.compactString(), r.uvarint(), r.varint()]).toEqual([
            int,
            long,
            back,
            back,
            unsigned,
            int,
          ])
          expect([r.array(() => r.int32()), r.compactArray(() => r.int32())]).toEqual([list, list])
          expect(r.left).toBe(0)
        },
      ),
    )
  })

  it('have the bytes that the protocol prescribes', () => {
    const bytes = (write: (w: Writer) => void) => {
      const w = new Writer()
      write(w)
      return w.bytes.toString('hex')
    }
    expect(bytes((w) => w.int64(-1))).toBe('ffffffffffffffff')
    expect(bytes((w) => w.int64(2 ** 40 + 5))).toBe('0000010000000005')
    expect(bytes((w) => w.uvarint(300))).toBe('ac02')
    expect(bytes((w) => w.varint(-1))).toBe('01')
    expect(bytes((w) => w.varint(64))).toBe('8001')
    expect(bytes((w) => w.string('ab'))).toBe('00026162')
    expect(bytes((w) => w.compactString('ab'))).toBe('036162')
  })

  it('are never read past the end', () => {
    expect(() => new Reader(Buffer.alloc(3)).int32()).toThrow(RangeError)
    expect(() => new Reader(Buffer.from([0xff, 0xff])).uvarint()).toThrow(RangeError)
    expect(() => new Reader(Buffer.from([0x00, 0x09, 0x61])).string()).toThrow(RangeError)
    expect(() => new Reader(Buffer.alloc(20, 0xff)).varlong()).toThrow(RangeError)
  })
})
