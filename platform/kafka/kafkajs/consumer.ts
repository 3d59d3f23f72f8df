/**
 * The consumer: membership, one long poll per broker, one lane per partition.
 * Y1: a lane holds at most one fetched batch beside the one in the handler. Y2: heartbeats go on whatever a handler
 * does. Y3: a rebalance waits for the handlers under way, then joins. Y4: an offset outside of the log ends the
 * consumer (K4). Y5: control records move the position: a batch without records says so.
 */
import { recoverOf } from '../../errors.ts'
import { keyOf, type TopicPartition } from '../assign.ts'
import { KafkaError, outOfRange } from '../errors.ts'
import type { Consumer, ConsumerHandlers, ConsumerOptions, OffsetCommit } from '../port.ts'
import type { Client } from './client.ts'
import { ProtocolError, remedyOf, toKafkaError } from './faults.ts'
import { type Assignment, GroupMember } from './group.ts'
import { boundsOf, stableOffsets } from './offsets.ts'
import { decodeBatches } from './record-batch.ts'
import { type FetchResult, fetch } from './requests.ts'
import { type Lane, Session } from './session.ts'
import { Signal } from '../../signal.ts'

const SESSION_MS = 10_000
const MAX_WAIT_MS = 100
/** Wait of a poll while some lanes are busy: they may want data before the others have any. */
const BUSY_WAIT_MS = 10
const PARTITION_BYTES = 1024 * 1024
const RESPONSE_BYTES = 16 * 1024 * 1024
const OUT_OF_RANGE = 1

/** What a failure of a handler or a poll ends the session with: nothing when joining again is the answer. */
const endOf = (error: unknown): unknown => (recoverOf(error) === 'rejoin' ? undefined : error)

export class KafkaConsumer implements Consumer {
  readonly #client: Client
  readonly #options: ConsumerOptions
  readonly #sessionTimeoutMs: number
  readonly #member: GroupMember
  readonly #paused = new Set<string>()
  #session: Session | undefined
  #owned: readonly TopicPartition[] = []
  #stopping = false
  #crashed = false
  #loop: Promise<void> = Promise.resolve()
  #handlers: ConsumerHandlers | undefined
  #first: { resolve(): void; reject(error: Error): void } | undefined

  constructor(client: Client, options: ConsumerOptions) {
    this.#client = client
    this.#options = options
    this.#sessionTimeoutMs = options.sessionTimeoutMs ?? SESSION_MS
    const { groupId, topics } = options
    this.#member = new GroupMember(client, { groupId, topics, sessionTimeoutMs: this.#sessionTimeoutMs })
  }

  start(handlers: ConsumerHandlers): Promise<void> {
    this.#handlers = handlers
    const first = new Promise<void>((resolve, reject) => {
      this.#first = { resolve, reject }
    })
    this.#loop = this.#run(handlers).catch((error: unknown) => this.#crash(error))
    return first
  }

