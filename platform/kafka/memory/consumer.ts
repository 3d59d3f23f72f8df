/**
 * The consumer of the in-memory port. Order of a (re)join, the same as on a real broker: join, stable offsets (K2),
 * onRevoked for what is gone, onAssigned for all that is ours, then batches. Positions start at the committed offsets
 * (the first offset that is there when nothing is committed) unless onAssigned seeks.
 */
import { recoverOf } from '../../errors.ts'
import { keyOf, type TopicPartition } from '../assign.ts'
import { KafkaError, outOfRange } from '../errors.ts'
import type { Consumer, ConsumerHandlers, ConsumerOptions, Membership, OffsetCommit } from '../port.ts'
import type { Assignment } from './groups.ts'
import type { MemoryKafka } from './port.ts'

interface Lane extends TopicPartition {
  position: number
  /** Raised by seek: a batch that was under way does not move the position. */
  seeks: number
}

const SESSION_MS = 10_000
const WAIT_MS = 20
const BATCH_RECORDS = 500
const FENCE_AFTER_MS = 500
const STABLE_WAIT_MS = 30_000

export class MemoryConsumer implements Consumer {
  readonly #port: MemoryKafka
  readonly #options: ConsumerOptions
  readonly #paused = new Set<string>()
  #lanes = new Map<string, Lane>()
  #membership: Membership | undefined
  #memberId: string | undefined
  #handlers: ConsumerHandlers | undefined
  #stopping = false
  #crashed = false
  /** A handler asked for a new join. */
  #broken = false
  #loop: Promise<void> = Promise.resolve()
  #wakeFirst: { resolve: () => void; reject: (error: unknown) => void } | undefined

  constructor(port: MemoryKafka, options: ConsumerOptions) {
    this.#port = port
    this.#options = options
  }

  start(handlers: ConsumerHandlers): Promise<void> {
    this.#handlers = handlers
    const first = new Promise<void>((resolve, reject) => {
      this.#wakeFirst = { resolve, reject }
    })
    this.#loop = this.#run(handlers).catch((error: unknown) => this.#crash(error))
    return first
  }

