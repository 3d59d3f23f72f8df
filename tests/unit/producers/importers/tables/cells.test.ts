import { describe, expect, it } from '@jest/globals'
import {
  columnOf,
  exactDecimal,
  isDateFormat,
  isoDay,
  serialDate,
  unescaped,
} from '../../../../../producers/importers/tables/cells.ts'

describe('numbers of cells', () => {
  it.each([
    ['0.30000000000000004', '0.3'],
    ['1.1000000000000001', '1.1'],
    ['1234567.1', '1234567.1'],
    ['-14059.799999999999', '-14059.8'],
    ['22080.0', '22080'],
    ['100', '100'],
    ['0', '0'],
    ['0.0', '0'],
    ['-0.0', '0'],
    ['1E3', '1000'],
    ['1.5e-7', '0.00000015'],
    ['1.2345E+2', '123.45'],
    ['123456789012345', '123456789012345'],
    ['999999999.99', '999999999.99'],
    ['0.1234567890123456789', '0.123456789012346'],
    ['.5', '0.5'],
  ])('%s is %s', (written, expected) => {
    expect(exactDecimal(written)).toBe(expected)
  })

  it.each(['', 'abc', '1,5', '1e999', 'NaN', 'Infinity', '0x10', '1 2'])('%j is none', (written) => {
    expect(exactDecimal(written)).toBeUndefined()
  })

  it('of cents survive the float of every sum of two of them', () => {
    for (let a = 1; a < 100; a += 7) {
      for (let b = 1; b < 100; b += 3) {
        const cents = a + b
        const expected = cents % 100 === 0 ? String(cents / 100) : String(cents / 100)
        expect(exactDecimal(String(a / 100 + b / 100))).toBe(expected)
      }
    }
  })
})

describe('days of cells', () => {
  it.each([
    // Anchors as Excel shows them.
    ['1', '1900', '1900-01-01'],
    ['59', '1900', '1900-02-28'],
    ['60', '1900', undefined],
    ['61', '1900', '1900-03-01'],
    ['25569', '1900', '1970-01-01'],
    ['46143', '1900', '2026-05-01'],
    ['46143.5', '1900', '2026-05-01T12:00:00'],
    ['46143.999999', '1900', '2026-05-02'],
    ['0', '1900', undefined],
    ['-1', '1900', undefined],
    ['2958466', '1900', undefined],
    ['soon', '1900', undefined],
    ['0', '1904', '1904-01-01'],
    ['44681', '1904', '2026-05-01'],
  ] as const)('serial %s of the %s system is %s', (serial, system, expected) => {
    expect(serialDate(serial, system)).toBe(expected)
  })

  it.each([
    [14, undefined, true],
    [22, undefined, true],
    [18, undefined, false],
    [0, undefined, false],
    [4, undefined, false],
    [164, 'dd.mm.yyyy', true],
    [165, '[$-5000445]d mmmm yyyy', true],
    [166, 'General', false],
    [167, '#,##0.00;[Red]-#,##0.00', false],
    [168, '"due day" 0', false],
    [169, '0.00\\d', false],
    [170, '[h]:mm:ss', false],
    [171, 'yyyy', true],
    [172, '0.00E+00', false],
  ])('format %d %s holds days: %s', (id, code, expected) => {
    expect(isDateFormat(id, code)).toBe(expected)
  })

  it.each([
    ['2026-05-01', '2026-05-01'],
    ['2026-05-01T10:30:00', '2026-05-01'],
    ['2026-02-30', undefined],
    ['1/5/2026', undefined],
  ])('%s is the day %s', (text, expected) => {
    expect(isoDay(text)).toBe(expected)
  })
})

describe('addresses and texts', () => {
  it.each([
    ['A1', 0],
    ['Z9', 25],
    ['AA1', 26],
    ['AB7', 27],
    ['XFD1', 16_383],
    ['XFE1', undefined],
    ['a1', undefined],
    ['', undefined],
  ])('%s is column %s', (address, expected) => {
    expect(columnOf(address)).toBe(expected)
  })

  it('are given back as they were typed', () => {
    expect(unescaped('a_x000D_b_x005F_x')).toBe('a\rb_x')
  })
})
