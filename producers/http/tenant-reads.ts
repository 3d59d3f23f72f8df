/** Owns GET /v1/tenants and /v1/tenants/:id: settings, for operators (all) and for a tenant's own tokens. */
import type { Express, RequestHandler } from 'express'
import type pg from 'pg'
import { TENANT_ID } from '../../schemas/values/ids.ts'
import { ALL_TENANTS, inTransaction } from '../event-store/database.ts'
import { Refusal } from '../kernel/errors.ts'
import { type Caller, requireRole } from './auth.ts'

const PAGE_MAX = 500

interface TenantRow {
  readonly tenantId: string
  readonly version: number
  readonly name: string
  readonly zone: string
  readonly currency: string
  readonly fiscalYearStart: string
  readonly registeredAt: Date
  /** Why its processing is stopped, and since when; null = it is not. */
  readonly stopped: string | null
  readonly stoppedAt: Date | null
}

const COLUMNS = `tenant_id as "tenantId", version::integer as version, name, zone, currency,
                 fiscal_year_start as "fiscalYearStart",
                 (select e.recorded_at from finance.event_store e where e.tenant_id = t.tenant_id
                  and e.aggregate_type = 'tenant' and e.aggregate_id = t.tenant_id and e.version = 1) as "registeredAt",
                 stopped, case when stopped is not null then
                 (select max(e.recorded_at) from finance.event_store e where e.tenant_id = t.tenant_id
                  and e.aggregate_type = 'tenant' and e.aggregate_id = t.tenant_id
                  and e.event_type = 'TenantProcessingStopped') end as "stoppedAt"`

export function tenantReads(
  app: Express,
  parts: { readonly pool: pg.Pool; readonly caller: RequestHandler },
): void {
  const { caller } = parts
  app.get('/v1/tenants', caller, async (request, response) => {
    requireRole(response.locals['caller'] as Caller, 'operator')
    const after = typeof request.query['cursor'] === 'string' ? request.query['cursor'] : ''
    const rows = await inTransaction(parts.pool, ALL_TENANTS, async (client) => {
      const text = `select ${COLUMNS} from finance.tenants t where tenant_id > $1 order by tenant_id limit ${PAGE_MAX + 1}`
      return (await client.query<TenantRow>(text, [after])).rows
    })
    const data = rows.slice(0, PAGE_MAX)
    const hasMore = rows.length > PAGE_MAX
    response.json({ data, page: { hasMore, nextCursor: hasMore ? data.at(-1)?.tenantId : null } })
  })
  app.get('/v1/tenants/:id', caller, async (request, response) => {
    const asking = response.locals['caller'] as Caller
    const id = String(request.params['id'])
    if (asking.tenantId !== id) requireRole(asking, 'operator')
    if (!TENANT_ID.test(id)) throw new Refusal('tenant_not_found', `tenant ${id.slice(0, 80)} does not exist`)
    const rows = await inTransaction(parts.pool, id, async (client) => {
      return (
        await client.query<TenantRow>(`select ${COLUMNS} from finance.tenants t where tenant_id = $1`, [id])
      ).rows
    })
    const [tenant] = rows
    if (!tenant) throw new Refusal('tenant_not_found', `tenant ${id} does not exist`)
    response.set('ETag', `"${tenant.version}"`).json(tenant)
  })
}
