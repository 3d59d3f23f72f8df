import { describe, expect, it } from '@jest/globals'
import { DISTRICTS, DIVISIONS, divisionOf, readPlace } from '../../../schemas/values/districts.ts'

describe('districts', () => {
  it('are 64 in 8 divisions, each in one, and each division has a district of its name', () => {
    const all = Object.values(DISTRICTS).flat()
    expect([DIVISIONS.length, all.length, new Set(all).size]).toEqual([8, 64, 64])
    expect(DIVISIONS.map((division) => DISTRICTS[division].length)).toEqual([6, 11, 13, 10, 4, 8, 8, 4])
    for (const division of DIVISIONS) expect(divisionOf(division)).toBe(division)
  })

  it.each([
    ['Dhaka', 'Dhaka', { district: 'Dhaka', division: 'Dhaka' }],
    ['Gazipur', '', { district: 'Gazipur', division: 'Dhaka' }],
    ['', 'Sylhet', { district: '', division: 'Sylhet' }],
    ['', '', { district: '', division: '' }],
    ['comilla', 'CHITTAGONG', { district: 'Cumilla', division: 'Chattogram' }],
    ['Coxs Bazar', '', { district: "Cox's Bazar", division: 'Chattogram' }],
    ['Cox’s Bazar', '', { district: "Cox's Bazar", division: 'Chattogram' }],
    ['Chapai Nawabganj', '', { district: 'Chapainawabganj', division: 'Rajshahi' }],
    ['Jessore', 'Khulna', { district: 'Jashore', division: 'Khulna' }],
  ])('%j in %j', (district, division, expected) => {
    expect(readPlace({ district, division })).toEqual(expected)
  })

  it.each([
    ['Gotham', '', 'district'],
    ['Dhaka', 'Gotham', 'division'],
    ['Dhaka', 'Khulna', 'division'],
    ['', 'Gazipur', 'division'],
    ['!!', '', 'district'],
  ])('refuses %j in %j', (district, division, field) => {
    expect(readPlace({ district, division })).toMatchObject({ field })
  })

  it('knows the division of exactly the names used here', () => {
    expect([divisionOf('Cumilla'), divisionOf('Comilla'), divisionOf('')]).toEqual([
      'Chattogram',
      undefined,
      undefined,
    ])
  })
})
