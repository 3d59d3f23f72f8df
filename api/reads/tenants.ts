/** Settings of tenants, from the facts. Owns "today" of a tenant. */
import { type EpochDay, dayAt, formatDay, parseDay } from '../../schemas/values/calendar.ts'
import type { ClickHouse } from './clickhouse.ts'
import type { Facts } from './facts.ts'
import type { LiveFigures } from './live-figures.ts'

export interface TenantSettings {
  readonly tenantId: string
  readonly name: string
  readonly zone: string
  readonly currency: string
  /** MM-DD. */
  readonly fiscalYearStart: string
  /** False while no registration is known: upstream services may publish first, and the defaults hold. */
  readonly registered: boolean
}

const DEFAULTS = { zone: 'Asia/Dhaka', currency: 'BDT', fiscalYearStart: '07-01' } as const

interface Row {
  readonly name: string
  readonly zone: string
  readonly base_currency: string
  readonly fiscal_year_start: string
}

const SQL = `
SELECT name, zone, base_currency, fiscal_year_start
FROM finance.dim_tenants
WHERE tenant_id = {tenant:String}
LIMIT 1`

export interface Tenants {
  settings(tenant: string): Promise<TenantSettings>
  /** The day asked for, or the tenant's today. */
  dayOf(tenant: string, asked: string | undefined): Promise<EpochDay>
  today(tenant: string): Promise<string>
}

export function createTenants(options: {
  clickhouse: ClickHouse
  facts: Facts
  live: LiveFigures
  now: () => number
}): Tenants {
  const { clickhouse, facts, live, now } = options
  const settings = (tenant: string): Promise<TenantSettings> =>
    facts.remember(tenant, 'settings', {
      compute: async () => {
        const [row] = await clickhouse.rows<Row>({ name: 'tenant', sql: SQL, params: { tenant } })
        if (!row) return { tenantId: tenant, name: tenant, ...DEFAULTS, registered: false }
        const { name, zone, base_currency: currency, fiscal_year_start: fiscalYearStart } = row
        return { tenantId: tenant, name, zone, currency, fiscalYearStart, registered: true }
      },
      rowsOf: () => 1,
    })
  const today = async (tenant: string): Promise<string> =>
    (await live.today(tenant)) ?? formatDay(dayAt(now(), (await settings(tenant)).zone))
  return {
    settings,
    today,
    dayOf: async (tenant, asked) => parseDay(asked ?? (await today(tenant))),
  }
}
