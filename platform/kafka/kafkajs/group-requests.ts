/**
 * The requests of a member of a group, in the first versions that carry `group.instance.id` (KIP-345): JoinGroup 5,
 * SyncGroup 3, Heartbeat 3, LeaveGroup 3, OffsetCommit 7. kafkajs knows these layouts but leaves the id out.
 */
import type { Membership, OffsetCommit } from '../port.ts'
import { ProtocolError } from './faults.ts'
import type { ProtocolRequest } from './internals.ts'
import { byTopic, request } from './requests.ts'

/** Longer than the broker may take to gather the members. */
const NETWORK_MS = 5_000
const MEMBER_ID_REQUIRED = 79

export interface JoinRequest {
  readonly groupId: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  /** Empty at the first join. */
  readonly memberId: string
  readonly instanceId: string | undefined
  readonly protocol: string
  readonly metadata: Buffer
}

export interface JoinAnswer {
  /** The broker wants the same request once more, with the member id it gave. */
  readonly again: boolean
  readonly generationId: number
  readonly leaderId: string
  readonly memberId: string
  readonly members: readonly { readonly memberId: string; readonly metadata: Buffer }[]
}

export function joinGroup(join: JoinRequest): ProtocolRequest<JoinAnswer> {
  const timeoutMs = Math.max(join.sessionTimeoutMs, join.rebalanceTimeoutMs) + NETWORK_MS
  return request(
    { key: 11, version: 5, name: 'JoinGroup', timeoutMs },
    (w) => {
      w.string(join.groupId).int32(join.sessionTimeoutMs).int32(join.rebalanceTimeoutMs)
      w.string(join.memberId)
        .string(join.instanceId ?? null)
        .string('consumer')
      w.array([join.metadata], (metadata) => w.string(join.protocol).int32(metadata.length).raw(metadata))
    },
    (r) => {
      r.int32()
      const errorCode = r.int16()
      const again = errorCode === MEMBER_ID_REQUIRED
      if (errorCode !== 0 && !again) throw new ProtocolError(errorCode, `join group ${join.groupId}`)
      const generationId = r.int32()
      r.string()
      const leaderId = r.string() ?? ''
      const memberId = r.string() ?? ''
      const members = r.array(() => {
        const id = r.string() ?? ''
        r.string()
        return { memberId: id, metadata: r.bytes() ?? Buffer.alloc(0) }
      })
      return { again, generationId, leaderId, memberId, members }
    },
  )
}

/** Gives the member's share; only the leader has assignments to tell. */
export function syncGroup(
  membership: Membership,
  assignments: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[],
): ProtocolRequest<Buffer> {
  return request(
    { key: 14, version: 3, name: 'SyncGroup' },
    (w) => {
      w.string(membership.groupId).int32(membership.generationId).string(membership.memberId)
      w.string(membership.instanceId ?? null)
      w.array(assignments, ({ memberId, memberAssignment }) =>
        w.string(memberId).int32(memberAssignment.length).raw(memberAssignment),
      )
    },
    (r) => {
      r.int32()
      const errorCode = r.int16()
      if (errorCode !== 0) throw new ProtocolError(errorCode, `sync group ${membership.groupId}`)
      return r.bytes() ?? Buffer.alloc(0)
    },
  )
}

export function heartbeat(membership: Membership): ProtocolRequest<object> {
  return request(
    { key: 12, version: 3, name: 'Heartbeat' },
    (w) => {
      w.string(membership.groupId).int32(membership.generationId).string(membership.memberId)
      w.string(membership.instanceId ?? null)
    },
    (r) => {
      r.int32()
      const errorCode = r.int16()
      if (errorCode !== 0) throw new ProtocolError(errorCode, `heartbeat of group ${membership.groupId}`)
      return {}
    },
  )
}

export function leaveGroup(groupId: string, memberId: string): ProtocolRequest<object> {
  return request(
    { key: 13, version: 3, name: 'LeaveGroup' },
    (w) => {
      w.string(groupId).array([memberId], (id) => w.string(id).string(null))
    },
    (r) => {
      r.int32()
      const errorCode = r.int16()
      if (errorCode !== 0) throw new ProtocolError(errorCode, `leave group ${groupId}`)
      return {}
    },
  )
}

export function offsetCommit(
  membership: Membership,
  offsets: readonly OffsetCommit[],
): ProtocolRequest<object> {
  return request(
    { key: 8, version: 7, name: 'OffsetCommit' },
    (w) => {
      w.string(membership.groupId).int32(membership.generationId).string(membership.memberId)
      w.string(membership.instanceId ?? null)
      w.array(byTopic(offsets), ([topic, group]) => {
        w.string(topic).array(group, ({ partition, offset, metadata }) => {
          w.int32(partition)
            .int64(offset)
            .int32(-1)
            .string(metadata ?? '')
        })
      })
    },
    (r) => {
      r.int32()
      let failed = 0
      r.array(() => {
        r.string()
        r.array(() => {
          r.int32()
          failed ||= r.int16()
        })
      })
      if (failed !== 0) throw new ProtocolError(failed, `offset commit of group ${membership.groupId}`)
      return {}
    },
  )
}
