import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  csvRecords,
  LINE_BYTES_MAX,
  type TableRecord,
} from '../../../../../producers/importers/tables/csv.ts'

async function read(text: string | Uint8Array, chunkBytes = 7): Promise<TableRecord[]> {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      yield await Promise.resolve(bytes.subarray(at, at + chunkBytes))
    }
  }
  const records: TableRecord[] = []
  for await (const record of csvRecords(chunks(), () => ',')) records.push(record)
  return records
}
const lines = (records: readonly TableRecord[]) =>
  records.map((one) =>
    'fields' in one ? `${one.line}: ${one.fields.join('|')}` : `${one.line}! ${one.problem}`,
  )

describe('records of a file', () => {
  it('have the numbers of their first lines, with any line ends, a BOM and empty lines', async () => {
    expect(lines(await read('\uFEFFa,b\r\n1,2\r\n\r\n"x\ny",3\n4,"5""6"'))).toEqual([
      '1: a|b',
      '2: 1|2',
      '4: x\ny|3',
      '6: 4|5"6',
    ])
  })

  it('are spoilt by an open quote in their own line only', async () => {
    const text = ['a,b', '1,2', '5" pipe,3', '4,5', ...Array.from({ length: 30 }, (_, i) => `${i},x`)].join(
      '\n',
    )
    const read_ = lines(await read(text))
    expect(read_.filter((one) => one.includes('!'))).toEqual(['3! has a quote that is not closed'])
    expect(read_).toHaveLength(34)
  })

  it('are spoilt by quotes in wrong places in their own line only', async () => {
    expect(lines(await read('a,b\n"1"2,"3"\n4,5'))).toEqual([
      '1: a|b',
      '2! has quotes in the wrong places',
      '3: 4|5',
    ])
  })

  it('pass over ten megabytes without a line end, in bounded memory', async () => {
    const garbage = 'x'.repeat(10 * 1024 * 1024)
    const records = await read(`a,b\n1,2\n${garbage}\n3,4\n`, 64 * 1024)
    expect(lines(records).map((one) => one.slice(0, 40))).toEqual([
      '1: a|b',
      '2: 1|2',
      '3! is 10485760 bytes long, more than 655',
      '4: 3|4',
    ])
  })

  it.each([
    ['not UTF-8', new Uint8Array([0x61, 0x0a, 0xff, 0xfe, 0x0a, 0x62])],
    ['NUL bytes', new Uint8Array([0x61, 0x0a, 0x00, 0x31, 0x0a, 0x62])],
  ])('tell a line of %s', async (_what, bytes) => {
    expect(lines(await read(bytes, 2))).toEqual(['1: a', '2! is not UTF-8 text', '3: b'])
  })

  it('are as many as there are lines, wherever the stream is cut', async () => {
    const cell = fc.string({ maxLength: 6, unit: fc.constantFrom('a', '1', ' ', 'ক', '€', '.', '-') })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 9 }),
        async (rows, size) => {
          const text = rows.map(([a, b]) => `"${a}",${b}`).join('\n')
          expect(lines(await read(text, size))).toEqual(rows.map(([a, b], i) => `${i + 1}: ${a}|${b}`))
        },
      ),
      { numRuns: 50 },
    )
  })

  it('holds a line of the greatest length', async () => {
    const long = 'y'.repeat(LINE_BYTES_MAX - 2)
    expect((await read(`a\n${long}\n`, 4096))[1]).toEqual({ line: 2, fields: [long] })
  })
})
