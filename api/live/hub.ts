/**
 * Owns the rooms: one per tenant with subscribers, fed by one follower of the tenant's feed. Refuses I/O of its own.
 *
 * H1  a member is registered (and buffers) before its snapshot is taken, and a room follows the feed from a position
 *     not after any snapshot of its members: so between a snapshot and the first delta nothing is missing, and what
 *     both hold is dropped by offset.
 * H2  offsets that a member gets are contiguous; a gap, another epoch or a lost store closes the room, and its members
 *     are told to come back (they then recover or get a fresh snapshot).
 * H3  recovery gives exactly the publications after the client's offset, or says that it can't.
 * H4  snapshots and histories are shared by all who wait at the same time: a storm of clients is a few reads.
 */
import { shared } from '../shared.ts'
import { bodyOf, type Channel, type ChannelKind, carries, epochOf, offsetOf } from './channels.ts'
import {
  type Body,
  type FeedChannel,
  type FeedEntry,
  type FeedListener,
  type FeedSource,
  FEED_CHANNELS,
  identityOf,
  NO_EPOCH,
  NO_SEQUENCES,
  type Sequences,
  type Snapshot,
} from './feed.ts'
import {
  deltaPayload,
  type Payload,
  Publication,
  snapshotPayload,
  statePayload,
  type Step,
  stepOf,
} from './publication.ts'

const BUFFER_MAX = 1_000
const REPLAY_MAX = 1_000
const REPLAY_CHARS_MAX = 1_048_576
const JOIN_ATTEMPTS_MAX = 3

export interface Sink {
  publish(publication: Publication): void
  invalidate(reason: string): void
}

export interface Position {
  readonly offset: number
  readonly epoch: string
}

export interface Joined {
  readonly epoch: string
  /** Where the snapshot stands; after a recovery, where the client stood. */
  readonly offset: number
  readonly recovered: boolean
  readonly publications: readonly Step[]
  /** Absent after a recovery: the client has the state. */
  readonly snapshot: Payload | undefined
  /** Call after the reply went out: buffered publications follow, then live ones. */
  start(): void
  leave(): void
}

export class HubUnavailable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'HubUnavailable'
  }
}

interface Member {
  readonly channel: Channel
  readonly sink: Sink
  /** Undefined until the snapshot is known: everything is buffered. */
  last: number | undefined
  started: boolean
  buffer: Step[]
  overflowed: boolean
}

interface Room {
  readonly tenant: string
  readonly members: Set<Member>
  readonly snapshot: () => Promise<Snapshot>
  readonly history: () => Promise<readonly FeedEntry[]>
  /** Settles when the feed is being followed. */
  opened: Promise<void>
  followed: boolean
  epoch: string
  identity: string
  seqs: Sequences
  state: Snapshot['state']
  closed: string | undefined
}

export class Hub implements FeedListener {
  private readonly source: FeedSource
  private readonly rooms = new Map<string, Room>()

  constructor(source: FeedSource) {
    this.source = source
  }

  get roomCount(): number {
    return this.rooms.size
  }

  memberCount(): number {
    let count = 0
    for (const room of this.rooms.values()) count += room.members.size
    return count
  }

  async join(channel: Channel, sink: Sink, from?: Position): Promise<Joined> {
    for (let attempt = 1; ; attempt++) {
      const room = this.room(channel.tenant)
      const member: Member = { channel, sink, last: undefined, started: false, buffer: [], overflowed: false }
      room.members.add(member)
      try {
        await room.opened
        const snapshot = await room.snapshot()
        if (identityOf(snapshot) !== room.identity) this.close(room, 'the store began a new history')
        if (room.closed === undefined) return await this.enter(room, member, snapshot, from)
      } catch (error) {
        this.leave(room, member)
        throw new HubUnavailable('The live figures are out of reach: try again.', error)
      }
      this.leave(room, member)
      if (attempt >= JOIN_ATTEMPTS_MAX)
        throw new HubUnavailable(`The live figures changed under the join: ${room.closed}`)
    }
  }

  private async enter(room: Room, member: Member, snapshot: Snapshot, from?: Position): Promise<Joined> {
    const { kind, tenant } = member.channel
    const epoch = epochOf(kind, snapshot)
    const top = offsetOf(kind, snapshot.seqs)
    member.last = top
    member.buffer = member.buffer.filter((publication) => publication.offset > top)
    let replay: readonly Step[] | undefined
    if (from && from.epoch === epoch && from.offset <= top && snapshot.epoch !== NO_EPOCH) {
      const entries = from.offset === top ? [] : await room.history()
      replay = replayOf(member.channel, snapshot, entries, from.offset)
    }
    const ends = { start: () => this.start(room, member), leave: () => this.leave(room, member) }
    if (from && replay) {
      return {
        epoch,
        offset: from.offset,
        recovered: true,
        publications: replay,
        snapshot: undefined,
        ...ends,
      }
    }
    const payload = snapshotPayload(tenant, snapshot, bodyOf(kind, snapshot.body))
    return { epoch, offset: top, recovered: false, publications: [], snapshot: payload, ...ends }
  }

  onEntries(tenant: string, entries: readonly FeedEntry[]): void {
    const room = this.rooms.get(tenant)
    if (!room) return
    for (const entry of entries) {
      if (entry.epoch !== room.epoch) return this.close(room, 'the store began a new history')
      const expected = room.seqs[entry.channel] + 1
      if (entry.seq < expected) continue
      if (entry.seq > expected)
        return this.close(room, `entries ${expected} to ${entry.seq - 1} of the feed are gone`)
      room.seqs = { ...room.seqs, [entry.channel]: entry.seq }
      if (entry.body === undefined) return this.close(room, 'a change was too large for the feed')
      this.deliver(room, entry.channel, entry.body)
    }
  }

