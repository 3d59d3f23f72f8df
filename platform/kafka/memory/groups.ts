/**
 * Consumer groups in memory, as the classic protocol behaves: a change of members starts a rebalance; it completes when
 * every live member has joined again, and only then the generation grows. M3: a commit is refused unless its member is
 * in the group and carries the current generation. M4: members that died leave at their session timeout, members that
 * do not rejoin at the rebalance timeout.
 */
import { assign, keyOf, type TopicPartition } from '../assign.ts'
import { fencedInstance, KafkaError, requireMembership } from '../errors.ts'
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

/** Who waits for the end of a rebalance. */
interface Waiting {
  readonly done: (assignment: Assignment) => void
  readonly refused: (error: Error) => void
}

interface Member {
  readonly id: string
  readonly host: Host
  readonly topics: readonly string[]
  readonly sessionTimeoutMs: number
  readonly instanceId: string | undefined
  /** Its consumer was stopped, and kept the seat. */
  stoppedAt: number | undefined
  waiting: Waiting | undefined
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

  /** Joins or rejoins; told when the rebalance completes. Gives the member id. Throws when it is fenced. */
  join(
    groupId: string,
    member: {
      id: string | undefined
      host: Host
      topics: readonly string[]
      sessionTimeoutMs: number
      instanceId: string | undefined
    },
    waiting: Waiting,
  ): string {
    const group = this.#group(groupId)
    const seat = seatOf(group, member.instanceId)
    if (seat !== undefined && member.id !== undefined && seat.id !== member.id)
      throw fencedInstance(groupId, member.instanceId)
    if (seat !== undefined && member.id === undefined)
      return this.#takeSeat(groupId, group, seat, { ...member, waiting })
    const known = member.id !== undefined && group.members.has(member.id)
    const id = known ? (member.id as string) : `member-${this.#nextMember++}`
    const before = group.members.get(id)
    const owned = { owned: before?.owned ?? [], ownedIn: before?.ownedIn ?? -1 }
    group.members.set(id, { ...member, ...owned, id, waiting, stoppedAt: undefined })
    group.rebalancingSince ??= this.#now()
    this.#complete(groupId, group)
    return id
  }

  /** M7. */
  #takeSeat(
    groupId: string,
    group: Group,
    seat: Member,
    taker: Pick<Member, 'host' | 'topics' | 'sessionTimeoutMs' | 'waiting'>,
  ): string {
    const { host, topics, sessionTimeoutMs, waiting } = taker
    const id = `member-${this.#nextMember++}`
    group.members.delete(seat.id)
    seat.waiting?.refused(fencedInstance(groupId, seat.instanceId))
    const member: Member = { ...seat, id, host, topics, sessionTimeoutMs, waiting, stoppedAt: undefined }
    group.members.set(id, member)
    if (group.rebalancingSince === undefined) this.#hand(groupId, group, member, seat.owned)
    else this.#complete(groupId, group)
    return id
  }

  leave(groupId: string, memberId: string): void {
    const group = this.#group(groupId)
    const member = group.members.get(memberId)
    if (member?.instanceId !== undefined) {
      member.stoppedAt ??= this.#now()
      return
    }
    if (!group.members.delete(memberId)) return
    group.rebalancingSince ??= this.#now()
    this.#complete(groupId, group)
  }

  /** True when this member has to join again. Throws when it is fenced. */
  mustRejoin(groupId: string, membership: Membership): boolean {
    const group = this.#group(groupId)
    if (isSeatTaken(group, membership)) throw fencedInstance(groupId, membership.instanceId)
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
        const silentSince = member.stoppedAt ?? member.host.silentSince
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
    for (const member of members) this.#hand(groupId, group, member, shares.get(member.id) ?? [])
  }

  #hand(groupId: string, group: Group, member: Member, partitions: readonly TopicPartition[]): void {
    const { waiting } = member
    member.waiting = undefined
    member.owned = partitions
    member.ownedIn = group.generation
    const { id: memberId, instanceId } = member
    const membership = { groupId, generationId: group.generation, memberId }
    waiting?.done({
      membership: instanceId === undefined ? membership : { ...membership, instanceId },
      partitions,
    })
  }

  /** M3. Throws. */
  checkMembership(membership: Membership): void {
    requireMembership(membership)
    const group = this.#group(membership.groupId)
    if (isSeatTaken(group, membership))
      throw new KafkaError(
        'FENCED_INSTANCE_ID',
        `${membership.memberId} lost its seat in ${membership.groupId}`,
      )
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

const seatOf = (group: Group, instanceId: string | undefined): Member | undefined =>
  instanceId === undefined ? undefined : [...group.members.values()].find((m) => m.instanceId === instanceId)

/** M7. A seat that nobody has says nothing: the member is unknown then. */
function isSeatTaken(group: Group, { memberId, instanceId }: Membership): boolean {
  const seat = seatOf(group, instanceId)
  return seat !== undefined && seat.id !== memberId
}
