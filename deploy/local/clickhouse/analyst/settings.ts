/**
 * Owns which settings an analyst's connection has: the limits, those the client asked for, and last the ones that make
 * it safe, which nobody can change after `readonly=1`. PURE.
 * S1: only names on the list are taken from a client, the rest is refused as a real server does for a read-only user.
 * S2: a limit can be lowered and never raised. S3: nothing that reorders conditions stays on: a condition of the query
 *     must not see rows before the row filter has dropped them (an error message could show them).
 */
import { readonlyMode } from '../errors.ts'
import type { Catalog } from './catalog.ts'

const FREE =
  /^(output_format_(?!.*(schema|path|file|template))\w+|date_time_(in|out)put_format|cast_string_to_dynamic_use_inference|session_timezone|join_use_nulls|union_default_mode|max_block_size|extremes|aggregate_functions_null_for_empty|prefer_column_name_to_alias|group_by_use_nulls|decimal_check_overflow|use_client_time_zone|format_csv_delimiter|bool_(true|false)_representation|format_csv_null_representation|format_tsv_null_representation|optimize_read_in_order|cancel_http_.*|short_circuit_function_evaluation)$/

/** Name -> largest value; 0 asks for no limit and gets the largest. */
const LIMITS: Readonly<Record<string, number>> = {
  max_execution_time: 30,
  max_result_rows: 1_000_000,
  max_result_bytes: 48 * 1024 * 1024,
  max_memory_usage: 400 * 1024 * 1024,
  max_rows_to_read: 1_000_000_000,
  max_threads: 2,
  max_ast_elements: 50_000,
}

const RESULT_OVERFLOW = new Set(['throw', 'break'])

export interface AnalystAsk {
  readonly tenant: string
  readonly settings: ReadonlyMap<string, string>
  readonly parameters: ReadonlyMap<string, string>
  readonly catalog: Catalog
}

const quoted = (text: string): string => `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`

export function analystSettings({
  tenant,
  settings,
  parameters,
  catalog,
}: AnalystAsk): Record<string, string> {
  const asked: Record<string, string> = {}
  const limits: Record<string, string> = {}
  for (const [name, max] of Object.entries(LIMITS)) limits[name] = String(max)
  for (const [name, value] of settings) {
    const max = Object.hasOwn(LIMITS, name) ? LIMITS[name] : undefined
    if (max !== undefined) limits[name] = String(lowered(name, value, max))
    else if (name === 'result_overflow_mode' && RESULT_OVERFLOW.has(value)) asked[name] = value
    else if (name === 'readonly' && value !== '0') continue
    else if (FREE.test(name)) asked[name] = value
    else throw readonlyMode(`Cannot modify '${name}' setting in readonly mode`)
  }
  for (const [name, value] of parameters) asked[`param_${name}`] = value
  const filters = [...catalog.filters(tenant)].map(([table, filter]) => `${quoted(table)}: ${quoted(filter)}`)
  return {
    result_overflow_mode: 'throw',
    ...asked,
    ...limits,
    implicit_select: '0',
    dialect: 'clickhouse',
    enable_analyzer: '1',
    allow_introspection_functions: '0',
    allow_ddl: '0',
    optimize_move_to_prewhere: '0',
    query_plan_optimize_prewhere: '0',
    query_plan_merge_filters: '0',
    additional_table_filters: `{${filters.join(', ')}}`,
    readonly: '1',
  }
}

function lowered(name: string, value: string, max: number): number {
  if (!/^\d{1,15}(\.\d+)?$/.test(value)) throw readonlyMode(`${name}=${value} is not a number`)
  const number = Number(value)
  return number === 0 ? max : Math.min(number, max)
}
