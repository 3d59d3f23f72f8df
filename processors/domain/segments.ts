/**
 * Sorted lists of ids, split into segments by a hash of the id, so that adding one copies a small list. PURE.
 * G1: the segment of an id never changes: the hash is part of the meaning of the state.
 */

/** FNV-1a over UTF-16 units. */
export function segmentOf(id: string, segments: number): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % segments
}

/** Position of `id` in a sorted list, or of the first larger one. */
export function positionIn(sorted: readonly string[], id: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? '') < id) low = middle + 1
    else high = middle
  }
  return low
}
