/** A Redis of the test's own: it may be flushed, killed and started again without disturbing anybody. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Redis } from 'ioredis'
import { ensureTool } from '../../../deploy/local/tools.ts'

const START_MS = 10_000

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

export class PrivateRedis {
  readonly url: string
  private readonly port: number
  private readonly file: string
  private readonly folder: string
  private child: ChildProcess | undefined

  private constructor(port: number, file: string) {
    this.port = port
    this.file = file
    this.url = `redis://127.0.0.1:${port}`
    this.folder = mkdtempSync(path.join(tmpdir(), 'nikash-redis-'))
  }

  static async start(): Promise<PrivateRedis> {
    const folder = await ensureTool('redis', () => {})
    const redis = new PrivateRedis(await freePort(), path.join(folder, 'redis-server'))
    await redis.up()
    return redis
  }

  async up(): Promise<void> {
    const settings = { port: this.port, bind: '127.0.0.1', dir: this.folder, appendonly: 'yes', save: '' }
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
    this.child = spawn(this.file, args, { stdio: 'ignore' })
    const client = new Redis(this.url, { retryStrategy: () => 50, maxRetriesPerRequest: null })
    client.on('error', () => {})
    const deadline = Date.now() + START_MS
    try {
      for (;;) {
        if ((await Promise.race([client.ping().catch(() => ''), pause(500)])) === 'PONG') return
        if (Date.now() > deadline) throw new Error(`redis-server did not answer on port ${this.port}`)
      }
    } finally {
      client.disconnect()
    }
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    const child = this.child
    this.child = undefined
    if (!child || child.exitCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export const pause = (ms: number): Promise<undefined> =>
  new Promise((resolve) => setTimeout(() => resolve(undefined), ms))

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 5_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`)
    await pause(10)
  }
}
