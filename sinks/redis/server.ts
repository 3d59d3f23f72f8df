/**
 * The connection to Redis and the scripts that run there. Every call is bounded in time and fails at once while the
 * server is away: the caller tries again. Refuses: knowing Kafka.
 */
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { NikashError } from '../../platform/errors.ts'
import { parseRunId } from './contract.ts'

const APPLY = readFileSync(new URL('./apply.lua', import.meta.url), 'utf8')
const SWITCH = readFileSync(new URL('./switch.lua', import.meta.url), 'utf8')

/** KEYS position; ARGV offset expected, run id expected, offset, whole. Gives 1 when it was so, else 0. */
const ADVANCE = `
if redis.call('HGET', KEYS[1], 'offset') ~= ARGV[1] or redis.call('HGET', KEYS[1], 'runId') ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], 'offset', ARGV[3], 'whole', ARGV[4])
return 1`

/** KEYS seq, sync; ARGV epoch of the sequence, run id. */
const MARK_WHOLE = `
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[2], ARGV[2])
return 1`

/** What the store holds is not what the writer thought: it must be written anew from the topic. */
export class RedisLost extends NikashError {
  override readonly name = 'RedisLost'
  constructor(message: string) {
    super('redis_lost', message, { recover: 'rebuild-task' })
  }
}

export class RedisFailed extends NikashError {
  override readonly name = 'RedisFailed'
  constructor(what: string, cause: unknown) {
    super(
      'redis_failed',
      `Redis could not ${what}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        recover: 'retry',
        cause,
      },
    )
  }
}

export interface Applied {
  readonly lost: boolean
  /** Epoch of the tenant's sequence; empty = the tenant has none. */
  readonly seqEpoch: string
  readonly kpiSeq: number
  readonly agingSeq: number
  readonly written: number
  readonly refused: number
}

export interface Position {
  readonly offset: number
  readonly runId: string
  readonly topicId: string
  /** False while the partition is being written anew. */
  readonly whole: boolean
}

interface Scripts {
  nikashApply(keyCount: number, ...given: string[]): Promise<unknown>
  nikashAdvance(key: string, ...given: string[]): Promise<unknown>
  nikashSwitch(keyCount: number, ...given: string[]): Promise<unknown>
  nikashMarkWhole(seq: string, sync: string, ...given: string[]): Promise<unknown>
}

export interface RedisServerOptions {
  readonly url: string
  readonly timeoutMs?: number
  /** Called when the server answers again after it was away. */
  readonly onReady?: () => void
}

export class RedisServer {
  readonly #redis: Redis & Scripts

  constructor({ url, timeoutMs = 5_000, onReady }: RedisServerOptions) {
    const redis = new Redis(url, {
      commandTimeout: timeoutMs,
      connectTimeout: timeoutMs,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      retryStrategy: (times) => Math.min(50 * times, 1_000),
      connectionName: 'nikash-sink',
      lazyConnect: true,
    })
    redis.defineCommand('nikashApply', { lua: APPLY })
    redis.defineCommand('nikashSwitch', { lua: SWITCH })
    redis.defineCommand('nikashAdvance', { lua: ADVANCE, numberOfKeys: 1 })
    redis.defineCommand('nikashMarkWhole', { lua: MARK_WHOLE, numberOfKeys: 2 })
    // Every failed command is reported by its caller.
    redis.on('error', () => undefined)
    if (onReady) redis.on('ready', onReady)
    redis.connect().catch(() => undefined)
    this.#redis = redis as Redis & Scripts
  }

  async #call<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw new RedisFailed(what, cause)
    }
  }

  runId(): Promise<string> {
    return this.#call('tell its run id', async () => parseRunId(await this.#redis.info('server')))
  }

  apply(keys: readonly string[], given: readonly string[]): Promise<Applied> {
    return this.#call('apply a cut', async () => {
      const answer = (await this.#redis.nikashApply(keys.length, ...keys, ...given)) as [
        string,
        string,
        number,
        number,
        number,
        number,
      ]
      const [status, seqEpoch, kpiSeq, agingSeq, written, refused] = answer
      return { lost: status === 'lost', seqEpoch, kpiSeq, agingSeq, written, refused }
    })
  }

  position(key: string): Promise<Position | null> {
    return this.#call('read a position', async () => {
      const { offset, runId, topicId, whole } = await this.#redis.hgetall(key)
      if (offset === undefined || runId === undefined || topicId === undefined) return null
      return { offset: Number(offset), runId, topicId, whole: whole === '1' }
    })
  }

  setPosition(key: string, { offset, runId, topicId, whole }: Position): Promise<void> {
    return this.#call('write a position', async () => {
      await this.#redis.hset(key, { offset, runId, topicId, whole: whole ? '1' : '0' })
    })
  }

  /** False: the position is not what it was. */
  advance(
    key: string,
    from: { offset: number; runId: string },
    to: { offset: number; whole: boolean },
  ): Promise<boolean> {
    return this.#call('move a position', async () => {
      const given = [String(from.offset), from.runId, String(to.offset), to.whole ? '1' : '0']
      return (await this.#redis.nikashAdvance(key, ...given)) === 1
    })
  }

  /** False: the tenant's sequence is not the one that was written. */
  markWhole(keys: { seq: string; sync: string }, seqEpoch: string, runId: string): Promise<boolean> {
    return this.#call('mark a tenant whole', async () => {
      return (await this.#redis.nikashMarkWhole(keys.seq, keys.sync, seqEpoch, runId)) === 1
    })
  }

  /** Of a rebuild: a tenant's new values take the place of the live ones. */
  switchTenant(keys: readonly string[], given: readonly string[]): Promise<number> {
    return this.#call('switch a tenant', async () =>
      Number(await this.#redis.nikashSwitch(keys.length, ...keys, ...given)),
    )
  }

  text(key: string): Promise<string | null> {
    return this.#call('read a key', () => this.#redis.get(key))
  }

  setText(key: string, value: string): Promise<void> {
    return this.#call('write a key', async () => {
      await this.#redis.set(key, value)
    })
  }

  addTo(set: string, members: readonly string[]): Promise<void> {
    return this.#call('add to a set', async () => {
      if (members.length > 0) await this.#redis.sadd(set, ...members)
    })
  }

  membersOf(set: string): Promise<string[]> {
    return this.#call('read a set', () => this.#redis.smembers(set))
  }

  /** One by one: keys of several tenants are in several slots. */
  forget(keys: readonly string[]): Promise<void> {
    return this.#call('delete keys', async () => {
      for (const key of keys) await this.#redis.unlink(key)
    })
  }

  async ping(): Promise<void> {
    await this.#call('answer PING', () => this.#redis.ping())
  }

  close(): void {
    this.#redis.disconnect()
  }
}