  async #crash(error: unknown): Promise<void> {
    if (this.#crashed || this.#stopping) return
    this.#crashed = true
    const reason = error instanceof Error ? error : new Error(String(error))
    await this.#member.leave().catch(() => {})
    await this.#client.close()
    if (this.#first) this.#first.reject(reason)
    else this.#handlers?.onCrash(reason)
    this.#first = undefined
  }

  async #run(handlers: ConsumerHandlers): Promise<void> {
    while (!this.#stopping) {
      const assignment = await this.#member.join(() => this.#stopping)
      if (!assignment || this.#stopping) return
      const session = new Session(assignment.membership)
      const beats = this.#heartbeats(session)
      try {
        await this.#serve(session, assignment, handlers)
      } finally {
        session.leave()
        await beats
      }
      if (session.reason !== undefined) throw session.reason
    }
  }

  /** From an assignment to the end of its generation. */
  async #serve(session: Session, assignment: Assignment, handlers: ConsumerHandlers): Promise<void> {
    const { partitions, membership } = assignment
    if (!(await this.#place(session, partitions)) || this.#stopping) return
    this.#session = session
    const now = new Set(partitions.map((p) => keyOf(p.topic, p.partition)))
    const lost = this.#owned.filter((p) => !now.has(keyOf(p.topic, p.partition)))
    this.#owned = partitions
    if (lost.length > 0) await handlers.onRevoked(lost)
    await handlers.onAssigned(partitions, membership)
    this.#first?.resolve()
    this.#first = undefined
    const lanes = [...session.lanes.values()]
    const work = [
      ...lanes.map((lane) => this.#feed(lane, session, handlers)),
      ...this.#leaders(lanes).map((leader) => this.#poll(leader, session)),
    ]
    const ending = work.map((one) => one.catch((error: unknown) => session.end(endOf(error))))
    if (!session.ended) await session.over.wait()
    // Handlers under way may still commit. After a crash nobody waits for them.
    if (session.reason === undefined) await Promise.all(ending)
    this.#session = undefined
  }

  /** Positions from committed offsets (K2). False when the session ended meanwhile. */
  async #place(session: Session, partitions: readonly TopicPartition[]): Promise<boolean> {
    const { groupId, pendingOwner, fenceAfterMs } = this.#options
    const over = new KafkaError(
      'REBALANCE_IN_PROGRESS',
      `the generation of ${groupId} ended while it started`,
    )
    try {
      const committed = await stableOffsets(this.#client, groupId, partitions, {
        timeoutMs: this.#client.retryMs,
        pendingOwner,
        fenceAfterMs,
        onWait: () => {
          if (session.ended || this.#stopping) throw over
        },
      })
      const bounds = await boundsOf(this.#client, partitions)
      for (const [i, place] of partitions.entries()) {
        const offset = committed[i]?.offset ?? -1
        const { low, high } = bounds[i] ?? { low: 0, high: 0 }
        if (offset >= 0 && offset < low) throw outOfRange(place.topic, place.partition, offset, low, high)
        const fetchFrom = offset >= 0 ? offset : low
        const lane = { ...place, fetchFrom, seeks: 0, ready: undefined, wake: new Signal() }
        session.lanes.set(keyOf(place.topic, place.partition), lane)
      }
      return !session.ended
    } catch (error) {
      if (error === over) return false
      throw error
    }
  }

  #leaders(lanes: readonly Lane[]): number[] {
    return [...new Set(lanes.map((lane) => this.#client.leaderIdOf(lane.topic, lane.partition)))]
  }

  /** Until all handlers are done, also after the group began to rebalance: else waiting for them would cost the membership. */
  async #heartbeats(session: Session): Promise<void> {
    const everyMs = Math.min(3_000, Math.max(100, this.#sessionTimeoutMs / 6))
    let lastGood = performance.now()
    while (!session.gone) {
      await session.left.wait(everyMs)
      if (session.gone) return
      try {
        if (!(await this.#member.heartbeat(session.membership))) session.end()
        lastGood = performance.now()
      } catch (error) {
        if (session.gone) return
        // The broker has given us up by then: join again (and find out whether there is a broker).
        if (performance.now() - lastGood > this.#sessionTimeoutMs) session.end()
        if (remedyOf(error) === undefined) session.end(toKafkaError('heartbeat', error))
        await this.#client.refresh().catch(() => {})
      }
    }
  }

  /** Hands the batches of one partition over, one at a time. */
  async #feed(lane: Lane, session: Session, handlers: ConsumerHandlers): Promise<void> {
    const key = keyOf(lane.topic, lane.partition)
    while (!session.ended) {
      const batch = this.#paused.has(key) ? undefined : lane.ready
      if (!batch) {
        await lane.wake.wait()
        continue
      }
      lane.ready = undefined
      session.hungry.wake()
      await handlers.onBatch(batch)
    }
  }

  /** Long polls of one broker for the lanes that want data. */
  async #poll(leader: number, session: Session): Promise<void> {
    let brokenSince: number | undefined
    while (!session.ended) {
      const mine = [...session.lanes.values()].filter(
        (l) => this.#client.leaderIdOf(l.topic, l.partition) === leader,
      )
      const wanting = mine.filter(
        (lane) => !lane.ready && !this.#paused.has(keyOf(lane.topic, lane.partition)),
      )
      if (mine.length === 0) return session.end()
      if (wanting.length === 0) {
        await session.hungry.wait(1_000)
        continue
      }
      const busy = mine.some((lane) => lane.ready && !this.#paused.has(keyOf(lane.topic, lane.partition)))
      const waitMs = busy ? BUSY_WAIT_MS : (this.#options.maxWaitMs ?? MAX_WAIT_MS)
      try {
        await this.#fetch(leader, wanting, waitMs)
        brokenSince = undefined
      } catch (error) {
        const remedy = remedyOf(error)
        brokenSince ??= performance.now()
        if (session.ended) return
        if (remedy === undefined || performance.now() - brokenSince > this.#client.retryMs) {
          throw toKafkaError('fetch', error)
        }
        await session.over.wait(100)
        await this.#client.refresh().catch(() => {})
        if (this.#moved(session, leader)) return session.end()
      }
    }
  }

  /** A partition has a leader without a poll of its own: the next session has one. */
  #moved(session: Session, leader: number): boolean {
    return [...session.lanes.values()].some((l) => this.#client.leaderIdOf(l.topic, l.partition) !== leader)
  }

  async #fetch(leader: number, lanes: readonly Lane[], waitMs: number): Promise<void> {
    const maxBytes = this.#options.maxBytesPerPartition ?? PARTITION_BYTES
    const asked = new Map(
      lanes.map((lane) => [keyOf(lane.topic, lane.partition), { lane, seeks: lane.seeks }]),
    )
    // The first partitions of a request are served first: shuffle, so that none starves behind a busy one.
    const order = lanes.map((lane) => ({ lane, at: Math.random() })).sort((a, b) => a.at - b.at)
    const parts = order.map(({ lane: { topic, partition, fetchFrom } }) => ({
      topic,
      partition,
      offset: fetchFrom,
      maxBytes,
    }))
    const broker = await this.#client.broker(leader)
    const results = await this.#client.send(
      broker,
      fetch(parts, { maxWaitMs: waitMs, maxBytes: RESPONSE_BYTES }),
    )
    let failure: unknown
    for (const result of results) {
      const { lane, seeks } = asked.get(keyOf(result.topic, result.partition)) ?? {}
      if (!lane || lane.seeks !== seeks) continue
      if (result.errorCode === OUT_OF_RANGE) {
        throw outOfRange(lane.topic, lane.partition, lane.fetchFrom, result.logStart, result.stableOffset)
      }
      if (result.errorCode !== 0)
        failure = new ProtocolError(result.errorCode, `fetch of ${keyOf(lane.topic, lane.partition)}`)
      else this.#take(lane, result)
    }
    if (failure) throw failure
  }

  #take(lane: Lane, result: FetchResult): void {
    const { topic, partition, bytes, aborted, stableOffset } = result
    if (bytes.length === 0) return
    const { records, nextOffset } = decodeBatches({ topic, partition, bytes, from: lane.fetchFrom, aborted })
    if (nextOffset === lane.fetchFrom) return
    lane.fetchFrom = nextOffset
    lane.ready = { topic, partition, records, nextOffset, highWatermark: stableOffset }
    lane.wake.wake()
  }

  seek(topic: string, partition: number, offset: number): void {
    const lane = this.#lane(topic, partition)
    if (!lane) return
    lane.fetchFrom = offset
    lane.seeks++
    lane.ready = undefined
    this.#session?.hungry.wake()
  }

  #lane(topic: string, partition: number): Lane | undefined {
    return this.#session?.lanes.get(keyOf(topic, partition))
  }

  pause(topic: string, partition: number): void {
    this.#paused.add(keyOf(topic, partition))
  }

  resume(topic: string, partition: number): void {
    this.#paused.delete(keyOf(topic, partition))
    this.#lane(topic, partition)?.wake.wake()
    this.#session?.hungry.wake()
  }

  async commit(offsets: readonly OffsetCommit[]): Promise<void> {
    const membership = this.#session?.membership
    if (!membership)
      throw new KafkaError('REBALANCE_IN_PROGRESS', `group ${this.#options.groupId} is rebalancing`)
    await this.#member.commit(membership, offsets)
  }

  async stop(): Promise<void> {
    if (this.#stopping) return this.#loop
    this.#stopping = true
    const inSession = this.#session !== undefined
    this.#session?.end()
    // A join under way may take a minute; closing the client ends it.
    if (inSession) await this.#loop
    const owned = this.#owned
    this.#owned = []
    if (owned.length > 0 && !this.#crashed) await this.#handlers?.onRevoked(owned)
    if (!this.#crashed) await this.#member.leave()
    await this.#client.close()
    await this.#loop
    this.#first?.reject(new KafkaError('CLOSED', 'the consumer was stopped before it started'))
    this.#first = undefined
  }
}
