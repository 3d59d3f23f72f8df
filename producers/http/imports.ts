/**
 * Owns what is asked about imports: which there were, what one of them created and how that is now, and which of many
 * references are not there. An import is the events that carry its id as correlation and as actor (import:ID); taking it
 * back is events of actor import-undo:ID. Refuses: any memory of its own.
 */
import { type Express, json, type RequestHandler } from 'express'
import type pg from 'pg'
import { z } from 'zod'
import { externalId } from '../kernel/fields.ts'
import { inTransaction } from '../event-store/database.ts'
import { Refusal } from '../kernel/errors.ts'
import type { Caller } from './auth.ts'
import { IMPORT_ID } from './import-batches.ts'
import { parseBody } from './request.ts'

const PAGE_MAX = 200
const REFERENCES_MAX = 500
const REFERENCES_BYTES_MAX = '256kb'

/** As the index idx_event_import says it. */
const OF_IMPORTS = `tenant_id = $1 and metadata->>'actor' like 'import%' and metadata->>'correlationId' is not null`

const SUMMARY = `select metadata->>'correlationId' as "importId", min(recorded_at) as "firstAt", max(recorded_at) as "lastAt",
    count(*) filter (where metadata->>'actor' like 'import:%')::integer as events,
    count(*) filter (where metadata->>'actor' like 'import-undo:%')::integer as undone
  from finance.event_store where ${OF_IMPORTS}`

const MASTERS = ['customer', 'vendor', 'product', 'account'] as const
/** Journal entries of their own; those of documents follow their documents. */
const DOCUMENTS = `(e.aggregate_type in ('invoice', 'payment', 'bill')
  or (e.event_type = 'JournalEntryPosted' and e.event_data->>'kind' in ('MANUAL', 'OPENING')))`

/** What the import created, newest first. */
const createdSql = (where: string, masters: boolean): string => `
  select e.position::text as position, e.aggregate_type as type, e.aggregate_id as id,
         to_char(date '1970-01-01' + coalesce(e.event_data->>'invoiceDate', e.event_data->>'paymentDate',
           e.event_data->>'billDate', e.event_data->>'entryDate')::integer, 'YYYY-MM-DD') as day,
         a.state->>'status' as status${masters ? ', a.state as state' : ''}
  from finance.event_store e
  join finance.aggregates a using (tenant_id, aggregate_type, aggregate_id)
  where ${OF_IMPORTS.replaceAll('metadata', 'e.metadata').replace('tenant_id', 'e.tenant_id')}
    and e.metadata->>'correlationId' = $2 and e.metadata->>'actor' like 'import:%' and e.version = 1
    and e.position < $3 and ${where}
  order by e.position desc limit ${PAGE_MAX + 1}`

/** How much refers to a customer or vendor that still counts. */
const PARTIES_USED = `select coalesce(state->>'customerId', state->>'vendorId') as id, count(*)::integer as n
  from finance.aggregates
  where tenant_id = $1 and aggregate_type in ('invoice', 'credit-note', 'payment', 'bill')
    and state->>'status' not in ('CANCELLED', 'FAILED', 'REVERSED')
    and coalesce(state->>'customerId', state->>'vendorId') = any($2)
  group by 1`
const STOCK_USED = `select aggregate_id as id, 1 as n from finance.aggregates
  where tenant_id = $1 and aggregate_type = 'stock' and aggregate_id = any($2)`
/** An account with a balance, though its import's entries are reversed. */
const ACCOUNTS_USED = `select account_id as id, 1 as n from finance.journal_lines
  where tenant_id = $1 and account_id = any($2) group by 1 having sum(debit) <> sum(credit)`

const USED = { customer: PARTIES_USED, vendor: PARTIES_USED, product: STOCK_USED, account: ACCOUNTS_USED }

interface CreatedRow {
  readonly position: string
  readonly type: string
  readonly id: string
  readonly day: string | null
  readonly status: string | null
  readonly state?: object
}

export const importReferences = z.strictObject({
  references: z.array(z.strictObject({ type: z.enum(MASTERS), id: externalId })).max(REFERENCES_MAX),
})

const MISSING = `select r.type, r.id from unnest($2::text[], $3::text[]) as r(type, id)
  where not exists (select from finance.aggregates a where a.tenant_id = $1 and a.aggregate_type = r.type
    and a.aggregate_id = r.id)
  and not exists (select from finance.aggregates a where a.tenant_id = $1 and a.aggregate_type = 'account'
    and r.type = 'account' and a.state->>'code' = r.id)`

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

