/**
 * Owns reading aggregates by their snapshots: the state that the last command left, or, where older code left it, the
 * fold of the events in the store. Loading costs the same whatever the length of a stream; a stream is read once after
 * a change of code, and its new state is stored with the aggregate's next event.
 * F1: a snapshot is never more than the fold of its events: whatever it holds can be thrown away.
 */
import type { PoolClient } from 'pg'
import { EVENT_TYPES } from '../../schemas/generated/records.ts'
import type { AggregateType } from '../kernel/events.ts'
import type { StoredAggregate } from '../kernel/session.ts'
import { EVOLVE, type States } from '../kernel/state.ts'
import { fromJson } from './json.ts'
import { upcast } from './upcast.ts'

/** Raised when a state has other fields than before, or an event means something else to it. */
export const STATE_VERSION = 2

export interface AggregateRow {
  readonly aggregate_type: string
  readonly aggregate_id: string
  readonly version: string | number
  readonly state: unknown
  readonly state_version: number
  readonly created_digest: string
}

interface EventRow {
  readonly aggregate_type: string
  readonly aggregate_id: string
  readonly event_type: string
  readonly schema_version: number
  readonly event_data: unknown
  readonly metadata: Record<string, string | null>
}

const known: ReadonlySet<string> = new Set(EVENT_TYPES)
const keyOf = (row: { aggregate_type: string; aggregate_id: string }): string =>
  `${row.aggregate_type}\u0000${row.aggregate_id}`

export async function aggregatesOf(
  client: PoolClient,
  tenant: string,
  rows: readonly AggregateRow[],
): Promise<readonly StoredAggregate[]> {
  const stale = rows.filter((row) => row.state_version < STATE_VERSION)
  const folded = stale.length === 0 ? undefined : await fold(client, tenant, stale)
  return rows.map(
    (row) =>
      ({
        type: row.aggregate_type,
        id: row.aggregate_id,
        version: Number(row.version),
        state: folded?.get(keyOf(row)) ?? fromJson(row.state),
        createdDigest: row.created_digest,
      }) as StoredAggregate,
  )
}

/** Events above the version that was read do not count: the row may have been read before they came. */
async function fold(
  client: PoolClient,
  tenant: string,
  rows: readonly AggregateRow[],
): Promise<ReadonlyMap<string, States[AggregateType]>> {
  const { rows: events } = await client.query<EventRow>({
    name: 'refold',
    text: `select e.aggregate_type, e.aggregate_id, e.event_type, e.schema_version, e.event_data, e.metadata
      from finance.event_store e
      join unnest($2::text[], $3::text[], $4::bigint[]) as r(type, id, version)
        on e.aggregate_type = r.type and e.aggregate_id = r.id and e.version <= r.version
      where e.tenant_id = $1 order by e.aggregate_type, e.aggregate_id, e.version`,
    values: [
      tenant,
      rows.map((row) => row.aggregate_type),
      rows.map((row) => row.aggregate_id),
      rows.map((row) => Number(row.version)),
    ],
  })
  const states = new Map<string, States[AggregateType]>()
  for (const row of events) {
    const event = upcast(
      {
        type: row.event_type,
        schemaVersion: row.schema_version,
        data: row.event_data,
        metadata: row.metadata,
      },
      known,
    )
    const evolve = EVOLVE[row.aggregate_type as AggregateType] as (
      state: States[AggregateType] | null,
      event: unknown,
    ) => States[AggregateType]
    states.set(keyOf(row), evolve(states.get(keyOf(row)) ?? null, event))
  }
  return states
}
