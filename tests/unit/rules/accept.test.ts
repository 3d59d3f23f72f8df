import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  type AggregateVersions,
  aggregateKey,
  ID_SKEW_MS,
  idKey,
  isApplied,
  judgeId,
  judgeVersion,
  MISSING_RANGES_MAX,
  withVersion,
} from '../../../schemas/rules/accept.ts'

/** Applies versions in turn; what is refused is not remembered. */
function run(
  versions: readonly number[],
  orderFree = false,
): { verdicts: string[]; known: AggregateVersions | undefined } {
  let known: AggregateVersions | undefined
  const verdicts = versions.map((version) => {
    const verdict = judgeVersion(known, version, orderFree)
    if (isApplied(verdict)) known = withVersion(known, version)
    return verdict
  })
  return { verdicts, known }
}

describe('the accept rules', () => {
  it.each([
    ['in order', [1, 2, 3], ['applied', 'applied', 'applied']],
    ['a redelivery of the last one', [1, 2, 2], ['applied', 'applied', 'duplicate']],
    ['a redelivery of the whole aggregate', [1, 2, 1, 2], ['applied', 'applied', 'duplicate', 'duplicate']],
    ['a gap', [1, 3, 4], ['applied', 'applied_gap', 'applied']],
    ['a log that begins in the middle', [5, 6], ['applied_gap', 'applied']],
    ['a missing version that comes late', [1, 3, 2], ['applied', 'applied_gap', 'version_regression']],
    [
      'a missing version twice',
      [1, 3, 2, 2],
      ['applied', 'applied_gap', 'version_regression', 'version_regression'],
    ],
    [
      'a version that came before the gap',
      [1, 3, 1, 3],
      ['applied', 'applied_gap', 'duplicate', 'duplicate'],
    ],
    [
      'no version at all',
      [0, -1, 1.5, 2 ** 53],
      ['bad_version', 'bad_version', 'bad_version', 'bad_version'],
    ],
  ])('judges %s', (_, versions, verdicts) => {
    expect(run(versions).verdicts).toEqual(verdicts)
  })

  it('applies a missing version late where order does not matter, once', () => {
    expect(run([1, 4, 2, 2, 3, 3, 5], true)).toEqual({
      verdicts: [
        'applied',
        'applied_gap',
        'applied_order_free',
        'duplicate',
        'applied_order_free',
        'duplicate',
        'applied',
      ],
      known: 5,
    })
  })

  it('decides as a set of all applied versions would, in any order', () => {
    const versions = fc.array(fc.integer({ min: 1, max: 2 * MISSING_RANGES_MAX - 1 }), { maxLength: 60 })
    fc.assert(
      fc.property(versions, fc.boolean(), (list, orderFree) => {
        const applied = new Set<number>()
        const expected = list.map((version) => {
          if (applied.has(version)) return 'duplicate'
          const last = Math.max(0, ...applied)
          if (version < last && !orderFree) return 'version_regression'
          applied.add(version)
          return version < last ? 'applied_order_free' : version === last + 1 ? 'applied' : 'applied_gap'
        })
        expect(run(list, orderFree).verdicts).toEqual(expected)
      }),
    )
  })

  it('never takes an undecidable version for a duplicate when too many gaps are open', () => {
    const odd = Array.from({ length: MISSING_RANGES_MAX + 3 }, (_, i) => 2 * i + 2)
    const { known } = run(odd)
    expect(judgeVersion(known, 1, true)).toBe('version_regression')
    expect(judgeVersion(known, 2, true)).toBe('version_regression')
    expect(judgeVersion(known, 2 * MISSING_RANGES_MAX + 1, true)).toBe('applied_order_free')
    expect(judgeVersion(known, 2 * MISSING_RANGES_MAX + 2, true)).toBe('duplicate')
  })

  it('judges an id without version by whether it was seen, and puts aside what it cannot know', () => {
    expect(judgeId(true, 0, 1000)).toBe('duplicate')
    expect(judgeId(false, 0, Number.NEGATIVE_INFINITY)).toBe('applied')
    expect(judgeId(false, 1000 + ID_SKEW_MS, 1000)).toBe('applied')
    expect(judgeId(false, 999 + ID_SKEW_MS, 1000)).toBe('late')
  })

  it('keeps tenants, types and ids apart in its keys', () => {
    const key = { tenantId: 'a', aggregateType: 'b', aggregateId: 'c' }
    expect(aggregateKey(key)).not.toBe(aggregateKey({ ...key, tenantId: 'b', aggregateType: 'a' }))
    expect(idKey({ tenantId: 'a', eventId: 'x' })).not.toBe(idKey({ tenantId: 'b', eventId: 'x' }))
  })
})
