/**
 * Who gets which partition. PURE. Balanced (counts differ by at most one when all subscribe to the same), and sticky:
 * a member keeps what it has as far as balance allows, since a partition that moves has to restore its state.
 * Those that are free go, the heaviest first, to the member with the fewest, and among those to the one that carries
 * the least. Equal input gives equal output, in whatever order the members come.
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
  /** How much work a partition is, compared with others; what is not known counts the same. */
  weightOf: (place: TopicPartition) => number = () => 1,
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

  const claims = new Map<string, number>()
  for (const { owned } of sorted)
    for (const { topic, partition } of owned)
      claims.set(keyOf(topic, partition), (claims.get(keyOf(topic, partition)) ?? 0) + 1)
  const claimsOn = (p: TopicPartition): number => claims.get(keyOf(p.topic, p.partition)) ?? 0

  const floor = Math.floor(free.size / sorted.length)
  let larger = free.size % sorted.length
  const kept = new Map<string, TopicPartition[]>()
  for (const member of sorted.toSorted((a, b) => b.ownedIn - a.ownedIn)) {
    const mine = member.owned.filter(
      (p) => member.topics.includes(p.topic) && free.has(keyOf(p.topic, p.partition)),
    )
    const room = mine.length > floor && larger > 0 ? floor + 1 : floor
    if (mine.length > floor && larger > 0) larger--
    // What another one had before is given up first: the state of it may still be there.
    const keep = mine.toSorted((a, b) => claimsOn(a) - claimsOn(b)).slice(0, room)
    kept.set(member.id, keep)
    for (const p of keep) free.delete(keyOf(p.topic, p.partition))
  }
  for (const member of sorted) shares.get(member.id)?.push(...(kept.get(member.id) ?? []))
  const carried = new Map<TopicPartition[], number>()
  for (const share of shares.values())
    carried.set(
      share,
      share.reduce((sum, place) => sum + weightOf(place), 0),
    )
  const load = (share: TopicPartition[]): number => carried.get(share) ?? 0
  for (const place of [...free.values()].sort((a, b) => weightOf(b) - weightOf(a))) {
    let taker: TopicPartition[] | undefined
    for (const member of sorted) {
      const share = shares.get(member.id)
      if (!share || !member.topics.includes(place.topic)) continue
      const fewer = taker === undefined || share.length < taker.length
      if (fewer || (share.length === taker?.length && load(share) < load(taker))) taker = share
    }
    taker?.push(place)
    if (taker) carried.set(taker, load(taker) + weightOf(place))
  }
  for (const share of shares.values()) {
    share.sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
  }
  return shares
}
