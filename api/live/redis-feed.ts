/**
 * The feed in Redis: snapshots by one script, news by XREAD BLOCK on a connection of its own. Owns both connections'
 * use, not their life. Refuses to resume after a lost connection: what was read may not be what is there (X1).
 *
 * X1  an interrupted read ends all rooms: a restarted server may have lost a tail and given its numbers away again.
 * X2  a tenant that is followed while a read is blocked gets into the next read at once (CLIENT UNBLOCK).
 */
import type { Redis } from 'ioredis'
import type { Log } from '../../platform/log.ts'
import {
  type AgingDelta,
  type AgingValue,
  type AlertsDelta,
  isReset,
  type KpiDelta,
  keysOf,
  parseAlerts,
  parseFeedEntry,
  parseKpiWindow,
  parseSequences,
  TOTAL_FIELD,
} from '../../sinks/redis/contract.ts'
import { WINDOWS } from '../../schemas/rules/windows.ts'
import {
  type Body,
  type FeedEntry,
  type FeedListener,
  type FeedSource,
  identityOf,
  type KpiWindow,
  NO_EPOCH,
  NO_SEQUENCES,
  type Snapshot,
  type Standing,
} from './feed.ts'

/** Above this many customers, or vendors, a snapshot has their total alone. */
const SNAPSHOT_CUSTOMERS_MAX = 500
const BLOCK_MS = 1_000
const READ_COUNT = 200
const RETRY_MS = 250
const HISTORY_PAGE = 100
const HISTORY_CHARS_MAX = 4_194_304
const UNBLOCK_TRIES_MAX = 5
const UNBLOCK_RETRY_MS = 10

/** KEYS: seq, feed, sync, aging, payables, alerts, then one per window. ARGV: most customers, field of the total. Reads only. */
const SNAPSHOT_SCRIPT = `
local out = { redis.call('HGETALL', KEYS[1]) }
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
out[2] = last[1] and last[1][1] or '0-0'
out[3] = redis.call('GET', KEYS[3]) or ''
for i = 4, 5 do
  local fields = redis.call('HLEN', KEYS[i])
  out[#out + 1] = fields
  if fields > tonumber(ARGV[1]) + 1 then
    local total = redis.call('HGET', KEYS[i], ARGV[2])
    out[#out + 1] = total and { ARGV[2], total } or {}
  else
    out[#out + 1] = redis.call('HGETALL', KEYS[i])
  end
end
for i = 6, #KEYS do out[#out + 1] = redis.call('HGETALL', KEYS[i]) end
return out`

type ScriptReply = [string[], string, string, number, string[], number, string[], string[], ...string[][]]
type StreamReply = [key: string, entries: [id: string, fields: string[] | null][]][]

const asHash = (flat: readonly string[] | undefined): Record<string, string> => {
  const hash: Record<string, string> = {}
  for (let i = 0; i + 1 < (flat?.length ?? 0); i += 2) hash[flat?.[i] ?? ''] = flat?.[i + 1] ?? ''
  return hash
}

const bodyOf = (data: KpiDelta | AgingDelta | AlertsDelta): Body => {
  if ('windows' in data) return { kpis: data.windows }
  return 'alerts' in data ? { alerts: data.alerts } : agingBody(data)
}

/** Slices of a side of which none changed are left out. */
const agingBody = ({ slices, payables }: AgingDelta): Body => ({
  ...(payables !== undefined && Object.keys(slices).length === 0 ? {} : { aging: slices }),
  ...(payables === undefined ? {} : { payables }),
})

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export function entryOf(fields: readonly string[]): FeedEntry | undefined {
  const entry = parseFeedEntry(fields)
  if (entry === null) return undefined
  const { channel, seq, epoch, data } = entry
  let body: Body | undefined
  if (!isReset(data)) body = bodyOf(data)
  return { channel, seq, epoch, body }
}