export function importReads(
  app: Express,
  parts: { readonly pool: pg.Pool; readonly caller: RequestHandler },
): void {
  const { pool, caller } = parts
  const tenantOf = (locals: Record<string, unknown>): string => (locals['caller'] as Caller).tenantId

  app.get('/v1/imports', caller, async (request, response) => {
    const tenant = tenantOf(response.locals)
    const after = text(request.query['cursor']) ?? ''
    const rows = await inTransaction(pool, tenant, async (client) => {
      const sql = `${SUMMARY} and metadata->>'correlationId' > $2 group by 1 order by 1 limit ${PAGE_MAX + 1}`
      return (await client.query<{ importId: string }>(sql, [tenant, after])).rows
    })
    response.json(paged(rows, (row) => row.importId))
  })

  app.get('/v1/imports/:id', caller, async (request, response) => {
    const tenant = tenantOf(response.locals)
    const id = importIdOf(request.params['id'])
    const rows = await inTransaction(pool, tenant, async (client) => {
      return (await client.query(`${SUMMARY} and metadata->>'correlationId' = $2 group by 1`, [tenant, id]))
        .rows
    })
    if (!rows[0]) throw notFound(id)
    response.json(rows[0])
  })

  app.get('/v1/imports/:id/created', caller, async (request, response) => {
    const tenant = tenantOf(response.locals)
    const id = importIdOf(request.params['id'])
    const masters = text(request.query['part']) === 'masters'
    const cursor = text(request.query['cursor']) ?? ''
    const before = /^\d{1,18}$/.test(cursor) ? cursor : '9223372036854775807'
    const where = masters ? `e.aggregate_type in ('${MASTERS.join("', '")}')` : DOCUMENTS
    const page = await inTransaction(pool, tenant, async (client) => {
      const { rows } = await client.query<CreatedRow>(createdSql(where, masters), [tenant, id, before])
      const { data, page: next } = paged(rows, (row) => row.position)
      return { data: masters ? await withUse(client, tenant, data) : data, page: next }
    })
    response.json({ ...page, data: page.data.map((row) => ({ ...row, position: Number(row.position) })) })
  })

  app.post(
    '/v1/imports/references',
    caller,
    json({ limit: REFERENCES_BYTES_MAX }),
    async (request, response) => {
      const tenant = tenantOf(response.locals)
      const { references: asked } = parseBody(importReferences, request.body)
      const missing = await inTransaction(pool, tenant, async (client) => {
        const known = await client.query('select from finance.tenants where tenant_id = $1', [tenant])
        if (known.rowCount === 0) throw new Refusal('tenant_not_found', `tenant ${tenant} does not exist`)
        const values = [tenant, asked.map(({ type }) => type), asked.map(({ id }) => id)]
        return (await client.query(MISSING, values)).rows
      })
      response.json({ missing })
    },
  )
}

const notFound = (id: string): Refusal =>
  new Refusal('import_not_found', `there is no import ${id}: ./nikash import list shows those there are`)

function importIdOf(id: unknown): string {
  if (typeof id === 'string' && IMPORT_ID.test(id)) return id
  throw notFound(String(id).slice(0, 80))
}

function paged<R>(rows: readonly R[], cursorOf: (row: R) => string) {
  const data = rows.slice(0, PAGE_MAX)
  const last = data.at(-1)
  const hasMore = rows.length > PAGE_MAX
  return { data, page: { hasMore, nextCursor: hasMore && last !== undefined ? cursorOf(last) : null } }
}

async function withUse(
  client: pg.PoolClient,
  tenant: string,
  rows: readonly CreatedRow[],
): Promise<readonly (CreatedRow & { readonly usedBy: number })[]> {
  const used = new Map<string, number>()
  for (const type of MASTERS) {
    const ids = rows.filter((row) => row.type === type).map((row) => row.id)
    if (ids.length === 0) continue
    const found = await client.query<{ id: string; n: number }>(USED[type], [tenant, ids])
    for (const { id, n } of found.rows) used.set(`${type} ${id}`, n)
  }
  return rows.map((row) => ({ ...row, usedBy: used.get(`${row.type} ${row.id}`) ?? 0 }))
}
