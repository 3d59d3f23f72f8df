/**
 * Owns Redis: the system's when it is new enough, else a packaged one. Refuses: eviction (a full Redis must fail a
 * write, not drop another tenant's numbers).
 */
import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Part } from '../part.ts'
import { HOST, type Ports } from '../ports.ts'
import { ensureTool, TOOL_VERSIONS } from '../tools.ts'

const run = promisify(execFile)

/** True for 6.2 and newer, from `Redis server v=7.0.15 sha=...`. */
export const isRedisNewEnough = (text: string): boolean => {
  const match = /v=(\d+)\.(\d+)/.exec(text)
  if (match?.[1] === undefined || match[2] === undefined) return false
  const [major, minor] = [Number(match[1]), Number(match[2])]
  return major > 6 || (major === 6 && minor >= 2)
}

const findRedis = async (say: (line: string) => void): Promise<string> => {
  try {
    const { stdout } = await run('redis-server', ['--version'], { timeout: 5_000 })
    if (isRedisNewEnough(stdout)) return 'redis-server'
  } catch {
    // None on PATH: the packaged one does as well.
  }
  return join(await ensureTool('redis', say), 'redis-server')
}

const ping = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = createConnection({ host: HOST, port })
    const fail = (reason: string) => {
      socket.destroy()
      reject(new Error(reason))
    }
    socket.setTimeout(2_000, () => fail('no answer to PING within 2 s'))
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('error', (error) => fail(error.message))
    socket.once('data', (data) => {
      const answer = data.toString('utf8').trim()
      // "-LOADING ..." while the append-only file is read: not healthy yet.
      if (answer !== '+PONG') return fail(`PING answered ${answer.slice(0, 100)}`)
      socket.destroy()
      resolve()
    })
  })

export const redisPart = (ports: Ports): Part => ({
  name: 'redis',
  kind: 'store',
  version: `>=${TOOL_VERSIONS.redis}`,
  ports: { redis: ports.redis },
  dependsOn: [],
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 15_000,
  healthTimeoutMs: 60_000,
  present: true,
  prepare: async (context, say) => {
    const file = await findRedis(say)
    mkdirSync(context.layout.redis, { recursive: true })
    const settings: ReadonlyArray<readonly [string, string]> = [
      ['port', String(ports.redis)],
      ['bind', HOST],
      ['dir', context.layout.redis],
      ['daemonize', 'no'],
      ['appendonly', 'yes'],
      ['appendfsync', 'everysec'],
      ['save', ''],
      // A title of its own would overwrite the environment, and with it the mark by which we find our processes (O2).
      ['set-proc-title', 'no'],
      ['maxmemory', '256mb'],
      ['maxmemory-policy', 'noeviction'],
    ]
    const args = settings.flatMap(([name, value]) => [`--${name}`, value])
    return { file, args, env: {}, cwd: context.layout.redis }
  },
  check: () => ping(ports.redis),
})
