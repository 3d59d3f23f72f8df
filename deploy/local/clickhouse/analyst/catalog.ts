/**
 * Owns what of the databases an analyst can see. PURE.
 * K1: every relation of any database with a tenant column gets a row filter, whether an analyst may name it or not:
 *     views read base tables by their own names. K2: an analyst may name a relation of `finance` that has the tenant
 *     column and whose name does not start with `_` or `.`; of `system` a short list. K3: a list made before a change
 *     of the schema is not used after it (the guard's generation).
 */
export const TENANT_COLUMN = 'tenant_id'
export const ANALYST_DATABASE = 'finance'

export interface RelationRow {
  readonly database: string
  readonly name: string
  readonly hasTenant: boolean
}

const SYSTEM_TABLES = new Set([
  'one',
  'numbers',
  'numbers_mt',
  'zeros',
  'zeros_mt',
  'tables',
  'columns',
  'databases',
  'functions',
  'settings',
  'formats',
  'data_type_families',
  'table_engines',
  'table_functions',
  'aggregate_function_combinators',
  'collations',
  'time_zones',
  'keywords',
  'build_options',
  'contributors',
])
const INFORMATION_SCHEMA = new Set(['information_schema', 'INFORMATION_SCHEMA'])
const INFORMATION_VIEWS = new Set([
  'tables',
  'columns',
  'schemata',
  'views',
  'key_column_usage',
  'statistics',
])

const PLAIN_NAME = /^[A-Za-z][A-Za-z0-9_]*$/

/** What the catalogue of the engine shows of itself to an analyst. */
const CATALOGUE_FILTERS: Readonly<Record<string, string>> = {
  'system.tables': `database IN ('${ANALYST_DATABASE}', 'system', 'information_schema', 'INFORMATION_SCHEMA') AND (database != '${ANALYST_DATABASE}' OR match(name, '^[A-Za-z]'))`,
  'system.columns': `database IN ('${ANALYST_DATABASE}', 'system', 'information_schema', 'INFORMATION_SCHEMA') AND (database != '${ANALYST_DATABASE}' OR match(table, '^[A-Za-z]'))`,
  'system.databases': `name IN ('${ANALYST_DATABASE}', 'system', 'information_schema', 'INFORMATION_SCHEMA')`,
}

export class Catalog {
  readonly #databases: ReadonlySet<string>
  readonly #relations: ReadonlyMap<string, RelationRow>

  constructor(databases: readonly string[], relations: readonly RelationRow[]) {
    this.#databases = new Set(databases)
    this.#relations = new Map(relations.map((row) => [`${row.database}.${row.name}`, row]))
  }

  /** `additional_table_filters` for a tenant: relation -> condition. */
  filters(tenant: string): ReadonlyMap<string, string> {
    const condition = `${TENANT_COLUMN} = '${tenant.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`
    const filters = new Map<string, string>(Object.entries(CATALOGUE_FILTERS))
    for (const [full, row] of this.#relations) if (row.hasTenant) filters.set(full, condition)
    return filters
  }

  hasDatabase(name: string): boolean {
    return this.#databases.has(name)
  }

  /** Why an analyst may not read it; undefined when it is fine. */
  refusal(database: string, name: string): string | undefined {
    const full = `${database}.${name}`
    if (database === 'system') {
      return SYSTEM_TABLES.has(name) ? undefined : `${full} is not open to analysts`
    }
    if (INFORMATION_SCHEMA.has(database)) {
      return INFORMATION_VIEWS.has(name.toLowerCase()) ? undefined : `${full} is not open to analysts`
    }
    if (database !== ANALYST_DATABASE) {
      return `database ${database} is not open to analysts: read ${ANALYST_DATABASE}`
    }
    if (!PLAIN_NAME.test(name)) return `${full} is internal`
    const row = this.#relations.get(full)
    if (row !== undefined && !row.hasTenant) {
      return `${full} has no column ${TENANT_COLUMN}, so it can't be limited to your rows`
    }
    return undefined
  }

  /** Is there such a relation that is not known to be filtered? An unknown one the engine itself will not find. */
  known(database: string, name: string): boolean {
    return this.#relations.has(`${database}.${name}`)
  }
}
