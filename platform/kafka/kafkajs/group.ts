/**
 * Membership of a consumer group: join, assign (when leader), heartbeat, leave. The generation of an assignment comes
 * from the JoinGroup answer that made it, never from a later heartbeat: a commit carries the membership under which its
 * partition was assigned (K1). A static member (K5) joins by its instance id, and never leaves by itself.
 */
import { assign, type TopicPartition } from '../assign.ts'
import { fencedInstance } from '../errors.ts'
import type { Membership, OffsetCommit } from '../port.ts'
import type { Client } from './client.ts'
import { isNetwork, protocolCodeOf } from './faults.ts'
import {
  heartbeat,
  type JoinAnswer,
  type JoinRequest,
  joinGroup,
  leaveGroup,
  offsetCommit,
  syncGroup,
} from './group-requests.ts'
import { boundsOf } from './offsets.ts'
import { type Broker, MemberAssignment, MemberMetadata } from './internals.ts'

const PROTOCOL = 'nikash-sticky'
const REBALANCE_TIMEOUT_MS = 60_000
const REJOIN_PAUSE_MS = 50
/** How long one heartbeat waits for a join that goes on beside the batches; a stop meanwhile waits as long. */
const AHEAD_WAIT_MS = 2_000
const UNKNOWN_MEMBER = 25
const ILLEGAL_GENERATION = 22
const REBALANCING = 27
const FENCED_INSTANCE = 82

export interface Assignment {
  readonly membership: Membership
  readonly partitions: readonly TopicPartition[]
}

interface Claim {
  readonly generation: number
  readonly owned: readonly (readonly [topic: string, partitions: readonly number[]])[]
}

export interface MemberOptions {
  readonly groupId: string
  readonly topics: readonly string[]
  readonly sessionTimeoutMs: number
}

export class GroupMember {
  readonly #client: Client
  readonly #options: MemberOptions
  #memberId = ''
  #last: Assignment | undefined
  /** Since when heartbeats get no answer. */
  #silentSince: number | undefined
  /** A join that began while the generation before was still served (feedWhileJoining). */
  #ahead: { readonly end: Promise<Assignment | undefined>; over: boolean } | undefined

  constructor(client: Client, options: MemberOptions) {
    this.#client = client
    this.#options = options
  }

  get #coordinator() {
    return { kind: 'group', key: this.#options.groupId } as const
  }

  /** Joins until an assignment is ours. `stopped` ends it. */
  async join(stopped: () => boolean): Promise<Assignment | undefined> {
    const { groupId } = this.#options
    const ahead = await this.#ahead?.end
    this.#ahead = undefined
    if (ahead) return ahead
    while (!stopped()) {
      try {
        return await this.#client.attempt(
          { what: `join group ${groupId}`, coordinator: this.#coordinator },
          () => this.#joinOnce(),
        )
      } catch (error) {
        const code = protocolCodeOf(error)
        if (stopped()) return undefined
        if (code === FENCED_INSTANCE) throw this.#fenced(error)
        if (code === UNKNOWN_MEMBER) this.#memberId = ''
        else if (code !== ILLEGAL_GENERATION && code !== REBALANCING) throw error
        await new Promise((resolve) => setTimeout(resolve, REJOIN_PAUSE_MS))
      }
    }
    return undefined
  }

