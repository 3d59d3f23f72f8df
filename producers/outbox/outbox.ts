/**
 * Owns the relay's one session with Postgres: leadership, wake-ups, reading and emptying the outbox.
 * O1: one session holds the lock, reads and deletes; when it ends, all three end together, so that a relay which lost its
 *     leadership can't delete any more. A frozen leader's session is ended by the server (idle_session_timeout).
 * O2: a row is read until it is deleted. A transaction that took a low position and commits late is therefore never
 *     skipped; and since whoever wrote a later version of an aggregate had seen the earlier one committed, every
 *     snapshot that has the later has the earlier too, at a lower position: order by position never reorders it.
 */
import pg from 'pg'
import { ALL_TENANTS } from '../event-store/database.ts'
import type { OutboxRow } from './records.ts'
import { OUTBOX_CHANNEL } from './waker.ts'

/** Any constant that is ours: "nikash relay". */
const LOCK_ID = 7_311_420_001

const KEEP_ALIVE_MS = 4_000
/**
 * The table is empty at most times it is looked at, and has thousands of rows a moment later: what the planner knows of
 * it is wrong, and its plan, a scan of the whole table with all that was deleted since the last vacuum, cost more than
 * all else that the store does for a command. By index and in order it is always right.
 */
const PLANS = `
  set plan_cache_mode = force_generic_plan;
  set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set enable_sort = off`
export const SESSION = `
  set app.current_tenant = '${ALL_TENANTS}';
  set synchronous_commit = off;
  set idle_session_timeout = '15s'; -- KEEP_ALIVE_MS is well below
  set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3;${PLANS};
  listen ${OUTBOX_CHANNEL}`

/** $1 rows at most, $2 positions under way, $3 tenants that are stuck. */
export const READ = `
  select o.position, o.tenant_id, o.inserted_at, e.aggregate_type, e.aggregate_id, e.version, e.event_id,
         e.event_type, e.schema_version, e.event_data, e.metadata, e.occurred_at, e.recorded_at
  from finance.outbox o join finance.event_store e on e.position = o.position
  where o.position <> all($2) and o.tenant_id <> all($3)
  order by o.position limit $1`

interface Row {
  readonly position: string
  readonly tenant_id: string
  readonly aggregate_type: string
  readonly aggregate_id: string
  readonly version: string
  readonly event_id: string
  readonly event_type: string
  readonly schema_version: number
  readonly event_data: unknown
  readonly metadata: Record<string, string | null>
  readonly occurred_at: Date
  readonly recorded_at: Date
  readonly inserted_at: Date
}

const rowOf = (row: Row): OutboxRow => ({
  position: Number(row.position),
  tenantId: row.tenant_id,
  aggregateType: row.aggregate_type,
  aggregateId: row.aggregate_id,
  version: Number(row.version),
  eventId: row.event_id,
  eventType: row.event_type,
  schemaVersion: row.schema_version,
  data: row.event_data,
  metadata: row.metadata,
  occurredAtMs: row.occurred_at.getTime(),
  recordedAtMs: row.recorded_at.getTime(),
  insertedAtMs: row.inserted_at.getTime(),
})

/** What the relay needs of the store, while one session of it lasts. */
export interface OutboxSession {
  tryLead(): Promise<boolean>
  read(limit: number, underWay: readonly number[], stuck: readonly string[]): Promise<readonly OutboxRow[]>
  remove(positions: readonly number[]): Promise<void>
  wait(ms: number): Promise<void>
  wake(): void
  close(): Promise<void>
}

export class Outbox implements OutboxSession {
  readonly #client: pg.Client
  #woken = false
  #wake: () => void = () => {}
  #failure: Error | undefined
  #keepAlive: NodeJS.Timeout | undefined
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(client: pg.Client) {
    this.#client = client
    const lost = (error?: Error) => {
      this.#failure ??= error ?? new Error('the session with the store ended')
      this.#signal()
    }
    client.on('error', lost)
    client.on('end', () => lost())
    client.on('notification', () => this.#signal())
  }

  static async open(config: pg.ClientConfig): Promise<Outbox> {
    const client = new pg.Client(config)
    const outbox = new Outbox(client)
    try {
      await client.connect()
      await client.query(SESSION)
      // A send to a Kafka that is away takes long; only a process that stands still may lose its session.
      outbox.#keepAlive = setInterval(() => {
        outbox.#inTurn(() => client.query('select')).catch(() => undefined)
      }, KEEP_ALIVE_MS)
      return outbox
    } catch (error) {
      await outbox.close()
      throw error
    }
  }

  /** Statements of the one session, one after the other. */
  #inTurn<T>(statement: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(statement)
    this.#turn = mine.catch(() => undefined)
    return mine
  }

  #signal(): void {
    this.#woken = true
    this.#wake()
  }

  /** True when this session leads now. The lock ends with the session. */
  async tryLead(): Promise<boolean> {
    const text = 'select pg_try_advisory_lock($1) as led'
    const { rows } = await this.#inTurn(() => this.#client.query<{ led: boolean }>(text, [LOCK_ID]))
    return rows[0]?.led === true
  }

  /** Rows that wait, by position, without those under way and those of tenants that are stuck. */
  async read(
    limit: number,
    underWay: readonly number[],
    stuck: readonly string[],
  ): Promise<readonly OutboxRow[]> {
    this.#woken = false
    const statement = { name: 'read-outbox', text: READ, values: [limit, underWay, stuck] }
    const { rows } = await this.#inTurn(() => this.#client.query<Row>(statement))
    return rows.map(rowOf)
  }

  async remove(positions: readonly number[]): Promise<void> {
    const text = 'delete from finance.outbox where position = any($1)'
    await this.#inTurn(() => this.#client.query({ name: 'empty-outbox', text, values: [positions] }))
  }

  /** Returns at a wake-up since the last read, at the latest after `ms`. Throws when the session is over. */
  async wait(ms: number): Promise<void> {
    if (this.#failure) throw this.#failure
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    if (this.#failure) throw this.#failure
  }

  /** Ends a wait. */
  wake(): void {
    this.#signal()
  }

  async close(): Promise<void> {
    clearInterval(this.#keepAlive)
    await this.#client.end().catch(() => undefined)
  }
}
