import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { EXTERNAL_ID, TENANT_ID, uuidv7 } from '../../../schemas/values/ids.ts'

const random = fc.uint8Array({ minLength: 10, maxLength: 10 })

describe('ids', () => {
  it('of events are UUIDs of version 7 that carry their instant and sort by it', () => {
    const instants = fc.integer({ min: 0, max: 2 ** 48 - 1 })
    fc.assert(
      fc.property(instants, instants, random, random, (a, b, r, s) => {
        const [x, y] = [uuidv7(a, r), uuidv7(b, s)]
        const wellFormed = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(x)
        const carries = Number.parseInt(x.replaceAll('-', '').slice(0, 12), 16) === a
        return wellFormed && carries && (a === b || a < b === x < y)
      }),
    )
    expect(() => uuidv7(0, new Uint8Array(9))).toThrow(RangeError)
  })

  it('carry 74 random bits, as the RFC leaves room for', () => {
    const zero = uuidv7(1, new Uint8Array(10))
    let used = 0
    for (let bit = 0; bit < 80; bit++) {
      const bytes = new Uint8Array(10)
      bytes[bit >> 3] = 1 << (bit & 7)
      if (uuidv7(1, bytes) !== zero) used++
    }
    expect(used).toBe(74)
  })

  it('of tenants and upstream systems keep to their narrow forms', () => {
    for (const ok of ['acme', 'a', '0-x_y', 'a'.repeat(64)]) expect(TENANT_ID.test(ok)).toBe(true)
    for (const bad of ['', '~', 'Acme', '-a', 'a b', 'a|b', 'a{b}', 'a'.repeat(65), 'ঢাকা', 'a\n'])
      expect(TENANT_ID.test(bad)).toBe(false)
    for (const ok of ['INV-1', 'a@b.c/d#1', '2025+1']) expect(EXTERNAL_ID.test(ok)).toBe(true)
    for (const bad of ['', 'a b', 'a|b', 'a{b', '"a"', '/a', 'a\n']) expect(EXTERNAL_ID.test(bad)).toBe(false)
  })
})
