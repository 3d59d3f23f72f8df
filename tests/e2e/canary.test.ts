/**
 * The canary on the running stack: its producer and its comparison as processes of their own, as `./nikash up` starts them
 * (the stack of the tests has neither). The stores are found right round after round; a poisha planted in Redis, and one
 * in ClickHouse, is named in metric, log and report; nobody else sees the canary. What was planted is taken away again.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { Redis } from 'ioredis'
import { CANARY_TENANT } from '../../schemas/rules/canary.ts'
import type { CanaryReport } from '../../sinks/reconcile/canary-loop.ts'
import { keysOf, TOTAL_FIELD } from '../../sinks/redis/contract.ts'
import { openBooks } from '../support/books.ts'
import { eventually, read, request } from '../support/http.ts'
import { describeStack } from '../support/stack.ts'

const ROOT = resolve(import.meta.dirname, '../..')

const freePort = (): Promise<number> =>
  new Promise((done, failed) => {
    const server = createServer().once('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

describeStack(
  'the canary',
  [
    'apiUrl',
    'commandsUrl',
    'jwtAccessSecret',
    'redisUrl',
    'clickhouseUrl',
    'clickhouseUser',
    'clickhousePassword',
    'databaseReaderUrl',
    'kafkaBrokers',
    'schemaRegistryUrl',
  ],
  (stack) => {
    const folder = mkdtempSync(join(tmpdir(), 'nikash-canary-'))
    const children: ChildProcess[] = []
    let admin = ''
    let log = ''

    const start = (main: string, env: Readonly<Record<string, string>>): ChildProcess => {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(ROOT, main)], {
        cwd: ROOT,
        env: {
          PATH: process.env['PATH'] ?? '',
          KAFKA_BROKERS: stack.kafkaBrokers,
          SCHEMA_REGISTRY_URL: stack.schemaRegistryUrl,
          REDIS_URL: stack.redisUrl,
          CLICKHOUSE_URL: stack.clickhouseUrl,
          CLICKHOUSE_USER: stack.clickhouseUser,
          CLICKHOUSE_PASSWORD: stack.clickhousePassword,
          DATABASE_READER_URL: stack.databaseReaderUrl,
          COMMANDS_URL: stack.commandsUrl,
          JWT_ACCESS_SECRET: stack.jwtAccessSecret,
          ...env,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      child.stdout?.on('data', (chunk: Buffer) => {
        log += chunk.toString()
      })
      children.push(child)
      return child
    }
    /** Trades round after round up to this one; then it is at rest, so that what is planted is not written over. */
    const tradeTo = async (round: number): Promise<void> => {
      const trader = start('producers/canary/main.ts', {
        ADMIN_PORT: '0',
        CANARY_SECONDS: '1',
        DATA_DIR: folder,
      })
      await eventually(
        `round ${round}`,
        async () => {
          const { round: under } = JSON.parse(readFileSync(join(folder, 'canary.json'), 'utf8')) as {
            round: number
          }
          expect(under).toBeGreaterThan(round)
        },
        90_000,
      )
      await stop(trader)
    }
    const stop = (child: ChildProcess) =>
      new Promise<void>((done) => {
        if (child.exitCode !== null || child.signalCode !== null) return done()
        child.once('exit', () => done())
        child.kill('SIGTERM')
      })

    const report = async (): Promise<CanaryReport> => {
      const { status, body } = await request<CanaryReport>('GET', `${admin}/canary`)
      if (status !== 200) throw new Error(`/canary answers ${status}: ${JSON.stringify(body)}`)
      return body
    }
    const right = (least: number, timeoutMs = 90_000): Promise<CanaryReport> =>
      eventually(
        `${least} rounds to be right`,
        async () => {
          const found = await report()
          expect(found).toMatchObject({ wrong: [], late: [] })
          expect(found.rounds).toBeGreaterThanOrEqual(least)
          return found
        },
        timeoutMs,
      )
    const metric = async (name: string): Promise<number> => {
      const { body } = await request<string>('GET', `${admin}/metrics`)
      const line = body.split('\n').find((one) => one.startsWith(name.replace(/[}]$/, '')))
      if (line === undefined) throw new Error(`there is no metric ${name}`)
      return Number(line.slice(line.lastIndexOf(' ') + 1))
    }

    beforeAll(async () => {
      const port = await freePort()
      admin = `http://127.0.0.1:${port}`
      start('sinks/main.ts', { SINK: 'reconcile', CANARY: 'on', ADMIN_PORT: String(port) })
      await tradeTo(3)
      await right(3)
    }, 200_000)
    afterAll(async () => {
      await Promise.all(children.map(stop))
      rmSync(folder, { recursive: true, force: true })
    }, 60_000)

    it('is right in every store, after any number of rounds', async () => {
      const { rounds, figures, revision } = await right(3)
      // 2 x 14 of aging and 6 x 5 of windows in three stores, 10 of the ledger in three.
      expect(figures).toBe(3 * (28 + 30) + 30)
      expect(revision).toBeGreaterThan(0)
      expect(await metric('nikash_canary_rounds_stored{')).toBe(rounds)
      expect(await metric('nikash_canary_age_seconds{')).toBeGreaterThan(0)
      await tradeTo(rounds + 2)
      await right(rounds + 2)
    }, 200_000)

    it('names Redis when a poisha is planted there', async () => {
      const redis = new Redis(stack.redisUrl)
      const { aging } = keysOf(CANARY_TENANT.id)
      const before = (await redis.hget(aging, TOTAL_FIELD)) ?? ''
      expect(before).toContain('"total":"575.01"')
      try {
        await redis.hset(aging, TOTAL_FIELD, before.replace('"total":"575.01"', '"total":"575.02"'))
        const { wrong } = await eventually(
          'a finding',
          async () => {
            const found = await report()
            expect(found.wrong).not.toEqual([])
            return found
          },
          90_000,
        )
        expect(wrong).toEqual([
          { store: 'redis', figure: 'receivables total', said: '575.02', computed: '575.01' },
        ])
        expect(await metric('nikash_canary_wrong_figures{store="redis"')).toBe(1)
        expect(await metric('nikash_canary_mismatch_total{store="redis"')).toBeGreaterThan(0)
        expect(await metric('nikash_canary_mismatch_total{store="clickhouse"')).toBe(0)
        expect(log).toContain('the canary is wrong')
      } finally {
        await redis.hset(aging, TOTAL_FIELD, before)
        redis.disconnect()
      }
      await right(3)
      expect(await metric('nikash_canary_wrong_figures{store="redis"')).toBe(0)
    }, 240_000)

    it('names ClickHouse when a poisha is planted there', async () => {
      const client = createClient({
        url: stack.clickhouseUrl,
        username: stack.clickhouseUser,
        password: stack.clickhousePassword,
      })
      const change = (by: string) =>
        client.command({
          query: `ALTER TABLE finance.event_log UPDATE amount = amount + toDecimal64('${by}', 4)
            WHERE tenant_id = {tenant:String} AND event_type = 'PaymentReceived' AND aggregate_id = 'canary-1-half'`,
          query_params: { tenant: CANARY_TENANT.id },
          clickhouse_settings: { mutations_sync: '1' },
        })
      try {
        await change('0.01')
        const { wrong } = await eventually(
          'a finding',
          async () => {
            const found = await report()
            expect(found.wrong).not.toEqual([])
            return found
          },
          90_000,
        )
        expect(new Set(wrong.map(({ store }) => store))).toEqual(new Set(['clickhouse']))
        expect(wrong.map(({ figure }) => figure)).toContain('cashReceived 30d')
        expect(await metric('nikash_canary_mismatch_total{store="clickhouse"')).toBeGreaterThan(0)
      } finally {
        await change('-0.01')
        await client.close()
      }
      await right(3)
    }, 240_000)

    it('is seen by nobody else', async () => {
      const books = await openBooks(stack, { prefix: 'beside' })
      for (const path of ['/v1/invoices', '/v1/customers', '/v1/journal-entries']) {
        const { data } = await read<{ data: unknown[] }>(stack.apiUrl, path, books.reader)
        expect(JSON.stringify(data)).not.toContain('anary')
      }
      const { status } = await request('GET', `${stack.apiUrl}/v1/invoices/canary-1`, { token: books.reader })
      expect(status).toBe(404)
    }, 60_000)
  },
)