  onLost(reason: string): void {
    for (const room of this.rooms.values()) this.close(room, reason)
  }

  /**
   * Compares the rooms with the store: one that was emptied publishes nothing that would tell, and one that is whole
   * again neither.
   */
  async verify(): Promise<void> {
    const before = [...this.rooms.values()].map((room) => [room, room.identity] as const)
    if (before.length === 0) return
    const standings = await this.source.standings(before.map(([room]) => room.tenant))
    for (const [room, identity] of before) {
      if (room.closed !== undefined || !room.followed || room.identity !== identity) continue
      const standing = standings.get(room.tenant)
      if ((standing?.identity ?? NO_EPOCH) !== identity) this.close(room, 'the store began a new history')
      else if (standing?.whole === true && room.state === 'rebuilding') this.tellWhole(room)
    }
  }

  private tellWhole(room: Room): void {
    room.state = 'whole'
    const payload = statePayload(room.tenant, 'whole')
    for (const { started, sink, channel } of room.members) {
      if (started) sink.publish(new Publication(channel.name, undefined, payload))
    }
  }

  private room(tenant: string): Room {
    const known = this.rooms.get(tenant)
    if (known) return known
    const room: Room = {
      tenant,
      members: new Set(),
      snapshot: shared(() => this.source.snapshot(tenant)),
      history: shared(() => this.source.history(tenant)),
      opened: Promise.resolve(),
      followed: false,
      epoch: NO_EPOCH,
      identity: NO_EPOCH,
      seqs: NO_SEQUENCES,
      state: 'empty',
      closed: undefined,
    }
    room.opened = room.snapshot().then((snapshot) => {
      if (room.closed !== undefined) return
      room.followed = true
      room.epoch = snapshot.epoch
      room.identity = identityOf(snapshot)
      room.seqs = snapshot.seqs
      room.state = snapshot.state
      this.source.follow(tenant, snapshot.lastId)
    })
    room.opened.catch((error: unknown) => this.close(room, `the store did not answer: ${String(error)}`))
    this.rooms.set(tenant, room)
    return room
  }

  private deliver(room: Room, feed: FeedChannel, body: Body): void {
    const made = new Map<ChannelKind, Step>()
    for (const member of room.members) {
      const { kind, name, tenant } = member.channel
      if (!carries(kind, feed)) continue
      let publication = made.get(kind)
      if (!publication) {
        const payload = deltaPayload(tenant, bodyOf(kind, body))
        publication = stepOf(name, offsetOf(kind, room.seqs), payload)
        made.set(kind, publication)
      }
      this.offer(member, publication)
    }
  }

  private offer(member: Member, publication: Step): void {
    if (member.started) {
      if (publication.offset <= (member.last ?? 0)) return
      member.last = publication.offset
      member.sink.publish(publication)
      return
    }
    if (publication.offset <= (member.last ?? -1)) return
    if (member.buffer.length >= BUFFER_MAX) member.overflowed = true
    else member.buffer.push(publication)
  }

  private start(room: Room, member: Member): void {
    if (member.started || !room.members.has(member)) {
      if (room.closed !== undefined && !member.started) member.sink.invalidate(room.closed)
      return
    }
    member.started = true
    if (member.overflowed) {
      room.members.delete(member)
      return member.sink.invalidate('too much happened during the join')
    }
    const buffered = member.buffer
    member.buffer = []
    for (const publication of buffered) {
      if (publication.offset <= (member.last ?? 0)) continue
      member.last = publication.offset
      member.sink.publish(publication)
    }
  }

  private leave(room: Room, member: Member): void {
    room.members.delete(member)
    if (room.members.size === 0 && room.closed === undefined) this.close(room, 'nobody is left')
  }

  private close(room: Room, reason: string): void {
    if (room.closed !== undefined) return
    room.closed = reason
    if (this.rooms.get(room.tenant) === room) {
      this.rooms.delete(room.tenant)
      this.source.unfollow(room.tenant)
    }
    const members = [...room.members]
    room.members.clear()
    for (const member of members) if (member.started) member.sink.invalidate(reason)
  }
}

/** The publications after `from` up to the snapshot, or undefined where the feed no longer holds them all (H3). */
export function replayOf(
  channel: Channel,
  snapshot: Snapshot,
  entries: readonly FeedEntry[],
  from: number,
): readonly Step[] | undefined {
  const { kind, name, tenant } = channel
  const top = offsetOf(kind, snapshot.seqs)
  if (top - from > REPLAY_MAX) return undefined
  const own = entries.filter((entry) => carries(kind, entry.channel) && entry.epoch === snapshot.epoch)
  const seqs: Record<FeedChannel, number> = { ...snapshot.seqs }
  for (const feed of FEED_CHANNELS)
    seqs[feed] = own.findLast((entry) => entry.channel === feed)?.seq ?? seqs[feed]
  const found: Step[] = []
  let chars = 0
  let reached = offsetOf(kind, seqs)
  for (let i = own.length - 1; i >= 0 && reached > from; i--) {
    const entry = own[i]
    if (!entry || entry.seq !== seqs[entry.channel]) return undefined
    if (reached <= top) {
      if (entry.body === undefined) return undefined
      const publication = stepOf(name, reached, deltaPayload(tenant, bodyOf(kind, entry.body)))
      chars += publication.frame().length
      if (chars > REPLAY_CHARS_MAX) return undefined
      found.push(publication)
    }
    seqs[entry.channel] = entry.seq - 1
    reached -= 1
  }
  return reached <= from ? found.reverse() : undefined
}
