/**
 * Makes what Redis holds of the results anew while readers go on: filled under other keys, then put in the place of the live
 * ones, tenant by tenant. Owns the order of the steps. Refuses: touching the sink's position; a Redis that the sink itself is
 * writing anew just now.
 *
 * Invariants
 * D1: readers see all old values of a tenant or all new ones: one script renames them (R1: one slot).
 * D2: a tenant is switched while the sink is held and the shadow has the whole topic, so no value becomes older; what the
 *     sink reads again afterwards is not newer than what is there, and refused (R2).
 * D3: sequences and feed are no copy of the log: they go on, and each channel gets a `reset`, so that who follows it reads a
 *     snapshot. Positions, and keys that are not of the results, are not touched.
 * D4: filling can be repeated (R2 holds in the shadow too), so a fill that was broken off goes on from its position. From the
 *     first switch on it can't: what was switched is gone from the shadow. A rebuild that was broken off there begins anew.
 *
 * Steps, and what a crash at each leaves
 *  1 begin   shadow of before deleted, phase = fill     begun anew, or gone on with
 *  2 fill    each partition up to its end               gone on with
 *  3 hold    the sink stands still                      the supervisor starts the sink again: as 2
 *  4 tail    up to the end once more                    as 2
 *  5 switch  phase = switch; tenant by tenant           each tenant is whole, old or new; begun anew
 *  6 let go  the sink starts                            as 5
 *  7 clean   phase and positions deleted                the next run deletes them
 */
