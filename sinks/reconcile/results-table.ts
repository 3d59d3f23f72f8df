/**
 * finance.results.v1 as the table that it is: the newest record of each key, partition by partition, read on from where
 * the last look ended. Owns bytes alone; they are decoded for the tenant that is asked for.
 */
import type { Admin, KafkaPort } from '../../platform/kafka/port.ts'
import type { RecordCodec } from '../../schemas/codec/event-codec.ts'
import type { AgingResult, KpiResult } from '../../schemas/generated/records.ts'
import { KPI_FAMILY, parseResultKey } from '../redis/mapping.ts'
import { type Side, sideOfFamily } from './figures.ts'

export interface TenantResults {
  readonly kpi: KpiResult | undefined
  /** By customer or vendor; the tenant as a whole has the empty id. */
  readonly aging: Readonly<Record<Side, ReadonlyMap<string, AgingResult>>>
}

export interface ResultsTableOptions {
  readonly kafka: KafkaPort
  readonly admin: Admin
  readonly codec: RecordCodec
  readonly topic: string
}

export class ResultsTable {
  readonly #options: ResultsTableOptions
  readonly #positions = new Map<number, number>()
  readonly #looks = new Map<number, Promise<void>>()
  /** By tenant, then by key. */
  readonly #values = new Map<string, Map<string, Buffer>>()

  constructor(options: ResultsTableOptions) {
    this.#options = options
  }

  /** Takes in what the partition has now. Looks at one partition follow each other: an older value never goes over a newer. */
  look(partition: number): Promise<void> {
    const before = this.#looks.get(partition) ?? Promise.resolve()
    const look = before.catch(() => undefined).then(() => this.#look(partition))
    this.#looks.set(partition, look)
    return look
  }

  async #look(partition: number): Promise<void> {
    const { kafka, admin, topic } = this.#options
    let from = this.#positions.get(partition)
    if (from === undefined) from = (await admin.bounds(topic, [partition]))[0]?.low ?? 0
    for await (const batch of kafka.readPartition({ topic, partition, from })) {
      for (const { key, value } of batch.records) if (key !== null) this.#put(key.toString(), value)
      from = batch.nextOffset
    }
    this.#positions.set(partition, from)
  }

  #put(key: string, value: Buffer | null): void {
    const parsed = parseResultKey(key)
    if (parsed === null) return
    const { tenantId } = parsed
    const known = this.#values.get(tenantId) ?? new Map<string, Buffer>()
    if (value === null) known.delete(key)
    else known.set(key, value)
    if (known.size === 0) this.#values.delete(tenantId)
    else this.#values.set(tenantId, known)
  }

  /** Tenants with results, in order. */
  get tenants(): readonly string[] {
    return [...this.#values.keys()].sort()
  }

  async of(tenantId: string): Promise<TenantResults> {
    let kpi: KpiResult | undefined
    const aging = { receivables: new Map<string, AgingResult>(), payables: new Map<string, AgingResult>() }
    for (const [key, bytes] of this.#values.get(tenantId) ?? []) {
      const parsed = parseResultKey(key)
      if (parsed === null) continue
      const data = await this.#decoded(bytes)
      if (data.type === 'KpiResult' && parsed.family === KPI_FAMILY) kpi = data.data
      const side = sideOfFamily(parsed.family)
      if (data.type === 'AgingResult' && side !== undefined) aging[side].set(parsed.slice, data.data)
    }
    return { kpi, aging }
  }

  async #decoded(bytes: Buffer) {
    const { codec, topic } = this.#options
    const wanted = codec.wants(bytes)
    if (wanted !== undefined) await codec.prepare(wanted)
    const decoded = codec.decode(bytes)
    if (!decoded.ok) throw new Error(`a record of ${topic} can't be read: ${decoded.message}`)
    return decoded
  }
}
