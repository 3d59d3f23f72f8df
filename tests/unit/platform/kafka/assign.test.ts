import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { assign, type Candidate, keyOf, type TopicPartition } from '../../../../platform/kafka/assign.ts'

const fresh = (id: string, topics = ['t']): Candidate => ({ id, topics, owned: [], ownedIn: -1 })
const names = (places: readonly TopicPartition[] | undefined) =>
  (places ?? []).map((p) => keyOf(p.topic, p.partition))
const holding = (id: string, partitions: readonly number[], ownedIn: number): Candidate => ({
  id,
  topics: ['t'],
  owned: partitions.map((partition) => ({ topic: 't', partition })),
  ownedIn,
})

describe('sharing partitions', () => {
  it('gives every partition to exactly one member, evenly, in whatever order members come', () => {
    const members = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(members, fc.integer({ min: 1, max: 30 }), (ids, partitions) => {
        const shares = assign(
          ids.map((id) => fresh(id)),
          () => partitions,
        )
        const all = [...shares.values()].flatMap(names)
        const sizes = [...shares.values()].map((share) => share.length)
        expect(new Set(all).size).toBe(partitions)
        expect(all.length).toBe(partitions)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
        const again = assign(
          ids.toReversed().map((id) => fresh(id)),
          () => partitions,
        )
        expect(Object.fromEntries(again)).toEqual(Object.fromEntries(shares))
      }),
    )
  })

  it('gives the heaviest partitions to different members, and as many to each', () => {
    const records = [900, 10, 500, 20, 400, 30]
    const shares = assign(
      [fresh('a'), fresh('b')],
      () => records.length,
      ({ partition }) => records[partition] ?? 0,
    )
    const load = (id: string) => shares.get(id)?.reduce((n, p) => n + (records[p.partition] ?? 0), 0)
    expect([names(shares.get('a')), names(shares.get('b'))]).toEqual([
      ['t-0', 't-1', 't-5'],
      ['t-2', 't-3', 't-4'],
    ])
    expect([load('a'), load('b')]).toEqual([940, 920])
    const kept = assign(
      [holding('a', [0, 2], 3), fresh('b'), fresh('c')],
      () => 6,
      ({ partition }) => records[partition] ?? 0,
    )
    expect(names(kept.get('a'))).toEqual(['t-0', 't-2'])
    expect(names(kept.get('b'))).toEqual(['t-1', 't-4'])
  })

  it('leaves a member what it has as far as balance allows', () => {
    const shares = assign([holding('a', [0, 1, 2, 3, 4, 5], 3), fresh('b')], () => 6)
    expect(names(shares.get('a'))).toEqual(['t-0', 't-1', 't-2'])
    const back = assign([holding('b', [3, 4, 5], 4)], () => 6)
    expect(back.get('b')).toHaveLength(6)
    const unchanged = assign(
      [holding('a', [1, 4], 5), holding('b', [0, 2], 5), holding('c', [3, 5], 5)],
      () => 6,
    )
    expect([...unchanged.values()].map(names)).toEqual([
      ['t-1', 't-4'],
      ['t-0', 't-2'],
      ['t-3', 't-5'],
    ])
  })

  it('takes back what was lent: who had it before may still hold its state', () => {
    const shares = assign([holding('a', [0, 1, 2, 3], 4), holding('b', [0, 2], 2)], () => 4)
    expect(names(shares.get('a'))).toEqual(['t-1', 't-3'])
    expect(names(shares.get('b'))).toEqual(['t-0', 't-2'])
  })

  it('moves no more than it must when members come and go', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 24 }), (count, partitions) => {
        const ids = Array.from({ length: count }, (_, i) => `m${i}`)
        const before = assign(
          ids.map((id) => fresh(id)),
          () => partitions,
        )
        const claims = ids.map((id) => ({ ...fresh(id), owned: before.get(id) ?? [], ownedIn: 1 }))
        const after = assign([...claims, fresh('new')], () => partitions)
        for (const id of ids) {
          const had = new Set(names(before.get(id)))
          const gained = names(after.get(id)).filter((place) => !had.has(place))
          expect(gained).toEqual([])
        }
      }),
    )
  })

  it('believes the newest claim when two members claim one partition', () => {
    const shares = assign([holding('old', [0, 1], 1), holding('new', [0, 1], 2)], () => 4)
    expect(names(shares.get('new'))).toEqual(['t-0', 't-1'])
  })

  it('gives a topic to its subscribers alone', () => {
    const shares = assign([fresh('a', ['t']), fresh('b', ['t', 'u'])], () => 2)
    expect(names(shares.get('a')).every((place) => place.startsWith('t-'))).toBe(true)
    expect(names(shares.get('b'))).toEqual(expect.arrayContaining(['u-0', 'u-1']))
    expect([...shares.values()].flat()).toHaveLength(4)
  })
})
