/**
 * Owns the connections to Postgres and the only two ways to use one: as a tenant, or as the relay and operators ("*").
 * D1: what a transaction may see is said inside it (SET LOCAL), so a pooled connection carries nothing over.
 * D2: nothing waits for ever: connecting, locks, statements and idle transactions have limits.
 * D3: statements are sent without waiting for the answers of those before them, the commit too: one that fails makes all
 *     after it fail, and the commit a rollback. An error after a commit that was one says so (CommittedAnyway).
 */
import { Socket } from 'node:net'
import pg from 'pg'
import { BROADCAST_KEY } from '../../schemas/topics.ts'
import { TENANT_ID } from '../../schemas/values/ids.ts'

/** Sees what row security opens to nobody's tenant: the outbox of all, and tenants' settings. */
export const ALL_TENANTS = '*'

export interface DatabaseOptions {
  readonly url: string
  readonly connectionsMax: number
  readonly applicationName: string
}

export const clientConfig = (options: Omit<DatabaseOptions, 'connectionsMax'>): pg.ClientConfig => ({
  connectionString: options.url,
  application_name: options.applicationName,
  connectionTimeoutMillis: 5_000,
  statement_timeout: 10_000,
  lock_timeout: 5_000,
  idle_in_transaction_session_timeout: 15_000,
  query_timeout: 15_000,
  keepAlive: true,
})

/** Sends what one turn writes at once: a transaction's statements are one packet, not one each. */
class GatheringSocket extends Socket {
  #gathers = false

  override write(...args: unknown[]): boolean {
    if (!this.#gathers) {
      this.#gathers = true
      this.cork()
      process.nextTick(() => {
        this.#gathers = false
        this.uncork()
      })
    }
    return (super.write as (...args: unknown[]) => boolean)(...args)
  }
}

/**
 * Every table is looked up by key here: one plan for all values is right, also while the tables are young and have no
 * statistics, and planning took a third of the store's time.
 */
const PLANS = '-c plan_cache_mode=force_generic_plan'

export function openPool(options: DatabaseOptions, onError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(options),
    options: PLANS,
    pipeline: true,
    stream: () => new GatheringSocket(),
    max: options.connectionsMax,
    idleTimeoutMillis: 60_000,
  })
  pool.on('error', onError)
  return pool
}

const scopeOf = (tenant: string): string => {
  if (tenant !== ALL_TENANTS && tenant !== BROADCAST_KEY && !TENANT_ID.test(tenant)) {
    throw new RangeError(`not a tenant id: ${JSON.stringify(tenant.slice(0, 80))}`)
  }
  return tenant
}

/** One statement, so that a transaction costs one round trip to begin. The tenant's form admits no quote. */
export const beginAs = (tenant: string): string =>
  `begin; set local app.current_tenant = '${scopeOf(tenant)}'`

/** What was done is stored, but its result can't be told: nothing may be tried again. */
export class CommittedAnyway extends Error {
  override readonly name = 'CommittedAnyway'
}

/**
 * Runs `work` in one transaction as a tenant; a connection that failed is not used again. `work` may send the commit
 * right behind its last statement.
 */
export async function inTransaction<T>(
  pool: pg.Pool,
  tenant: string,
  work: (client: pg.PoolClient, commit: () => void) => Promise<T>,
): Promise<T> {
  const begin = beginAs(tenant)
  const client = await pool.connect()
  let broken: Error | undefined
  let ending: Promise<pg.QueryResult> | undefined
  const commit = (): Promise<pg.QueryResult> => (ending ??= handled(client.query('commit')))
  try {
    const begun = handled(client.query(begin))
    const result = await work(client, () => void commit())
    await begun
    const { command } = await commit()
    if (command !== 'COMMIT') throw new Error('the store rolled the transaction back')
    return result
  } catch (error) {
    const end = await (ending ?? client.query('rollback')).catch((cause: unknown) => {
      broken = cause instanceof Error ? cause : new Error(String(cause))
    })
    if (end?.command === 'COMMIT')
      throw new CommittedAnyway('the transaction was committed', { cause: error })
    throw error
  } finally {
    client.release(broken)
  }
}

/** Awaited later, or not at all when something before it failed: never an unhandled rejection. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

const NETWORK = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH'])
/** What the driver says, without a code, when the connection or the pool gives up. */
const DRIVER =
  /Connection terminated|Client has encountered a connection error|timeout exceeded|read timeout|Client was closed/i

/** SQLSTATE of a Postgres error, where it is one. */
export const sqlState = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !NETWORK.has(code) ? code : undefined
}

/** Another transaction was first (unique key, serialization, deadlock, lock timeout): worth another try. */
export const isRace = (error: unknown): boolean =>
  ['23505', '40001', '40P01', '55P03'].includes(sqlState(error) ?? '')

/** The store does not answer (as opposed to: it refused a statement). The command may be sent again. */
export function isOutage(error: unknown): boolean {
  const state = sqlState(error)
  if (state !== undefined) return /^(?:08|25P03|53|57|58)/.test(state)
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  return NETWORK.has(String(code)) || DRIVER.test(String(message))
}