import { randomBytes } from 'node:crypto'
import { NikashError } from '../../platform/errors.ts'
import type { Admin, InputRecord, KafkaPort } from '../../platform/kafka/port.ts'
import type { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { WINDOWS } from '../../schemas/rules/windows.ts'
import {
  CHANNELS,
  FEED_MAX_ENTRIES,
  keysOf,
  positionKey,
  SHADOW_PHASE_KEY,
  shadowKeysOf,
  shadowPositionKey,
  shadowTenantsKey,
  type TenantKeys,
} from './contract.ts'
import type { Operation } from './mapping.ts'
import { operationOf } from './operations.ts'
import type { RedisServer } from './server.ts'
import { applyCall, groupByTenant } from './writer.ts'

export type RedisStep = 'begin' | 'fill' | 'hold' | 'tail' | 'switch' | 'letgo' | 'clean'

export interface RedisRebuildOptions {
  readonly kafka: KafkaPort
  readonly admin: Admin
  readonly codec: RecordCodec
  readonly server: RedisServer
  readonly topic: string
  readonly partitions: number
  /** Does the work while the sink stands still, and has it start again whatever becomes of the work. */
  readonly hold: <T>(work: () => Promise<T>) => Promise<T>
  readonly anew: boolean
  readonly onStep: (step: RedisStep) => void
  readonly onProgress: (progress: { readonly done: number; readonly remaining: number }) => void
}

export interface RedisRebuildReport {
  readonly resumed: boolean
  readonly records: number
  readonly tenants: number
  readonly fillMs: number
  readonly heldMs: number
}

const CHUNK_RECORDS = 2_000

export class RedisRebuild {
  readonly #options: RedisRebuildOptions
  #runId = ''
  #topicId = ''
  #done = 0

  constructor(options: RedisRebuildOptions) {
    this.#options = options
  }

  /** Records to read, and whether a fill would be gone on with. Changes nothing. */
  async plan(): Promise<{ unfinished: boolean; records: number }> {
    await this.#look()
    const unfinished = (await this.#options.server.text(SHADOW_PHASE_KEY)) === 'fill'
    return { unfinished, records: await this.#remaining() }
  }

  async run(): Promise<RedisRebuildReport> {
    const { server, onStep, hold, anew } = this.#options
    await this.#look()
    await this.#refuseRebuilding()
    const resumed = !anew && (await server.text(SHADOW_PHASE_KEY)) === 'fill'
    onStep('begin')
    if (!resumed) await this.#clean()
    await server.setText(SHADOW_PHASE_KEY, 'fill')
    const startedMs = performance.now()
    onStep('fill')
    await this.#fill()
    const fillMs = performance.now() - startedMs
    onStep('hold')
    const heldFromMs = performance.now()
    const tenants = await hold(async () => {
      onStep('tail')
      await this.#refuseRebuilding()
      await this.#fill()
      const found = await this.#tenants()
      await server.setText(SHADOW_PHASE_KEY, 'switch')
      for (const tenant of found) {
        onStep('switch')
        await this.#switch(tenant)
      }
      onStep('letgo')
      return found.length
    })
    const heldMs = performance.now() - heldFromMs
    onStep('clean')
    await this.#clean()
    return { resumed, records: this.#done, tenants, fillMs, heldMs }
  }

  get #partitions(): readonly number[] {
    return Array.from({ length: this.#options.partitions }, (_, partition) => partition)
  }

  async #look(): Promise<void> {
    const { admin, server, topic } = this.#options
    const [description] = await admin.describeTopics([topic])
    if (!description) throw new Error(`the broker does not describe ${topic}`)
    this.#topicId = description.topicId
    this.#runId = await server.runId()
  }

  async #refuseRebuilding(): Promise<void> {
    const { server, topic } = this.#options
    for (const partition of this.#partitions) {
      const position = await server.position(positionKey(topic, partition))
      if (position?.whole !== true || position.runId !== this.#runId || position.topicId !== this.#topicId)
        throw new NikashError(
          'sink_rebuilds',
          `The sink is writing Redis anew by itself: ${topic}-${partition} is not whole.`,
        )
    }
  }

  /** D4. A position of another server or topic counts for nothing. */
  async #placeOf(partition: number, low: number): Promise<number> {
    const { server, topic } = this.#options
    const position = await server.position(shadowPositionKey(topic, partition))
    const isOurs = position?.runId === this.#runId && position.topicId === this.#topicId
    return isOurs ? Math.max(low, position.offset) : low
  }

  async #remaining(): Promise<number> {
    const { admin, topic } = this.#options
    const bounds = await admin.bounds(topic, this.#partitions)
    let sum = 0
    for (const partition of this.#partitions) {
      const { low = 0, high = 0 } = bounds[partition] ?? {}
      sum += Math.max(0, high - (await this.#placeOf(partition, low)))
    }
    return sum
  }

  async #fill(): Promise<void> {
    const { admin, kafka, topic, onProgress } = this.#options
    let remaining = await this.#remaining()
    const bounds = await admin.bounds(topic, this.#partitions)
    for (const partition of this.#partitions) {
      const { low = 0, high = 0 } = bounds[partition] ?? {}
      const from = await this.#placeOf(partition, low)
      if (from >= high) continue
      let records: InputRecord[] = []
      let next = from
      const flush = async (): Promise<void> => {
        await this.#apply(partition, records, next)
        this.#done += records.length
        records = []
      }
      for await (const batch of kafka.readPartition({ topic, partition, from, to: high })) {
        records.push(...batch.records.filter(({ offset }) => offset >= from && offset < high))
        // Compacted: there are fewer records than offsets.
        remaining = Math.max(0, remaining - (Math.min(high, batch.nextOffset) - next))
        next = Math.min(high, batch.nextOffset)
        if (records.length >= CHUNK_RECORDS) await flush()
        onProgress({ done: this.#done + records.length, remaining })
      }
      await flush()
    }
  }

  async #apply(partition: number, records: readonly InputRecord[], next: number): Promise<void> {
    const { server, codec, topic } = this.#options
    const operations: Operation[] = []
    for (const record of records) {
      const read = await operationOf(codec, record)
      // What can't be read was dead-lettered when it came.
      if (!('code' in read)) operations.push(read)
    }
    const tenants = groupByTenant(operations)
    await server.addTo(shadowTenantsKey(topic, partition), [...tenants.keys()])
    await Promise.all([...tenants].map(([tenantId, list]) => this.#applyTenant(tenantId, list)))
    const at = { offset: next, runId: this.#runId, topicId: this.#topicId, whole: false }
    await server.setPosition(shadowPositionKey(topic, partition), at)
  }

  async #applyTenant(tenantId: string, operations: readonly Operation[]): Promise<void> {
    // Nobody follows the feed of a shadow: one entry, and every delta too large for it.
    const noFeed = { feedEntries: 1, deltaBytes: 0 }
    const { keys, given } = applyCall(shadowKeysOf(tenantId), operations, '', noFeed)
    await this.#options.server.apply(keys, given)
  }

  async #tenants(): Promise<string[]> {
    const { server, topic } = this.#options
    const sets = await Promise.all(
      this.#partitions.map((partition) => server.membersOf(shadowTenantsKey(topic, partition))),
    )
    return [...new Set(sets.flat())].sort()
  }

  async #switch(tenantId: string): Promise<void> {
    const [live, shadow] = [keysOf(tenantId), shadowKeysOf(tenantId)]
    const pairs = valueKeys(live).flatMap((key, i) => [valueKeys(shadow)[i] ?? key, key])
    await this.#options.server.switchTenant(
      [live.seq, live.feed, live.sync, shadow.seq, shadow.feed, ...pairs],
      [this.#runId, randomBytes(8).toString('hex'), String(FEED_MAX_ENTRIES), ...CHANNELS],
    )
  }

  /** The phase goes last: until then the next run knows that there is something to delete. */
  async #clean(): Promise<void> {
    const { server, topic } = this.#options
    for (const tenantId of await this.#tenants()) {
      const shadow = shadowKeysOf(tenantId)
      await server.forget([...valueKeys(shadow), shadow.seq, shadow.feed])
    }
    for (const partition of this.#partitions)
      await server.forget([shadowPositionKey(topic, partition), shadowTenantsKey(topic, partition)])
    await server.forget([SHADOW_PHASE_KEY])
  }
}

/** What a tenant has of the results. */
const valueKeys = (keys: TenantKeys): string[] => [
  ...WINDOWS.map((window) => keys.kpi(window)),
  keys.aging,
  keys.payables,
  keys.alerts,
  keys.fence,
]
