import { describe, expect, it } from '@jest/globals'
import { UNIT_BY_CODE, UNITS } from '../../../schemas/values/units.ts'

describe('the unit table', () => {
  it('has 74 units, each code and each name once', () => {
    expect(UNITS).toHaveLength(74)
    expect(UNIT_BY_CODE.size).toBe(74)
    expect(new Set(UNITS.map((unit) => unit.name)).size).toBe(74)
    expect(new Set(UNITS.map((unit) => unit.nameBn)).size).toBe(74)
    const unece = UNITS.flatMap((unit) => unit.uneceCode ?? [])
    expect(new Set(unece).size).toBe(unece.length)
  })

  it.each([
    'MAUND SEER POA CHHATAK BHORI TOLA ANA RATI BIGHA KATHA DECIMAL_LAND HALI BOSTA',
    'PCS PAIR SET DOZEN GROSS BOX CTN BAG BUNDLE ROLL REAM',
    'KG G MT L ML M CM FT IN YD CFT SFT RFT',
  ])('has %s', (codes) => {
    expect(codes.split(' ').filter((code) => !UNIT_BY_CODE.has(code))).toEqual([])
  })

  it.each(UNITS)('$code is named in both languages and has a code that fits everywhere', (unit) => {
    expect(unit.code).toMatch(/^[A-Z][A-Z_]{0,15}$/)
    expect(unit.name).toMatch(/^[A-Z]/)
    expect(unit.nameBn).toMatch(/^[\u0980-\u09ff ]+$/)
    if (unit.uneceCode !== null) expect(unit.uneceCode).toMatch(/^[A-Z0-9]{2,3}$/)
  })
})
