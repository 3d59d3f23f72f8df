/**
 * What a partition with the toys must give, written down a second time: plain maps and sets, one record after the
 * other, none of the engine's code. Shares with it the wire codec, the partition of a key and the toys' arithmetic.
 * O1: a record of another partition goes there once. O2: what cannot be read, or is refused, is a dead letter with the
 * same bytes. O3: an identity counts once; ids without version are forgotten by whole segments. O4: timers fire in the
 * order of (time, name), at their own instant, before the record that moved log time past them.
 */
import type { InputRecord } from '../../../platform/kafka/port.ts'
import { TEST_CODEC } from '../../../processors/runtime/testing/driver.ts'
import type { FinanceEvent } from '../../../schemas/generated/records.ts'
import { partitionOf } from '../../../schemas/values/partition.ts'

const HOUR = 3_600_000
const ID_SKEW_MS = HOUR
const SEGMENT_MS = 6 * HOUR
const SEGMENT_IDS = 1_000
const TICK_AHEAD_MS = 60_000

export interface Fact {
  readonly topic: 'alerts' | 'history' | 'dlq' | 'late'
  readonly key: string
  readonly value: Buffer | null
  /** Of a dead or late letter: the record it is about, and why. */
  readonly offset: number | undefined
  readonly code: string | undefined
}

export interface Reroute {
  readonly to: number
  readonly record: InputRecord
}

type Payment = Extract<FinanceEvent, { type: 'PaymentFailed' | 'PaymentReversed' }>

interface Segment {
  readonly from: number
  to: number
  readonly ids: string[]
}

export class Model {
  readonly #partition: number
  readonly #partitions: number
  readonly #idHorizonMs: number
  logTime = 0
  lastTick = 0
  readonly tallies = new Map<string, { readonly count: number; readonly sum: bigint }>()
  readonly items = new Map<string, { readonly version: number; readonly amount: bigint }>()
  readonly timers = new Map<string, number>()
  leader: string | undefined
  readonly #versions = new Map<string, Set<number>>()
  #segments: Segment[] = []
  #forgottenBefore = Number.NEGATIVE_INFINITY
  readonly facts: Fact[] = []
  readonly reroutes: Reroute[] = []
  /** Result keys that the last record changed. */
  touched = new Set<string>()

  constructor(options: {
    readonly partition: number
    readonly partitions: number
    readonly idHorizonMs: number
  }) {
    this.#partition = options.partition
    this.#partitions = options.partitions
    this.#idHorizonMs = options.idHorizonMs
  }