export class RedisFeed implements FeedSource {
  private readonly commands: Redis
  private readonly blocking: Redis
  private readonly runId: () => string
  private readonly log: Log
  private readonly cursors = new Map<string, string>()
  private listener: FeedListener | undefined
  private wake: (() => void) | undefined
  private reads = 0
  private blockingId: number | undefined
  private stopped = false
  private running: Promise<void> | undefined

  /** `runId`: the run id of the server that `commands` is connected to. */
  constructor(options: { commands: Redis; blocking: Redis; runId: () => string; log: Log }) {
    this.commands = options.commands
    this.blocking = options.blocking
    this.runId = options.runId
    this.log = options.log
  }

  start(listener: FeedListener): void {
    this.listener = listener
    this.blocking.on('ready', this.learnId)
    if (this.blocking.status === 'ready') this.learnId()
    this.running ??= this.run()
  }

  /** Resolves when the read in flight is over; the owner then closes the connections. */
  async stop(): Promise<void> {
    this.stopped = true
    this.blocking.off('ready', this.learnId)
    this.wake?.()
    this.blocking.disconnect()
    await this.running
  }

  /** Asked as soon as the connection is ready: it can't be while a read blocks. */
  private readonly learnId = (): void => {
    this.blockingId = undefined
    this.blocking.client('ID').then(
      (id) => {
        this.blockingId = id
      },
      (error: unknown) => this.log.debug({ err: error }, 'the blocking connection did not tell its id'),
    )
  }

  follow(tenant: string, lastId: string): void {
    this.cursors.set(tenant, lastId)
    if (this.wake) this.wake()
    else void this.unblock()
  }

  unfollow(tenant: string): void {
    this.cursors.delete(tenant)
  }

  async snapshot(tenant: string): Promise<Snapshot> {
    const run = this.knownRun()
    const keys = keysOf(tenant)
    const windowKeys = WINDOWS.map((window) => keys.kpi(window))
    const all = [keys.seq, keys.feed, keys.sync, keys.aging, keys.payables, keys.alerts, ...windowKeys]
    const reply = (await this.commands.eval(
      SNAPSHOT_SCRIPT,
      all.length,
      ...all,
      SNAPSHOT_CUSTOMERS_MAX,
      TOTAL_FIELD,
    )) as ScriptReply
    const [seq, lastId, sync, agingFields, agingFlat, payableFields, payablesFlat, alerts, ...windows] = reply
    const sequences = parseSequences(asHash(seq))
    const body = bodyOfHashes(
      { receivables: asHash(agingFlat), payables: asHash(payablesFlat), alerts: asHash(alerts) },
      windows.map(asHash),
    )
    const { kpis, ...slices } = body
    const known = Object.keys(kpis ?? {}).length > 0 || Object.keys(slices).length > 0
    return {
      epoch: sequences?.epoch ?? NO_EPOCH,
      run,
      seqs: sequences?.last ?? NO_SEQUENCES,
      lastId,
      state: !known ? 'empty' : sync === run ? 'whole' : 'rebuilding',
      body,
      customersOmitted: agingFields > SNAPSHOT_CUSTOMERS_MAX + 1,
      vendorsOmitted: payableFields > SNAPSHOT_CUSTOMERS_MAX + 1,
    }
  }

  async history(tenant: string): Promise<readonly FeedEntry[]> {
    const { feed } = keysOf(tenant)
    const found: FeedEntry[] = []
    let chars = 0
    let before = '+'
    for (;;) {
      const page = await this.commands.xrevrange(feed, before, '-', 'COUNT', HISTORY_PAGE)
      for (const [id, fields] of page) {
        before = `(${id}`
        for (const text of fields) chars += text.length
        const entry = entryOf(fields)
        if (entry) found.push(entry)
      }
      if (page.length < HISTORY_PAGE || chars > HISTORY_CHARS_MAX) return found.reverse()
    }
  }

