/**
 * Partition of a key, as the Java client computes it: murmur2 of the key bytes, sign bit dropped, modulo. PURE.
 * Source of the function: Austin Appleby's MurmurHash2 with seed 0x9747b28c, as used by Kafka clients.
 */
const M = 0x5bd1e995

export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  let h = 0x9747b28c ^ length
  const words = length >>> 2
  for (let i = 0; i < words; i++) {
    const at = i * 4
    let k =
      (bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24)
    k = Math.imul(k, M)
    k ^= k >>> 24
    k = Math.imul(k, M)
    h = Math.imul(h, M) ^ k
  }
  const tail = words * 4
  const rest = length & 3
  if (rest === 3) h ^= (bytes[tail + 2] ?? 0) << 16
  if (rest >= 2) h ^= (bytes[tail + 1] ?? 0) << 8
  if (rest >= 1) {
    h ^= bytes[tail] ?? 0
    h = Math.imul(h, M)
  }
  h ^= h >>> 13
  h = Math.imul(h, M)
  h ^= h >>> 15
  return h | 0
}

const encoder = new TextEncoder()

export const partitionOf = (key: string | Uint8Array, partitions: number): number =>
  (murmur2(typeof key === 'string' ? encoder.encode(key) : key) & 0x7fffffff) % partitions
