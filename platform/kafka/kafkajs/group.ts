/**
 * Membership of a consumer group: join, assign (when leader), heartbeat, leave. The generation of an assignment comes
 * from the JoinGroup answer that made it, never from a later heartbeat: a commit carries the membership under which its
 * partition was assigned (K1).
 */
import { assign, type TopicPartition } from '../assign.ts'
import type { Membership, OffsetCommit } from '../port.ts'
import type { Client } from './client.ts'
import { isNetwork, protocolCodeOf } from './faults.ts'
import { type JoinResponse, MemberAssignment, MemberMetadata } from './internals.ts'

const PROTOCOL = 'nikash-sticky'
const REBALANCE_TIMEOUT_MS = 60_000
const REJOIN_PAUSE_MS = 50
const UNKNOWN_MEMBER = 25
const ILLEGAL_GENERATION = 22
const REBALANCING = 27
const MEMBER_ID_REQUIRED = 79

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
    while (!stopped()) {
      try {
        return await this.#client.attempt(
          { what: `join group ${groupId}`, coordinator: this.#coordinator },
          () => this.#joinOnce(),
        )
      } catch (error) {
        const code = protocolCodeOf(error)
        if (stopped()) return undefined
        if (code === UNKNOWN_MEMBER || code === MEMBER_ID_REQUIRED) this.#memberId = ''
        else if (code !== ILLEGAL_GENERATION && code !== REBALANCING) throw error
        await new Promise((resolve) => setTimeout(resolve, REJOIN_PAUSE_MS))
      }
    }
    return undefined
  }

  async #joinOnce(): Promise<Assignment> {
    const { groupId, topics, sessionTimeoutMs } = this.#options
    await this.#client.topics(topics)
    const broker = await this.#client.coordinator('group', groupId)
    const metadata = MemberMetadata.encode({ version: 1, topics, userData: this.#claim() })
    const joined = await broker.joinGroup({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      memberId: this.#memberId,
      groupProtocols: [{ name: PROTOCOL, metadata }],
    })
    const { generationId, memberId } = joined
    this.#memberId = memberId
    const groupAssignment = joined.leaderId === memberId ? await this.#share(joined) : []
    const synced = await broker.syncGroup({ groupId, generationId, memberId, groupAssignment })
    const mine = synced.memberAssignment.length > 0 ? MemberAssignment.decode(synced.memberAssignment) : null
    const partitions = Object.entries(mine?.assignment ?? {}).flatMap(([topic, list]) =>
      list.map((partition) => ({ topic, partition })),
    )
    this.#last = { membership: { groupId, generationId, memberId }, partitions }
    return this.#last
  }

  #claim(): Buffer {
    const owned = new Map<string, number[]>()
    for (const { topic, partition } of this.#last?.partitions ?? []) {
      owned.set(topic, [...(owned.get(topic) ?? []), partition])
    }
    const claim: Claim = { generation: this.#last?.membership.generationId ?? -1, owned: [...owned] }
    return Buffer.from(JSON.stringify(claim))
  }

  async #share(joined: JoinResponse): Promise<{ memberId: string; memberAssignment: Buffer }[]> {
    const candidates = joined.members.map(({ memberId, memberMetadata }) => {
      const { topics, userData } = MemberMetadata.decode(memberMetadata)
      const { generation, owned } = readClaim(userData)
      const places = owned.flatMap(([topic, list]) => list.map((partition) => ({ topic, partition })))
      return { id: memberId, topics, owned: places, ownedIn: generation }
    })
    await this.#client.topics([...new Set(candidates.flatMap((candidate) => candidate.topics))])
    const shares = assign(candidates, (topic) => this.#client.partitionsOf(topic))
    return [...shares].map(([memberId, places]) => {
      const assignment: Record<string, number[]> = {}
      for (const { topic, partition } of places) assignment[topic] = [...(assignment[topic] ?? []), partition]
      return { memberId, memberAssignment: MemberAssignment.encode({ version: 0, assignment }) }
    })
  }

  /** False when this member has to join again. Network trouble is told by throwing. */
  async heartbeat(membership: Membership): Promise<boolean> {
    const { groupId, generationId, memberId } = membership
    try {
      const broker = await this.#client.coordinator('group', groupId)
      await broker.heartbeat({ groupId, groupGenerationId: generationId, memberId })
      return true
    } catch (error) {
      const code = protocolCodeOf(error)
      if (code === UNKNOWN_MEMBER) this.#memberId = ''
      if (code === UNKNOWN_MEMBER || code === ILLEGAL_GENERATION || code === REBALANCING) return false
      throw error
    }
  }

  async commit(membership: Membership, offsets: readonly OffsetCommit[]): Promise<void> {
    const { groupId, generationId, memberId } = membership
    const topics = [...new Set(offsets.map((o) => o.topic))].map((topic) => ({
      topic,
      partitions: offsets
        .filter((o) => o.topic === topic)
        .map((o) => ({ partition: o.partition, offset: String(o.offset), metadata: o.metadata ?? '' })),
    }))
    await this.#client.attempt(
      { what: `commit of group ${groupId}`, coordinator: this.#coordinator },
      async () => {
        const broker = await this.#client.coordinator('group', groupId)
        await broker.offsetCommit({ groupId, groupGenerationId: generationId, memberId, topics })
      },
    )
  }

  /** Best effort: without it the session timeout does the same, later. */
  async leave(): Promise<void> {
    const memberId = this.#memberId
    this.#memberId = ''
    this.#last = undefined
    if (memberId === '') return
    try {
      const broker = await this.#client.coordinator('group', this.#options.groupId)
      await broker.leaveGroup({ groupId: this.#options.groupId, memberId })
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