  async #joinOnce(): Promise<Assignment> {
    const { groupId, topics, sessionTimeoutMs } = this.#options
    const { instanceId } = this.#client
    await this.#client.topics(topics)
    const broker = await this.#client.coordinator('group', groupId)
    const joined = await this.#ask(broker, {
      groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
      memberId: this.#memberId,
      instanceId,
      protocol: PROTOCOL,
      metadata: MemberMetadata.encode({ version: 1, topics, userData: this.#claim() }),
    })
    this.#answered()
    const { generationId, memberId } = joined
    this.#memberId = memberId
    const membership = {
      groupId,
      generationId,
      memberId,
      ...(instanceId === undefined ? {} : { instanceId }),
    }
    // A restarted static member is told the leader that its predecessor knew: nobody, so that it only takes its share.
    const shares = joined.leaderId === memberId ? await this.#share(joined) : []
    const share = await this.#client.send(broker, syncGroup(membership, shares))
    const mine = share.length > 0 ? MemberAssignment.decode(share) : null
    const partitions = Object.entries(mine?.assignment ?? {}).flatMap(([topic, list]) =>
      list.map((partition) => ({ topic, partition })),
    )
    this.#last = { membership, partitions }
    return this.#last
  }

  /** A new member is given its id first, and joins with it. */
  async #ask(broker: Broker, join: JoinRequest): Promise<JoinAnswer> {
    const answer = await this.#client.send(broker, joinGroup(join))
    if (!answer.again) return answer
    return this.#client.send(broker, joinGroup({ ...join, memberId: answer.memberId }))
  }

  #fenced(cause: unknown): Error {
    return fencedInstance(this.#options.groupId, this.#client.instanceId, cause)
  }

  #claim(): Buffer {
    const owned = new Map<string, number[]>()
    for (const { topic, partition } of this.#last?.partitions ?? []) {
      owned.set(topic, [...(owned.get(topic) ?? []), partition])
    }
    const claim: Claim = { generation: this.#last?.membership.generationId ?? -1, owned: [...owned] }
    return Buffer.from(JSON.stringify(claim))
  }

  async #share(joined: JoinAnswer): Promise<{ memberId: string; memberAssignment: Buffer }[]> {
    const candidates = joined.members.map(({ memberId, metadata }) => {
      const { topics, userData } = MemberMetadata.decode(metadata)
      const { generation, owned } = readClaim(userData)
      const places = owned.flatMap(([topic, list]) => list.map((partition) => ({ topic, partition })))
      return { id: memberId, topics, owned: places, ownedIn: generation }
    })
    await this.#client.topics([...new Set(candidates.flatMap((candidate) => candidate.topics))])
    const weights = await this.#weights([...new Set(candidates.flatMap((candidate) => candidate.topics))])
    const shares = assign(
      candidates,
      (topic) => this.#client.partitionsOf(topic),
      ({ topic, partition }) => weights.get(topic)?.[partition] ?? 1,
    )
    return [...shares].map(([memberId, places]) => {
      const assignment: Record<string, number[]> = {}
      for (const { topic, partition } of places) assignment[topic] = [...(assignment[topic] ?? []), partition]
      return { memberId, memberAssignment: MemberAssignment.encode({ version: 0, assignment }) }
    })
  }

  /** Records per partition: tenants differ in size, and so do the partitions they fall on. Not worth a failed join. */
  async #weights(topics: readonly string[]): Promise<ReadonlyMap<string, readonly number[]>> {
    const weights = new Map<string, readonly number[]>()
    for (const topic of topics) {
      const count = this.#client.partitionsOf(topic)
      const places = Array.from({ length: count }, (_, partition) => ({ topic, partition }))
      try {
        const bounds = await boundsOf(this.#client, places)
        weights.set(
          topic,
          bounds.map(({ low, high }) => 1 + Math.max(0, high - low)),
        )
      } catch {
        // All partitions of it count the same.
      }
    }
    return weights
  }

  /** False when this member has to join again, or has. Network trouble is told by throwing. */
  async heartbeat(membership: Membership): Promise<boolean> {
    // The broker knows that a member that waits in a join lives.
    if (this.#ahead) return this.#stillAhead(this.#ahead)
    try {
      await this.#client.send(
        await this.#client.coordinator('group', membership.groupId),
        heartbeat(membership),
      )
      this.#answered()
      return true
    } catch (error) {
      const code = protocolCodeOf(error)
      if (code === undefined) this.#unanswered(error)
      else this.#answered()
      if (code === FENCED_INSTANCE) throw this.#fenced(error)
      if (code === UNKNOWN_MEMBER) this.#memberId = ''
      if (code === REBALANCING && this.#client.feedWhileJoining) {
        // What it fails with shows again in the join that follows.
        const ahead = { end: this.#joinOnce().catch(() => undefined), over: false }
        void ahead.end.then(() => {
          ahead.over = true
        })
        this.#ahead = ahead
        return this.#stillAhead(ahead)
      }
      if (code === UNKNOWN_MEMBER || code === ILLEGAL_GENERATION || code === REBALANCING) return false
      throw error
    }
  }

  async #stillAhead(ahead: { readonly end: Promise<unknown>; readonly over: boolean }): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, AHEAD_WAIT_MS)
    })
    await Promise.race([ahead.end, late])
    clearTimeout(timer)
    return !ahead.over
  }

  #unanswered(err: unknown): void {
    if (this.#silentSince !== undefined) return
    this.#silentSince = performance.now()
    this.#client.log?.warn(
      { err, group: this.#options.groupId },
      'the coordinator of the group does not answer, trying again',
    )
  }

  #answered(): void {
    if (this.#silentSince === undefined) return
    const silentMs = Math.round(performance.now() - this.#silentSince)
    this.#silentSince = undefined
    this.#client.log?.info(
      { group: this.#options.groupId, silentMs },
      'the coordinator of the group answers again',
    )
  }

  async commit(membership: Membership, offsets: readonly OffsetCommit[]): Promise<void> {
    const { groupId } = membership
    await this.#client.attempt(
      { what: `commit of group ${groupId}`, coordinator: this.#coordinator },
      async () =>
        this.#client.send(
          await this.#client.coordinator('group', groupId),
          offsetCommit(membership, offsets),
        ),
    )
  }

  /** Best effort: without it the session timeout does the same, later. A static member keeps its seat. */
  async leave(): Promise<void> {
    const memberId = this.#memberId
    this.#memberId = ''
    this.#last = undefined
    if (memberId === '' || this.#client.instanceId !== undefined) return
    try {
      const { groupId } = this.#options
      await this.#client.send(await this.#client.coordinator('group', groupId), leaveGroup(groupId, memberId))
    } catch (error) {
      if (!isNetwork(error) && protocolCodeOf(error) === undefined) throw error
    }
  }
}

/** What a member says it has; nothing when it says it in a way we do not know. */
function readClaim(userData: Buffer | null): Claim {
  try {
    const claim = JSON.parse(userData?.toString() ?? '') as Claim
    if (typeof claim.generation === 'number' && Array.isArray(claim.owned)) return claim
  } catch {
    // An older or foreign member.
  }
  return { generation: -1, owned: [] }
}
