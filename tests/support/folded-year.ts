/**
 * Owns the events of a tenant in the store, folded by the processors' topologies in this process: encoded as the relay
 * encodes them, appended in their order at simulated times, with the clock's ticks. Time goes on, never back.
 */
import { type OutboxRow, recordsOfRow } from '../../producers/outbox/records.ts'
import { TEST_CODEC, TestDriver } from '../../processors/runtime/testing/driver.ts'
import { buildTopologies } from '../../processors/topologies/index.ts'
import type { KpiResult } from '../../schemas/generated/records.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import type { Said } from './kpi-oracle.ts'

/** What of the rows of finance.event_store a fold needs. */
export const FOLDED_SQL = `
  select position::float8 as position, tenant_id as "tenantId", aggregate_type as "aggregateType", aggregate_id as "aggregateId",
         version::float8 as version, event_id as "eventId", event_type as "eventType", schema_version as "schemaVersion",
         event_data as data, metadata, (extract(epoch from occurred_at) * 1000)::float8 as "occurredAtMs",
         (extract(epoch from recorded_at) * 1000)::float8 as "recordedAtMs", 0::float8 as "insertedAtMs"
  from finance.event_store where tenant_id = current_setting('app.current_tenant') order by position`

/** What was in the store at an instant: everything up to a position. */
export interface Mark {
  readonly at: number
  readonly position: number
}

export class FoldedYear {
  readonly #rows: readonly OutboxRow[]
  readonly #tenant: string
  readonly #driver: TestDriver
  #folded = 0
  #nowMs: number

  constructor(tenant: string, rows: readonly OutboxRow[], startMs: number) {
    this.#tenant = tenant
    this.#rows = rows
    this.#nowMs = startMs
    const topologies = buildTopologies((type, value) => TEST_CODEC.encode(type, value))
    this.#driver = new TestDriver({ topologies, startMs })
  }

  /** Appends the events up to a mark, right after the one before: those of later days wait for their midnight. */
  fold({ at, position }: Mark): void {
    const next = this.#rows.findIndex((row) => row.position > position)
    const news = this.#rows.slice(this.#folded, next === -1 ? undefined : next)
    news.forEach((row, i) => {
      const timestamp = Math.min(this.#nowMs + i, at)
      for (const { value } of recordsOfRow(row, TEST_CODEC))
        this.#driver.pipeBytes(this.#tenant, value, { timestamp })
    })
    this.#folded += news.length
    this.#nowMs = at
  }

  /** The live KPIs after a tick at the last mark. */
  kpis(): readonly Said[] {
    this.#driver.tick(this.#nowMs)
    const result = this.#driver.results().get(`${this.#tenant}|kpi|`)
    return result === undefined ? [] : saidBy(result.data as KpiResult)
  }

  /** Events that the engine refused. */
  get refused(): number {
    return this.#driver.dlq().length
  }
}

const saidBy = ({ windows }: KpiResult): readonly Said[] =>
  windows.flatMap(({ window, fromDate, toDate, partial, measures }) =>
    measures.map(({ name: kpi, value, reason, previous, change, lastYear, changeLastYear }) => ({
      window,
      from: formatDay(fromDate),
      to: formatDay(toDate),
      partial,
      kpi,
      value,
      reason,
      previous,
      change,
      lastYear,
      changeLastYear,
    })),
  )
