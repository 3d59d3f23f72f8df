/**
 * The independent opinion on KPIs: SQL in PostgreSQL over the raw events of a tenant (kpi-oracle/facts.sql makes rows of
 * their jsonb, kpi-oracle/measures.sql the measures), for any day and for what was known at any place of the log. Shares no
 * code, no view and no store with schemas/rules, processors, sinks and api.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'

/** A measure of a window, by whoever says it. */
export interface Said {
  readonly window: string
  readonly from: string
  readonly to: string
  readonly partial: boolean
  readonly kpi: string
  readonly value: string | null
  readonly reason: string | null
  readonly previous: string | null
  readonly change: string | null
  readonly lastYear: string | null
  readonly changeLastYear: string | null
}

const FIELDS = [
  'from',
  'to',
  'partial',
  'value',
  'reason',
  'previous',
  'change',
  'lastYear',
  'changeLastYear',
] as const

/** What a list of measures says otherwise than the oracle, one line each; also what it lacks or has more. */
export function differences(expected: readonly Said[], said: readonly Said[]): readonly string[] {
  const keyOf = ({ window, kpi }: Said) => `${window} ${kpi}`
  const rest = new Map(said.map((one) => [keyOf(one), one]))
  const found: string[] = []
  for (const one of expected) {
    const other = rest.get(keyOf(one))
    rest.delete(keyOf(one))
    const differ = FIELDS.filter((field) => other?.[field] !== one[field])
    if (differ.length > 0)
      found.push(
        `${keyOf(one)}: ${differ.map((field) => `${field} ${String(other?.[field])}, not ${String(one[field])}`).join('; ')}`,
      )
  }
  return [...found, ...[...rest.keys()].map((key) => `${key}: not in the oracle`)]
}

const sqlOf = (name: string) =>
  readFileSync(path.join(import.meta.dirname, 'kpi-oracle', `${name}.sql`), 'utf8')

export class KpiOracle {
  readonly #client: pg.Client

  private constructor(client: pg.Client) {
    this.#client = client
  }

  /** Over the events that a tenant has in the store by now. */
  static async open(databaseUrl: string, tenant: string): Promise<KpiOracle> {
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    await client.query(`select set_config('app.current_tenant', $1, false)`, [tenant])
    await client.query(
      `create temp table ev as select position, event_type as type, aggregate_id as id, event_data as d
       from finance.event_store where tenant_id = current_setting('app.current_tenant')`,
    )
    await client.query(sqlOf('facts'))
    await client.query('analyze')
    // Compiling the statement takes longer than running it, and the planner takes what is between its steps for small.
    await client.query('set jit = off; set enable_nestloop = off')
    return new KpiOracle(client)
  }

  /** Every measure of every window on the day of an instant in Dhaka, by the events up to a position. */
  async at(upto: number, instantMs: number): Promise<readonly Said[]> {
    const asked = [upto, new Date(instantMs).toISOString()]
    const { rows } = await this.#client.query<Said>(sqlOf('measures'), asked)
    return rows
  }

  close(): Promise<void> {
    return this.#client.end()
  }
}
