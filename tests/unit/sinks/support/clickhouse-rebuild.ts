/** A rebuild of ClickHouse over a broker in memory and chdb, ended at any point, with a sink that lives beside it. */
import { createMetrics } from '../../../../platform/metrics.ts'
import type { MemoryBroker } from '../../../../platform/kafka/memory/broker.ts'
import { MemoryKafka } from '../../../../platform/kafka/memory/port.ts'
import type { RecordCodec } from '../../../../schemas/codec/event-codec.ts'
import { TOPICS } from '../../../../schemas/topics.ts'
import type { Store } from '../../../../sinks/clickhouse/client.ts'
import { TENANT_TABLES } from '../../../../sinks/clickhouse/contract.ts'
import { TopicEpochs } from '../../../../sinks/clickhouse/epochs.ts'
import type { StepName } from '../../../../sinks/clickhouse/rebuild/errors.ts'
import { Places } from '../../../../sinks/clickhouse/rebuild/places.ts'
import {
  rebuildClickHouse,
  type RebuildParts,
  type RebuildReport,
} from '../../../../sinks/clickhouse/rebuild/rebuild.ts'
import { sinkMetrics } from '../../../../sinks/runtime/metrics.ts'

export class Killed extends Error {
  override readonly name = 'Killed'
}

export async function partsOf(broker: MemoryBroker, store: Store, codec: RecordCodec): Promise<RebuildParts> {
  const kafka = new MemoryKafka(broker)
  const admin = await kafka.admin()
  const common = { admin, store, topics: TOPICS, partitions: 2 }
  return {
    kafka,
    codec,
    store,
    metrics: sinkMetrics(createMetrics('test')),
    epochs: new TopicEpochs(store, admin),
    topics: TOPICS,
    partitions: 2,
    limits: { recordsMax: 50, bytesMax: 1_000_000 },
    places: new Places(common),
  }
}

export interface RunOptions {
  /** Number of the step, counted from 0, before which it is killed. */
  readonly killAt?: number
  readonly dropUnknown?: boolean
  readonly anew?: boolean
  readonly hold?: <T>(work: () => Promise<T>) => Promise<T>
  readonly onStep?: (step: StepName) => void
}

export interface Ended {
  readonly steps: readonly StepName[]
  /** Absent: it was killed. */
  readonly report?: RebuildReport
}

/** Errors other than the kill are thrown. */
export async function run(parts: RebuildParts, options: RunOptions): Promise<Ended> {
  const steps: StepName[] = []
  try {
    const report = await rebuildClickHouse({
      parts,
      hold: options.hold ?? ((work) => work()),
      dropUnknown: options.dropUnknown ?? false,
      anew: options.anew ?? false,
      onStep: (step) => {
        if (steps.length === options.killAt) throw new Killed()
        steps.push(step)
        options.onStep?.(step)
      },
      onProgress: () => undefined,
    })
    return { steps, report }
  } catch (error) {
    if (error instanceof Killed) return { steps }
    throw error
  }
}

const PLACE: Readonly<Record<string, string>> = {
  refused_events: '_partition, letter_topic, letter_offset',
  kpi_points: '_partition, _offset, measure, window',
}

/** Every row of every table, whole. */
export async function contentOf(store: Store): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {}
  for (const table of TENANT_TABLES) {
    const order = PLACE[table] ?? '_partition, _offset'
    found[table] = await store.query(`SELECT *, _revision FROM finance.${table} ORDER BY ${order}`)
  }
  return found
}
