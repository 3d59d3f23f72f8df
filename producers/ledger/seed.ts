/** Owns giving a tenant its default chart: with its registration, or later for one that was there before charts were. */
import type pg from 'pg'
import { inTransaction } from '../event-store/database.ts'
import { lockKeys } from '../event-store/idempotency.ts'
import { lockCounters, readShared } from '../event-store/store.ts'
import { write } from '../event-store/write.ts'
import { Session } from '../kernel/session.ts'
import { Chart, CHART_COUNTER } from './chart.ts'
import { defaultChart } from './default-chart.ts'

/** The tenant is there, its chart is not. */
export class ChartMissing extends Error {
  override readonly name = 'ChartMissing'
}

/** Writes the default chart, unless another process was first. */
export async function seedChart(pool: pg.Pool, tenant: string, nowMs: number): Promise<void> {
  await inTransaction(pool, tenant, async (client) => {
    await lockKeys(client, tenant, [], 'changes')
    const asked = [{ type: 'tenant', id: tenant }] as const
    const shared = await readShared(client, tenant, { aggregates: asked, numbers: [], keys: [] })
    if (shared.chartVersion > 0 || shared.aggregates.length === 0) return
    const session = new Session(tenant, nowMs)
    session.adoptAggregates(asked, shared.aggregates)
    session.adoptCounters(await lockCounters(client, tenant, [CHART_COUNTER]))
    session.adoptChart(Chart.EMPTY)
    for (const { aggregate, events } of defaultChart()) session.append(0, aggregate, events, '')
    const metadata = { actor: 'service:ledger', correlationId: null, causationId: null, traceparent: null }
    await write(client, session, () => metadata, [])
  })
}
