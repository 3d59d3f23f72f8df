/**
 * Puts the companies where the sinks would have put them, by the sinks' own code: facts as rows of event_log, by their
 * mapping and their insert, in chunks of their size; figures into Redis by their script. What comes before a sink (commands,
 * Kafka, the fold) is left out: it is not what is measured.
 * W1: all tenants grow together, a slice of each in every chunk, as from a log. W2: rows have a partition that no topic has,
 * so the sink of a running stack never takes them for its own. W3: facts that are there already, to the last one, are kept.
 */
import { randomUUID } from 'node:crypto'
import { openStore, type Row } from '../../../sinks/clickhouse/client.ts'
import { factRow } from '../../../sinks/clickhouse/facts-mapping.ts'
import { keysOf } from '../../../sinks/redis/contract.ts'
import { fieldOf, type Operation } from '../../../sinks/redis/mapping.ts'
import { RedisServer } from '../../../sinks/redis/server.ts'
import { applyCall } from '../../../sinks/redis/writer.ts'
import type { Company } from './documents.ts'
import { eventsOf } from './events.ts'
import { liveOf } from './figures.ts'

const TABLE = 'finance.event_log'
/** W2. */
const PARTITION = 65_000
const CHUNK_ROWS = 10_000
/** Chunks under way at once: one is written while the next is made. */
const AT_ONCE = 2
const RETRY_MS = 10_000

export interface Stores {
  readonly clickhouseUrl: string
  readonly clickhouseUser: string
  readonly clickhousePassword: string
  readonly redisUrl: string
}

export interface Written {
  readonly facts: number
  readonly seconds: number
  /** They were there from a run before. */
  readonly kept: boolean
}

/** W1. Rows of all tenants, in as many rounds as there are chunks. */
function* rowsOf(all: readonly Company[], facts: number, appendedAt: number): Generator<Row> {
  const rounds = Math.max(1, Math.ceil(facts / CHUNK_ROWS))
  const logs = all.map((company) => ({ events: eventsOf(company), size: sizeOf(company), said: 0 }))
  let offset = 0
  for (let round = 1; round <= rounds; round++)
    for (const log of logs)
      for (const until = Math.floor((log.size * round) / rounds); log.said < until; log.said++) {
        const { value, done } = log.events.next()
        if (done) throw new Error('a company has fewer events than were counted')
        const record = { topic: 'bench', partition: PARTITION, offset: offset++, timestamp: appendedAt }
        yield factRow(value, { ...record, key: null, value: null, headers: {} }, 1)
      }
}

const sizes = new WeakMap<Company, number>()
/** Events of a company. */
function sizeOf(company: Company): number {
  let size = sizes.get(company)
  if (size === undefined) {
    const masters = eventsOf({ ...company, documents: [] })
    size = [...masters].length + 2 * company.documents.length
    sizes.set(company, size)
  }
  return size
}

export async function writeFacts(stores: Stores, all: readonly Company[]): Promise<Written> {
  const started = performance.now()
  const { clickhouseUrl: url, clickhouseUser: username, clickhousePassword: password } = stores
  const store = openStore({ url, username, password, timeoutMs: 120_000 })
  try {
    const facts = all.reduce((sum, company) => sum + sizeOf(company), 0)
    const seconds = () => Math.round((performance.now() - started) / 100) / 10
    const there = await store.query<{ tenant: string; n: number }>(
      `SELECT tenant_id AS tenant, toUInt32(count()) AS n FROM ${TABLE} WHERE tenant_id IN {tenants:Array(String)} GROUP BY tenant_id`,
      { tenants: all.map(({ tenant }) => tenant) },
    )
    const counts = new Map(there.map(({ tenant, n }) => [tenant, n]))
    // W3.
    if (all.every((company) => counts.get(company.tenant) === sizeOf(company)))
      return { facts, seconds: seconds(), kept: true }
    if (there.length > 0)
      throw new Error(
        `${there.length} of these tenants have facts, but not all of theirs (a run was cut off): use a fresh --data folder, or another --events`,
      )
    const under = new Set<Promise<void>>()
    let chunk: Row[] = []
    const send = async () => {
      const rows = chunk
      chunk = []
      const insert = store
        .insert({ table: TABLE, rows, token: randomUUID() })
        .finally(() => under.delete(insert))
      under.add(insert)
      if (under.size >= AT_ONCE) await Promise.race(under)
    }
    for (const row of rowsOf(all, facts, Date.now())) {
      chunk.push(row)
      if (chunk.length === CHUNK_ROWS) await send()
    }
    if (chunk.length > 0) await send()
    await Promise.all(under)
    return { facts, seconds: seconds(), kept: false }
  } finally {
    await store.close()
  }
}

/** Writes the live figures of all, and declares them whole, as the sink does after a rebuild. */
export async function writeFigures(stores: Stores, all: readonly Company[], today: number): Promise<void> {
  const server = new RedisServer({ url: stores.redisUrl })
  try {
    const runId = await retrying(() => server.runId())
    const logTime = Date.now()
    for (const company of all) {
      const { tenant } = company
      const { kpi, aging } = liveOf(company, today, logTime)
      const operations: Operation[] = [
        { kind: 'kpi', tenantId: tenant, result: kpi },
        { kind: 'aging', tenantId: tenant, field: fieldOf('aging', ''), offset: 0, result: aging },
      ]
      const { keys, given } = applyCall(keysOf(tenant), operations, '')
      const { seqEpoch } = await retrying(() => server.apply(keys, given))
      if (!(await retrying(() => server.markWhole(keysOf(tenant), seqEpoch, runId))))
        throw new Error(`the sequence of ${tenant} moved while it was written: is another run under way?`)
    }
  } finally {
    server.close()
  }
}

/** The server's own way: a call that fails is made again, and writing the same twice changes nothing. */
async function retrying<T>(call: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + RETRY_MS
  for (;;)
    try {
      return await call()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
}
