import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { murmur2, partitionOf } from '../../../schemas/values/partition.ts'

// [key, hash, partition of 10], written by the Java client (tests/unit/platform/kafka/vectors/Vectors.java).
const vectors = JSON.parse(
  readFileSync(new URL('../platform/kafka/vectors/murmur2.json', import.meta.url), 'utf8'),
) as [string, number, number][]

describe('the partition of a key', () => {
  it('is the one the Java client computes', () => {
    expect(vectors.length).toBeGreaterThan(50)
    for (const [key, hash, partition] of vectors) {
      expect([key, murmur2(Buffer.from(key))]).toEqual([key, hash])
      expect([key, partitionOf(key, 10)]).toEqual([key, partition])
      expect(partitionOf(Buffer.from(key), 10)).toBe(partition)
    }
  })

  it('matches the values in the tests of Kafka itself', () => {
    expect(murmur2(Buffer.from('21'))).toBe(-973932308)
    expect(murmur2(Buffer.from('foobar'))).toBe(-790332482)
    expect(murmur2(Buffer.from('abc'))).toBe(479470107)
  })

  it('is a partition of the topic for every key and count', () => {
    for (let n = 1; n < 40; n++) {
      for (const [key] of vectors) {
        const partition = partitionOf(key, n)
        expect(Number.isInteger(partition) && partition >= 0 && partition < n).toBe(true)
      }
    }
  })
})
