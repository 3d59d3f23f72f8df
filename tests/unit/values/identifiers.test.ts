import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  canonicalMobile,
  formatBin,
  formatTin,
  isLegacyBin,
  isLegacyTin,
  parseBin,
  parseNid,
  parseTin,
} from '../../../schemas/values/identifiers.ts'

const digits = (length: number) => '123456789012345678'.slice(0, length)

describe('tax and identity numbers', () => {
  it.each<[string, (text: string) => string | undefined, readonly number[]]>([
    ['TIN', parseTin, [10, 12]],
    ['BIN', parseBin, [9, 13]],
    ['NID', parseNid, [10, 13, 17]],
  ])('%s: of all lengths exactly these are accepted', (_what, parse, accepted) => {
    const lengths = Array.from({ length: 18 }, (_unused, index) => index + 1)
    expect(lengths.filter((length) => parse(digits(length)) !== undefined)).toEqual(accepted)
  })

  it.each<[(text: string) => string | undefined, string, string | undefined]>([
    [parseTin, '1234-5678-9012', '123456789012'],
    [parseTin, ' 1234 5678 9012 ', '123456789012'],
    [parseTin, '1234-567-890', '1234567890'],
    [parseTin, '১২৩৪৫৬৭৮৯০১২', '123456789012'],
    [parseTin, '1234--5678-9012', undefined],
    [parseTin, '-123456789012', undefined],
    [parseTin, '12345678901A', undefined],
    [parseTin, '1234.5678.9012', undefined],
    [parseTin, '١٢٣٤٥٦٧٨٩٠١٢', undefined],
    [parseTin, '', undefined],
    [parseBin, '003065823-0101', '0030658230101'],
    [parseBin, '0030658230101', '0030658230101'],
    [parseBin, '003065823', '003065823'],
    [parseBin, '00306582301', undefined],
    [parseNid, '19901234567890123', '19901234567890123'],
  ])('%#: reads %j', (parse, written, expected) => {
    expect(parse(written)).toBe(expected)
  })

  it('knows the older forms', () => {
    expect([isLegacyTin(digits(10)), isLegacyTin(digits(12))]).toEqual([true, false])
    expect([isLegacyBin(digits(9)), isLegacyBin(digits(13))]).toEqual([true, false])
  })

  it('shows them in groups', () => {
    expect([formatTin(digits(10)), formatTin(digits(12))]).toEqual(['1234-567-890', '1234-5678-9012'])
    expect([formatBin('0030658230101'), formatBin('003065823')]).toEqual(['003065823-0101', '003065823'])
  })

  it('reads what it shows, and stores digits only', () => {
    const ofLength = (...lengths: readonly number[]) =>
      fc.constantFrom(...lengths).chain((length) => fc.stringMatching(new RegExp(`^\\d{${length}}$`)))
    fc.assert(
      fc.property(ofLength(10, 12), ofLength(9, 13), (tin, bin) => {
        expect(parseTin(formatTin(tin))).toBe(tin)
        expect(parseBin(formatBin(bin))).toBe(bin)
      }),
    )
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const parse of [parseTin, parseBin, parseNid]) expect(parse(text) ?? '1').toMatch(/^\d+$/)
      }),
    )
  })
})

describe('mobile numbers', () => {
  it.each([
    ['01712345678', '+8801712345678'],
    ['+8801712345678', '+8801712345678'],
    ['8801712345678', '+8801712345678'],
    ['017 1234-5678', '+8801712345678'],
    ['০১৭১২৩৪৫৬৭৮', '+8801712345678'],
    ['01212345678', undefined],
    ['0171234567', undefined],
    ['017123456789', undefined],
    ['+88001712345678', undefined],
    ['1712345678', undefined],
    ['+919812345678', undefined],
  ])('%s -> %s', (written, expected) => {
    expect(canonicalMobile(written)).toBe(expected)
  })

  it('has one form, whichever is written', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^1[3-9]\d{8}$/), (local) => {
        const forms = [`0${local}`, `880${local}`, `+880${local}`].map(canonicalMobile)
        expect(new Set(forms)).toEqual(new Set([`+880${local}`]))
        expect(canonicalMobile(forms[0] ?? '')).toBe(forms[0])
      }),
    )
  })
})
