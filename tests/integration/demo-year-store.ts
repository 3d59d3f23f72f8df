/** Owns putting the simulated year of the demo company into the store of the stack, up to chosen instants of its time. */
import { expect } from '@jest/globals'
import pg from 'pg'
import { CommandClient } from '../../producers/importers/client.ts'
import { DAY_MS, demoYear, FIRST, LAST, MIDNIGHT_MS, YEAR_NAME } from '../support/demo-year.ts'
import type { Mark } from '../support/folded-year.ts'
import type { Service, Tenant } from './producers-harness.ts'

const BATCH = 500
const WEEK_MS = 7 * DAY_MS

/** When a day begins in Dhaka. */
export const midnight = (day: number): number => day * DAY_MS + MIDNIGHT_MS
/** The year is closed on this day, when most of its customers have paid. */
export const CLOSES = midnight(LAST + 15)

export interface Simulation {
  readonly service: Service
  readonly tenant: Tenant
  readonly databaseOwnerUrl: string
  /** Instants at which it must be known what was in the store. */
  readonly instants: readonly number[]
  readonly beforeClose: () => Promise<void>
}

/** What was in the store at the end of each week and at each of the instants. Every command is accepted, or it throws. */
export async function simulate({ service, tenant, instants, ...more }: Simulation): Promise<readonly Mark[]> {
  const client = new CommandClient({ commandsUrl: service.url, token: tenant.token })
  const store = new pg.Client({ connectionString: more.databaseOwnerUrl })
  await store.connect()
  await store.query(`select set_config('app.current_tenant', $1, false)`, [tenant.id])
  const newest = async (): Promise<number> => {
    const { rows } = await store.query<{ position: string }>(
      'select position from finance.event_store where tenant_id = $1 order by position desc limit 1',
      [tenant.id],
    )
    return Number(rows[0]?.position)
  }
  const items = demoYear()
  const last = Math.max(CLOSES, ...instants)
  const weeks = Array.from(
    { length: Math.ceil((last - midnight(FIRST)) / WEEK_MS) },
    (_, i) => midnight(FIRST) + i * WEEK_MS,
  )
  const marks: Mark[] = []
  let sent = 0
  for (const at of [...new Set([...instants, ...weeks, CLOSES, last])].sort((a, b) => a - b)) {
    if (at >= CLOSES && (marks.at(-1)?.at ?? 0) < CLOSES) {
      await more.beforeClose()
      const token = await service.token(tenant.id, 'operator')
      const closed = await service.send('POST', `/v1/fiscal-years/${YEAR_NAME}/close`, { token, body: {} })
      if (closed.status !== 202) throw new Error(JSON.stringify(closed.body))
    }
    const next = items.findIndex((one) => one.at > at)
    const news = items.slice(sent, next === -1 ? undefined : next).map(({ item }) => item)
    for (let i = 0; i < news.length; i += BATCH) {
      const outcomes = await client.batch('year', news.slice(i, i + BATCH))
      expect(outcomes.filter((one) => one.status !== 'accepted')).toEqual([])
    }
    sent += news.length
    const before = marks.at(-1)
    marks.push({
      at,
      position: news.length === 0 && before !== undefined && at !== CLOSES ? before.position : await newest(),
    })
  }
  await store.end()
  expect(sent).toBe(items.length)
  return marks
}
