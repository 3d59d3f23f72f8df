/**
 * The connections to Redis: one for questions, one that blocks on the feeds. Owns their settings and the run id of the
 * server behind them. Both fail fast while Redis is away, so that no request waits for it; both reconnect by themselves.
 */
import { Redis } from 'ioredis'
import type { Log } from '../platform/log.ts'
import { parseRunId } from '../sinks/redis/contract.ts'

const CONNECT_MS = 2_000
const COMMAND_MS = 2_000
const RETRY_MS_MAX = 1_000
const READY_MS = 5_000

export interface RedisStores {
  readonly commands: Redis
  readonly blocking: Redis
  /** Empty while unknown. */
  readonly runId: () => string
  ping(): Promise<void>
  close(): void
}

export function openRedis(url: string, log: Log): RedisStores {
  const common = {
    connectTimeout: CONNECT_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt: number) => Math.min(attempt * 50, RETRY_MS_MAX),
  }
  const commands = new Redis(url, { ...common, connectionName: 'nikash-api', commandTimeout: COMMAND_MS })
  const blocking = new Redis(url, { ...common, connectionName: 'nikash-api-feed' })
  let runId = ''
  const learn = async () => {
    try {
      runId = parseRunId(await commands.info('server'))
    } catch (error) {
      log.warn({ err: error }, 'Redis did not tell its run id: figures come from ClickHouse until it does')
    }
  }
  commands.on('ready', () => void learn())
  commands.on('close', () => {
    runId = ''
  })
  for (const [name, redis] of [
    ['commands', commands],
    ['feed', blocking],
  ] as const) {
    redis.on('error', (error: Error) => log.debug({ err: error, connection: name }, 'Redis connection error'))
    redis.on('close', () => log.info({ connection: name }, 'Redis connection closed'))
  }
  return {
    commands,
    blocking,
    runId: () => runId,
    async ping() {
      await commands.ping()
      if (runId === '') await learn()
      if (blocking.status !== 'ready') throw new Error(`the feed connection is ${blocking.status}`)
    },
    close() {
      commands.disconnect()
      blocking.disconnect()
    },
  }
}

/** Waits until both connections are usable, but not for ever: the API also serves while Redis is away. */
export async function waitForRedis(stores: RedisStores): Promise<boolean> {
  const deadline = Date.now() + READY_MS
  while (Date.now() < deadline) {
    if (stores.commands.status === 'ready' && stores.blocking.status === 'ready' && stores.runId() !== '')
      return true
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return false
}
