/**
 * Consumer groups in memory, as the classic protocol behaves: a change of members starts a rebalance; it completes when
 * every live member has joined again, and only then the generation grows. M3: a commit is refused unless its member is
 * in the group and carries the current generation. M4: members that died leave at their session timeout, members that
 * do not rejoin at the rebalance timeout.
 */
import { assign, keyOf, type TopicPartition } from '../assign.ts'
import { KafkaError, requireMembership } from '../errors.ts'
import type { CommittedOffset, Membership, OffsetCommit } from '../port.ts'

export interface Assignment {
  readonly membership: Membership
  readonly partitions: readonly TopicPartition[]
}

/** The process a member lives in: dead or stopped ones do not heartbeat. */
export interface Host {
  /** Since when nothing of it runs; undefined while it runs. */
  readonly silentSince: number | undefined
}

interface Member {
  readonly id: string
  readonly host: Host
  readonly topics: readonly string[]
  readonly sessionTimeoutMs: number
  waiting: ((assignment: Assignment) => void) | undefined
  owned: readonly TopicPartition[]
  ownedIn: number
}

interface Group {
  generation: number
  /** Since when a rebalance goes on; undefined = stable. */
  rebalancingSince: number | undefined
  readonly members: Map<string, Member>
  readonly offsets: Map<string, CommittedOffset>
}

const REBALANCE_TIMEOUT_MS = 60_000

export class Groups {
  readonly #groups = new Map<string, Group>()
  readonly #partitionsOf: (topic: string) => number
  readonly #now: () => number
  #nextMember = 1

  constructor(now: () => number, partitionsOf: (topic: string) => number) {
    this.#now = now
    this.#partitionsOf = partitionsOf
  }

  #group(groupId: string): Group {
    let group = this.#groups.get(groupId)
    if (!group) {
      group = { generation: 0, rebalancingSince: undefined, members: new Map(), offsets: new Map() }
      this.#groups.set(groupId, group)
    }
    return group
  }

  /** Joins or rejoins; `done` is called when the rebalance completes. Gives the member id. */
  join(
    groupId: string,
    member: { id: string | undefined; host: Host; topics: readonly string[]; sessionTimeoutMs: number },
    done: (assignment: Assignment) => void,
  ): string {
    const group = this.#group(groupId)
    const known = member.id !== undefined && group.members.has(member.id)
    const id = known ? (member.id as string) : `member-${this.#nextMember++}`
    const before = group.members.get(id)
    const owned = { owned: before?.owned ?? [], ownedIn: before?.ownedIn ?? -1 }
    group.members.set(id, { ...member, ...owned, id, waiting: done })
    group.rebalancingSince ??= this.#now()
    this.#complete(groupId, group)
    return id
  }

  leave(groupId: string, memberId: string): void {
    const group = this.#group(groupId)
    if (!group.members.delete(memberId)) return
    group.rebalancingSince ??= this.#now()
    this.#complete(groupId, group)
  }

  /** True when this member has to join again. */
  mustRejoin(groupId: string, membership: Membership): boolean {
    const group = this.#group(groupId)
    const member = group.members.get(membership.memberId)
    if (!member || group.generation !== membership.generationId) return true
    return group.rebalancingSince !== undefined && member.waiting === undefined
  }

  /** Ends memberships whose process is silent for too long, and rebalances that wait for too long. */
  sweep(): boolean {
    let changed = false
    const now = this.#now()
    for (const [groupId, group] of this.#groups) {
      for (const member of group.members.values()) {
        const { silentSince } = member.host
        const dead = silentSince !== undefined && now - silentSince >= member.sessionTimeoutMs
        const since = group.rebalancingSince
        const late = since !== undefined && !member.waiting && now - since >= REBALANCE_TIMEOUT_MS
        if (dead || late) changed = this.#evict(groupId, member.id) || changed
      }
    }
    return changed
  }

  /** Ends all memberships of a process now, as its session timeout would. */
  expire(host: Host): void {
    for (const [groupId, group] of this.#groups) {
      for (const member of group.members.values()) if (member.host === host) this.#evict(groupId, member.id)
    }
  }

  #evict(groupId: string, memberId: string): boolean {
    const group = this.#group(groupId)
    if (!group.members.delete(memberId)) return false
    group.rebalancingSince ??= this.#now()
    this.#complete(groupId, group)
    return true
  }

  #complete(groupId: string, group: Group): void {
    const members = [...group.members.values()]
    if (members.some((member) => member.waiting === undefined)) return
    group.generation++
    group.rebalancingSince = undefined
    const shares = assign(members, this.#partitionsOf)
    for (const member of members) {
      const done = member.waiting
      member.waiting = undefined
      member.owned = shares.get(member.id) ?? []
      member.ownedIn = group.generation
      const membership = { groupId, generationId: group.generation, memberId: member.id }
      done?.({ membership, partitions: member.owned })
    }
  }

  /** M3. Throws. */
  checkMembership(membership: Membership): void {
    requireMembership(membership)
    const group = this.#group(membership.groupId)
    if (!group.members.has(membership.memberId)) {
      throw new KafkaError(
        'UNKNOWN_MEMBER_ID',
        `${membership.memberId} is not in group ${membership.groupId}`,
      )
    }
    if (group.generation !== membership.generationId) {
      const text = `generation ${membership.generationId} of ${membership.groupId} is over (now ${group.generation})`
      throw new KafkaError('ILLEGAL_GENERATION', text)
    }
  }

  store(groupId: string, offsets: readonly OffsetCommit[]): void {
    const group = this.#group(groupId)
    for (const { topic, partition, offset, metadata } of offsets) {
      group.offsets.set(keyOf(topic, partition), { offset, metadata: metadata ?? '' })
    }
  }

  committed(groupId: string, topic: string, partition: number): CommittedOffset {
    return this.#group(groupId).offsets.get(keyOf(topic, partition)) ?? { offset: -1, metadata: '' }
  }
}