  take(record: InputRecord): void {
    this.touched = new Set()
    const key = record.key === null ? undefined : String(record.key)
    if (key !== undefined && key !== '~' && partitionOf(key, this.#partitions) !== this.#partition) {
      this.#advance(record.timestamp, record)
      // O1.
      if (record.headers['nikash-rerouted'] === undefined)
        this.reroutes.push({ to: partitionOf(key, this.#partitions), record })
      else this.#letter(record, 'reroute_loop')
      return
    }
    const event = TEST_CODEC.decodeEvent(record.value)
    if (!event.ok) {
      this.#advance(record.timestamp, record)
      return this.#letter(record, event.code)
    }
    if (key !== event.data.tenantId) {
      this.#advance(record.timestamp, record)
      return this.#letter(record, 'key_mismatch')
    }
    if (event.type === 'Tick') return this.#tick(record, event.data.instant)
    this.#advance(record.timestamp, record)
    if (event.type !== 'PaymentFailed' && event.type !== 'PaymentReversed')
      throw new Error(`the model knows nothing of ${event.type}`)
    this.#payment(record, event)
  }

  #letter(record: InputRecord, code: string): void {
    const { value, offset } = record
    this.facts.push({ topic: 'dlq', key: String(record.key ?? ''), value, offset, code })
  }

  #tick(record: InputRecord, instant: number): void {
    if (instant > record.timestamp + TICK_AHEAD_MS) {
      this.#advance(record.timestamp, record)
      return this.#letter(record, 'tick_ahead')
    }
    if (instant <= this.lastTick) return this.#advance(record.timestamp, record)
    this.lastTick = instant
    this.#advance(Math.max(instant, record.timestamp), record)
  }

  /** O4, then O3. */
  #advance(to: number, record: InputRecord): void {
    if (to <= this.logTime) return
    for (;;) {
      const due = [...this.timers]
        .filter(([, at]) => at <= to)
        .sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))[0]
      if (due === undefined) break
      this.timers.delete(due[0])
      this.logTime = Math.max(this.logTime, due[1])
      this.#say(due[0].slice('say:'.length), record)
    }
    this.logTime = to
    while (this.#segments[0] !== undefined && this.#segments[0].to < to - this.#idHorizonMs) {
      this.#forgottenBefore = this.#segments[0].to + 1
      this.#segments = this.#segments.slice(1)
    }
  }

  #say(tenant: string, record: InputRecord): void {
    const { count, sum } = this.tallies.get(tenant) ?? { count: 0, sum: 0n }
    if (count === 13) {
      const key = `tally/say:${tenant}`
      this.facts.push({ topic: 'dlq', key, value: null, offset: record.offset, code: 'timer_failed' })
      return
    }
    const value = Buffer.from(`${tenant}:${sum}:${this.logTime}`)
    this.facts.push({ topic: 'history', key: tenant, value, offset: undefined, code: undefined })
    this.tallies.set(tenant, { count, sum: sum + 1n })
    this.touched.add(`${tenant}|tally|`)
  }

  /** O3: whether it counts; a refusal by the toys is not remembered. */
  #payment(record: InputRecord, event: Payment): void {
    const { data } = event
    const version = data.aggregateVersion
    if (version === null) {
      const id = `${data.tenantId}|${data.eventId}`
      if (this.#segments.some(({ ids }) => ids.includes(id))) return
      if (data.recordedAt < this.#forgottenBefore + ID_SKEW_MS) {
        const { value, offset } = record
        this.facts.push({ topic: 'late', key: String(record.key), value, offset, code: 'late' })
      } else if (this.#apply(record, event)) this.#remember(id)
      return
    }
    const name = `${data.tenantId}|${data.aggregateType}|${data.aggregateId}`
    const seen = this.#versions.get(name) ?? new Set()
    if (seen.has(version)) return
    if (version < Math.max(0, ...seen) && event.type !== 'PaymentReversed')
      return this.#letter(record, 'version_regression')
    if (this.#apply(record, event)) this.#versions.set(name, seen.add(version))
  }

  #remember(id: string): void {
    const last = this.#segments.at(-1)
    if (!last || last.ids.length >= SEGMENT_IDS || this.logTime - last.from >= SEGMENT_MS)
      this.#segments.push({ from: this.logTime, to: this.logTime, ids: [id] })
    else {
      last.to = this.logTime
      last.ids.push(id)
    }
  }

  /** The toys' arithmetic; false = they refuse, and nothing happened. */
  #apply(record: InputRecord, event: Payment): boolean {
    const { tenantId: tenant, aggregateId, aggregateVersion, reason, eventId } = event.data
    const refusal = { refuse: 'not_today', boom: 'handler_failed', 'late-boom': 'handler_failed' }[reason]
    if (refusal !== undefined) {
      this.#letter(record, refusal)
      return false
    }
    const amount = BigInt(event.type === 'PaymentFailed' ? event.data.failedDate : event.data.reversalDate)
    const before = this.tallies.get(tenant) ?? { count: 0, sum: 0n }
    const sum = before.sum + amount
    this.tallies.set(tenant, { count: before.count + 1, sum })
    if (reason === 'delete') this.items.delete(`${tenant}|${aggregateId}`)
    else this.items.set(`${tenant}|${aggregateId}`, { version: aggregateVersion ?? 0, amount })
    this.timers.set(`say:${tenant}`, this.logTime + HOUR)
    const alert = { key: tenant, value: Buffer.from(eventId), offset: undefined, code: undefined }
    this.facts.push({ topic: 'alerts', ...alert })
    this.touched.add(`${tenant}|tally|`)
    const theirs = this.leader === undefined ? -1n : (this.tallies.get(this.leader)?.sum ?? 0n)
    if (sum > theirs) {
      this.leader = tenant
      this.touched.add('leader|rank|')
    }
    return true
  }

  /** What the record under this key says, but for its place. */
  resultOf(key: string): { readonly tenantId: string; readonly family: string; readonly asOf: number } {
    const [tenant = '', family = ''] = key.split('|')
    if (family === 'rank') return { tenantId: this.leader ?? 'none', family, asOf: 0 }
    return { tenantId: tenant, family, asOf: Number((this.tallies.get(tenant)?.sum ?? 0n) % 10_000n) }
  }
}