  #crash(error: unknown): void {
    if (this.#crashed || this.#stopping) return
    this.#crashed = true
    const reason = error instanceof Error ? error : new Error(String(error))
    if (this.#memberId !== undefined) this.#port.broker.groups.leave(this.#options.groupId, this.#memberId)
    this.#port.broker.notify()
    if (this.#wakeFirst) this.#wakeFirst.reject(reason)
    else this.#handlers?.onCrash(reason)
    this.#wakeFirst = undefined
  }

  async #run(handlers: ConsumerHandlers): Promise<void> {
    while (!this.#stopping && !this.#crashed) {
      const assignment = await this.#join()
      if (this.#stopping) return
      const lanes = await this.#lanesOf(assignment)
      const before = this.#lanes
      this.#lanes = lanes
      this.#membership = assignment.membership
      const lost = [...before].filter(([key]) => !lanes.has(key)).map(([, lane]) => placeOf(lane))
      if (lost.length > 0) await handlers.onRevoked(lost)
      await handlers.onAssigned(assignment.partitions, assignment.membership)
      await this.#port.alive()
      this.#wakeFirst?.resolve()
      this.#wakeFirst = undefined
      this.#broken = false
      await Promise.all([...lanes.values()].map((lane) => this.#feed(lane, assignment.membership, handlers)))
      await this.#idle(assignment.membership)
    }
  }

  async #join(): Promise<Assignment> {
    await this.#port.alive()
    const { groupId, topics, instanceId, sessionTimeoutMs = SESSION_MS } = this.#options
    this.#membership = undefined
    return new Promise((resolve, reject) => {
      const host = this.#port
      const member = { id: this.#memberId, host, topics, instanceId, sessionTimeoutMs }
      const done = (assignment: Assignment): void => {
        this.#memberId = assignment.membership.memberId
        resolve(assignment)
      }
      this.#memberId = this.#port.broker.groups.join(groupId, member, { done, refused: reject })
      this.#port.broker.notify()
    })
  }

  async #lanesOf(assignment: Assignment): Promise<Map<string, Lane>> {
    const lanes = new Map<string, Lane>()
    for (const { topic, partition } of assignment.partitions) {
      const offset = await this.#committed(topic, partition)
      const log = this.#port.broker.log(topic, partition)
      const position = offset < 0 ? log.low : offset
      if (position < log.low || position > log.next)
        throw outOfRange(topic, partition, position, log.low, log.next)
      lanes.set(keyOf(topic, partition), { topic, partition, position, seeks: 0 })
    }
    return lanes
  }

  /** Stable offset; an owner that left a transaction open is fenced once the grace is over. */
  async #committed(topic: string, partition: number): Promise<number> {
    const { groupId, pendingOwner } = this.#options
    const { broker } = this.#port
    const from = performance.now()
    let fenced: string | undefined
    for (;;) {
      const found = broker.committed(groupId, topic, partition)
      if (!found.pending) return found.offset
      const waited = performance.now() - from
      const owner =
        waited >= (this.#options.fenceAfterMs ?? FENCE_AFTER_MS) ? pendingOwner?.(found.metadata) : undefined
      if (owner !== undefined && owner !== fenced) {
        // Once: what is still open then belongs to somebody else, and ends at its timeout.
        fenced = owner
        broker.initProducer(owner, 1_000)
      } else if (waited > STABLE_WAIT_MS) {
        throw new KafkaError(
          'UNSTABLE_OFFSET_COMMIT',
          `a transaction holds the offset of ${topic}-${partition}`,
        )
      } else await broker.changed(WAIT_MS)
      await this.#port.alive()
    }
  }

  #over(membership: Membership): boolean {
    if (this.#stopping || this.#crashed || this.#broken) return true
    this.#port.broker.sweep()
    return this.#port.broker.groups.mustRejoin(this.#options.groupId, membership)
  }

  /** Feeds one partition until the membership is over. */
  async #feed(lane: Lane, membership: Membership, handlers: ConsumerHandlers): Promise<void> {
    const key = keyOf(lane.topic, lane.partition)
    while (!this.#over(membership)) {
      await this.#port.alive()
      if (this.#over(membership)) return
      const log = this.#port.broker.log(lane.topic, lane.partition)
      const result = this.#paused.has(key)
        ? undefined
        : log.read(lane.position, { maxRecords: BATCH_RECORDS })
      if (result === undefined || result.nextOffset === lane.position) {
        await this.#port.broker.changed(this.#options.maxWaitMs ?? WAIT_MS)
        continue
      }
      const { seeks, topic, partition } = lane
      const { records, nextOffset, stable } = result
      try {
        await handlers.onBatch({ topic, partition, records, nextOffset, highWatermark: stable })
      } catch (error) {
        if (recoverOf(error) !== 'rejoin') throw error
        this.#broken = true
        return
      }
      if (lane.seeks === seeks) lane.position = nextOffset
    }
  }

  /** A member without partitions still waits for the next rebalance. */
  async #idle(membership: Membership): Promise<void> {
    while (!this.#over(membership)) {
      await this.#port.broker.changed(WAIT_MS)
      await this.#port.alive()
    }
  }

  #lane(topic: string, partition: number): Lane | undefined {
    return this.#lanes.get(keyOf(topic, partition))
  }

  seek(topic: string, partition: number, offset: number): void {
    const lane = this.#lane(topic, partition)
    if (!lane) return
    lane.position = offset
    lane.seeks++
    this.#port.broker.notify()
  }

  pause(topic: string, partition: number): void {
    this.#paused.add(keyOf(topic, partition))
  }

  resume(topic: string, partition: number): void {
    this.#paused.delete(keyOf(topic, partition))
    this.#port.broker.notify()
  }

  async commit(offsets: readonly OffsetCommit[]): Promise<void> {
    const membership = this.#membership
    await this.#port.call('commit', () => {
      if (!membership)
        throw new KafkaError('REBALANCE_IN_PROGRESS', `group ${this.#options.groupId} is rebalancing`)
      this.#port.broker.commit(membership, offsets)
    })
  }

  async stop(): Promise<void> {
    if (this.#stopping) return this.#loop
    this.#stopping = true
    this.#port.broker.notify()
    // A member that waits in a join never gets its answer once it has left: do not wait for that.
    const joining = this.#membership === undefined
    if (!joining) await this.#loop
    const lanes = [...this.#lanes.values()].map(placeOf)
    this.#lanes = new Map()
    if (lanes.length > 0 && !this.#crashed) await this.#handlers?.onRevoked(lanes)
    if (this.#memberId !== undefined) this.#port.broker.groups.leave(this.#options.groupId, this.#memberId)
    this.#port.broker.notify()
  }
}

const placeOf = ({ topic, partition }: TopicPartition): TopicPartition => ({ topic, partition })
