/**
 * Owns saying whether a database is what the migrations promise: what must be true before they run, and after.
 * S1: a table of tenants' rows has row security, forced, and a policy that goes by app.current_tenant. S2: what is
 *     append-only can't be changed by any role of the services, nor by its owner. S3: no role of the services is above
 *     row security. S4: what code and queries rely on is there: tables, views, indexes, constraints, grants.
 */
import type pg from 'pg'

/** Views that see as their caller (security_invoker) came with it. */
const SERVER_VERSION_MIN = 150_000

const TABLES = [
  'event_store',
  'outbox',
  'aggregates',
  'business_numbers',
  'counters',
  'allocations',
  'idempotency_keys',
  'journal_lines',
]
const VIEWS = [
  'tenants',
  'customers',
  'invoices',
  'payments',
  'expenses',
  'chart_of_accounts',
  'journal_entries',
  'account_balances',
]
const INDEXES = [
  'idx_event_aggregate',
  'idx_event_tenant',
  'idx_allocations_target',
  'idx_idempotency_age',
  'idx_invoice_tenant_date',
  'idx_payment_tenant_status',
  'idx_journal_tenant_date',
  'idx_journal_account',
  'idx_account_code',
  'idx_event_import',
]
const APPEND_ONLY = ['event_store', 'journal_lines']
const ROLES = ['nikash_writer', 'nikash_reader']
/** Rights of the roles: [role, table, rights it has]; of these tables it has no others. */
const RIGHTS: readonly (readonly [string, string, string])[] = [
  ['nikash_writer', 'event_store', 'INSERT SELECT'],
  ['nikash_writer', 'journal_lines', 'INSERT SELECT'],
  ['nikash_writer', 'business_numbers', 'DELETE INSERT SELECT'],
  ['nikash_writer', 'outbox', 'DELETE INSERT SELECT'],
  ['nikash_writer', 'idempotency_keys', 'DELETE INSERT SELECT'],
  ['nikash_writer', 'aggregates', 'INSERT SELECT UPDATE'],
  ['nikash_writer', 'counters', 'INSERT SELECT UPDATE'],
  ['nikash_writer', 'allocations', 'INSERT SELECT UPDATE'],
  ['nikash_reader', 'event_store', 'SELECT'],
  ['nikash_reader', 'journal_lines', 'SELECT'],
  ['nikash_reader', 'aggregates', 'SELECT'],
  ['nikash_reader', 'allocations', 'SELECT'],
  ['nikash_reader', 'outbox', ''],
  ['nikash_reader', 'idempotency_keys', ''],
]

type Query = Pick<pg.ClientBase, 'query'>

const names = async (client: Query, text: string): Promise<readonly string[]> =>
  (await client.query<{ name: string }>(text)).rows.map((row) => row.name)

const missing = (kind: string, wanted: readonly string[], found: readonly string[]): readonly string[] =>
  wanted.filter((one) => !found.includes(one)).map((one) => `${kind} finance.${one} is missing`)

/** Why the migrations must not run; empty = they may. `known` = names of the migrations of this code. */
export async function findingsBefore(client: Query, known: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ version: number; database: string }>(
    "select current_setting('server_version_num')::integer as version, current_database() as database",
  )
  const version = rows[0]?.version ?? 0
  const applied = await appliedMigrations(client)
  return [
    ...(version < SERVER_VERSION_MIN ? [`the server is older than PostgreSQL 15 (${version})`] : []),
    ...applied
      .filter((name) => !known.includes(name))
      .map((name) => `migration ${name} was applied by newer code: start that, or restore a backup`),
  ]
}

async function appliedMigrations(client: Query): Promise<readonly string[]> {
  const there =
    "select to_regclass('finance_meta.migrations')::text as name where to_regclass('finance_meta.migrations') is not null"
  if ((await names(client, there)).length === 0) return []
  return names(client, 'select name from finance_meta.migrations order by id')
}

/** What of S1 to S4 is not so; empty = all is as it should be. */
export async function findingsAfter(client: Query): Promise<readonly string[]> {
  const tables = await names(
    client,
    "select relname as name from pg_class where relnamespace = 'finance'::regnamespace and relkind in ('r', 'p')",
  )
  const views = await names(
    client,
    `select relname as name from pg_class where relnamespace = 'finance'::regnamespace and relkind = 'v'
       and 'security_invoker=true' = any(reloptions)`,
  )
  const indexes = await names(
    client,
    `select c.relname as name from pg_class c join pg_index i on i.indexrelid = c.oid
     where c.relnamespace = 'finance'::regnamespace and i.indisvalid`,
  )
  return [
    ...missing('table', TABLES, tables),
    ...missing('view', VIEWS, views),
    ...missing('index', INDEXES, indexes),
    ...(await unguarded(client)),
    ...(await changeable(client)),
    ...(await tooMighty(client)),
    ...(await otherRights(client)),
    ...(await names(
      client,
      `select 'constraint ' || conname || ' of ' || conrelid::regclass || ' was never checked' as name
       from pg_constraint where connamespace = 'finance'::regnamespace and not convalidated`,
    )),
  ]
}

/** S1, of every table that has a tenant_id. */
const unguarded = (client: Query): Promise<readonly string[]> =>
  names(
    client,
    `select 'table ' || c.oid::regclass || ' shows tenants to each other: row security is not forced, or goes by no tenant' as name
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
     where c.relnamespace = 'finance'::regnamespace and c.relkind in ('r', 'p')
       and not (c.relrowsecurity and c.relforcerowsecurity and exists (
         select from pg_policy p where p.polrelid = c.oid and p.polcmd = '*'
           and pg_get_expr(p.polqual, p.polrelid) like '%tenant_id = current_setting(''app.current_tenant''%'))`,
  )

/** S2 */
const changeable = (client: Query): Promise<readonly string[]> =>
  names(
    client,
    `select 'table finance.' || t || ' can be changed: a trigger that refuses it is missing or off' as name
     from unnest(array['${APPEND_ONLY.join("', '")}']) as t
     where (select count(*) from pg_trigger g where g.tgrelid = to_regclass('finance.' || t) and g.tgenabled in ('O', 'A')
            and not g.tgisinternal and (g.tgtype & 2) <> 0 and (g.tgtype & (8 | 16 | 32)) <> 0) < 2`,
  )

/** S3 */
const tooMighty = (client: Query): Promise<readonly string[]> =>
  names(
    client,
    `select 'role ' || r || case when p.rolname is null then ' is missing' else ' is above row security' end as name
     from unnest(array['${ROLES.join("', '")}']) as r left join pg_roles p on p.rolname = r
     where p.rolname is null or p.rolsuper or p.rolbypassrls`,
  )

/** S4 */
async function otherRights(client: Query): Promise<readonly string[]> {
  const { rows } = await client.query<{ role: string; table: string; rights: string }>(
    `select g.grantee as role, g.table_name as table, string_agg(g.privilege_type, ' ' order by g.privilege_type) as rights
     from information_schema.role_table_grants g
     where g.table_schema = 'finance' and g.grantee = any($1) group by 1, 2`,
    [ROLES],
  )
  const has = new Map(rows.map(({ role, table, rights }) => [`${role} ${table}`, rights]))
  return RIGHTS.flatMap(([role, table, wanted]) => {
    const rights = has.get(`${role} ${table}`) ?? ''
    if (rights === wanted) return []
    return [`role ${role} may ${rights || 'nothing'} on finance.${table}, but should ${wanted || 'nothing'}`]
  })
}
