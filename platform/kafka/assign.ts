/**
 * Who gets which partition. PURE. Balanced (counts differ by at most one when all subscribe to the same), and sticky:
 * a member keeps what it has as far as balance allows, since a partition that moves has to restore its state.
 * Equal input gives equal output, in whatever order the members come.
 */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface Candidate {
  readonly id: string
  readonly topics: readonly string[]
  /** What it had, and in which generation: the newest claim to a partition wins. */
  readonly owned: readonly TopicPartition[]
  readonly ownedIn: number
}

export const keyOf = (topic: string, partition: number): string => `${topic}-${partition}`

export function assign(
  members: readonly Candidate[],
  partitionsOf: (topic: string) => number,
): Map<string, TopicPartition[]> {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1))
  const shares = new Map<string, TopicPartition[]>(sorted.map((member) => [member.id, []]))
  const free = new Map<string, TopicPartition>()
  for (const topic of [...new Set(sorted.flatMap((member) => member.topics))].sort()) {
    const count = partitionsOf(topic)
    for (let partition = 0; partition < count; partition++)
      free.set(keyOf(topic, partition), { topic, partition })
  }
  if (sorted.length === 0) return shares

  const floor = Math.floor(free.size / sorted.length)
  let larger = free.size % sorted.length
  const kept = new Map<string, TopicPartition[]>()
  for (const member of sorted.toSorted((a, b) => b.ownedIn - a.ownedIn)) {
    const mine = member.owned.filter(
      (p) => member.topics.includes(p.topic) && free.has(keyOf(p.topic, p.partition)),
    )
    const room = mine.length > floor && larger > 0 ? floor + 1 : floor
    if (mine.length > floor && larger > 0) larger--
    const keep = mine.slice(0, room)
    kept.set(member.id, keep)
    for (const p of keep) free.delete(keyOf(p.topic, p.partition))
  }
  for (const member of sorted) shares.get(member.id)?.push(...(kept.get(member.id) ?? []))
  for (const place of free.values()) {
    let taker: TopicPartition[] | undefined
    for (const member of sorted) {
      const share = shares.get(member.id)
      if (share && member.topics.includes(place.topic) && (!taker || share.length < taker.length))
        taker = share
    }
    taker?.push(place)
  }
  for (const share of shares.values()) {
    share.sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
  }
  return shares
}