  async standings(tenants: readonly string[]): Promise<ReadonlyMap<string, Standing>> {
    const run = this.knownRun()
    const pipeline = this.commands.pipeline()
    for (const tenant of tenants) {
      const keys = keysOf(tenant)
      pipeline.hget(keys.seq, 'epoch').get(keys.sync)
    }
    const replies = (await pipeline.exec()) ?? []
    const standings = new Map<string, Standing>()
    tenants.forEach((tenant, i) => {
      const [epochError, epoch] = replies[i * 2] ?? [new Error('no reply')]
      const [syncError, sync] = replies[i * 2 + 1] ?? [new Error('no reply')]
      if (epochError) throw epochError
      if (syncError) throw syncError
      const identity = identityOf({ epoch: typeof epoch === 'string' ? epoch : NO_EPOCH, run })
      standings.set(tenant, { identity, whole: sync === run })
    })
    return standings
  }

  /** Without it nobody can say whether a history goes on. */
  private knownRun(): string {
    const run = this.runId()
    if (run === '') throw new Error('the run id of Redis is not known yet')
    return run
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      if (this.cursors.size === 0) {
        await new Promise<void>((resolve) => {
          this.wake = resolve
        })
        this.wake = undefined
        continue
      }
      try {
        await this.readOnce()
      } catch (error) {
        if (this.stopped) return
        this.log.warn({ err: error }, 'the read of the live feeds was interrupted, subscribers start again')
        this.cursors.clear()
        this.listener?.onLost('the store of live figures was out of reach')
        await sleep(RETRY_MS)
      }
    }
  }

  private async readOnce(): Promise<void> {
    const asked = [...this.cursors]
    const tenants = new Map(asked.map(([tenant]) => [keysOf(tenant).feed, tenant]))
    const ids = asked.map(([, id]) => id)
    this.reads++
    const streams = [...tenants.keys(), ...ids]
    const reply: StreamReply | null = await this.blocking.xread(
      'COUNT',
      READ_COUNT,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      ...streams,
    )
    for (const [key, rows] of reply ?? []) {
      const tenant = tenants.get(key)
      const position = asked.find(([name]) => name === tenant)?.[1]
      // Unfollowed, or followed anew from elsewhere, while the read was under way: not for this room.
      if (tenant === undefined || this.cursors.get(tenant) !== position) continue
      const last = rows.at(-1)?.[0]
      if (last !== undefined) this.cursors.set(tenant, last)
      const entries = rows.map(([, fields]) => entryOf(fields ?? [])).filter((entry) => entry !== undefined)
      this.listener?.onEntries(tenant, entries)
    }
  }

  /** Ends the blocked read so that the loop takes up new cursors (X2). Best effort: the block itself is short. */
  private async unblock(): Promise<void> {
    const read = this.reads
    const id = this.blockingId
    if (id === undefined) return
    try {
      for (let i = 0; i < UNBLOCK_TRIES_MAX && this.reads === read && !this.stopped; i++) {
        if (Number(await this.commands.call('CLIENT', 'UNBLOCK', id)) === 1) return
        await sleep(UNBLOCK_RETRY_MS)
      }
    } catch (error) {
      this.log.debug({ err: error }, 'could not end a blocked read early')
    }
  }
}

type SliceHash = 'receivables' | 'payables' | 'alerts'

function bodyOfHashes(
  { receivables, payables, alerts }: Readonly<Record<SliceHash, Record<string, string>>>,
  windows: readonly Record<string, string>[],
): Body {
  const kpis: Record<string, KpiWindow> = {}
  windows.forEach((hash, i) => {
    const name = WINDOWS[i]
    const values = parseKpiWindow(hash)
    if (name !== undefined && values !== null) kpis[name] = values
  })
  const aging = slicesOf(receivables)
  const vendors = slicesOf(payables)
  const live = Object.keys(alerts).length > 0
  return {
    kpis,
    ...(aging ? { aging } : {}),
    ...(vendors ? { payables: vendors } : {}),
    ...(live ? { alerts: parseAlerts(alerts) } : {}),
  }
}

/** Undefined while there is no total. */
function slicesOf(hash: Record<string, string>): Record<string, AgingValue> | undefined {
  if (hash[TOTAL_FIELD] === undefined) return undefined
  return Object.fromEntries(
    Object.entries(hash).map(([field, json]) => [field, JSON.parse(json) as AgingValue]),
  )
}
