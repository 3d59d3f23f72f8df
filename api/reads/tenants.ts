/** Settings of tenants, from ClickHouse, remembered for a few seconds. Owns "today" of a tenant. */
import { LRUCache } from 'lru-cache'
import { type EpochDay, dayAt, formatDay, parseDay } from '../../schemas/values/calendar.ts'
import type { ClickHouse } from './clickhouse.ts'
import type { LiveFigures } from './live-figures.ts'

const REMEMBER_MS = 5_000
const TENANTS_MAX = 10_000

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
  live: LiveFigures
  now: () => number
}): Tenants {
  const { clickhouse, live, now } = options
  const known = new LRUCache<string, TenantSettings>({ max: TENANTS_MAX, ttl: REMEMBER_MS })
  const settings = async (tenant: string): Promise<TenantSettings> => {
    const remembered = known.get(tenant)
    if (remembered) return remembered
    const [row] = await clickhouse.rows<Row>({ name: 'tenant', sql: SQL, params: { tenant } })
    if (!row) return { tenantId: tenant, name: tenant, ...DEFAULTS, registered: false }
    const found: TenantSettings = {
      tenantId: tenant,
      name: row.name,
      zone: row.zone,
      currency: row.base_currency,
      fiscalYearStart: row.fiscal_year_start,
      registered: true,
    }
    known.set(tenant, found)
    return found
  }
  const today = async (tenant: string): Promise<string> =>
    (await live.today(tenant)) ?? formatDay(dayAt(now(), (await settings(tenant)).zone))
  return {
    settings,
    today,
    dayOf: async (tenant, asked) => parseDay(asked ?? (await today(tenant))),
  }
}
