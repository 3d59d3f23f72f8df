/**
 * `nikash reconcile` on the running stack: agreement on a tenant's figures, and an error of one poisha, planted in one
 * store after the other, found and named. What was planted is taken away again.
 */
import { beforeAll, expect, it } from '@jest/globals'
import { createClient } from '@clickhouse/client'
import { Redis } from 'ioredis'
import pg from 'pg'
import { openKafka } from '../../platform/kafka/kafkajs/port.ts'
import { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { openRegistry } from '../../schemas/registry.ts'
import { TOPICS } from '../../schemas/topics.ts'
import { partitionOf } from '../../schemas/values/partition.ts'
import { keysOf, TOTAL_FIELD } from '../../sinks/redis/contract.ts'
import type { Verdict } from '../../sinks/reconcile/reconcile.ts'
import { nikash } from '../support/cli.ts'
import { type Books, openBooks } from '../support/books.ts'
import { command, eventually } from '../support/http.ts'
import { describeStack } from '../support/stack.ts'

describeStack(
  'nikash reconcile',
  [
    'apiUrl',
    'commandsUrl',
    'jwtAccessSecret',
    'stateFile',
    'redisUrl',
    'clickhouseUrl',
    'clickhouseUser',
    'clickhousePassword',
    'databaseOwnerUrl',
    'kafkaBrokers',
    'schemaRegistryUrl',
  ],
  (stack) => {
    let books: Books
    const ask = async (): Promise<Verdict & { readonly code: number }> => {
      const { code, stdout } = await nikash(stack.stateFile, [
        'reconcile',
        '--tenant',
        books.tenant,
        '-o',
        'json',
      ])
      const [verdict] = JSON.parse(stdout) as Verdict[]
      if (verdict === undefined) throw new Error('no verdict')
      return { ...verdict, code }
    }

    beforeAll(async () => {
      books = await openBooks(stack, { prefix: 'rec' })
      const paid = await books.invoice('1000.10')
      await books.invoice('250.20', { invoiceDate: '2026-01-31', dueDate: '2026-02-28' })
      await books.payment('400.05', { allocations: [{ invoiceId: paid, amount: '300.00' }] })
      await command(stack.commandsUrl, '/v1/expenses', books.writer, {
        category: 'RENT',
        netAmount: '99.99',
        status: 'APPROVED',
      })
      await eventually('the figures of all stores', async () => {
        const { stdout } = await nikash(stack.stateFile, ['reconcile', '--tenant', books.tenant])
        expect(stdout).toContain('figures agree')
      })
    }, 120_000)

    it('finds that all stores agree, down to the ledger', async () => {
      const verdict = await ask()
      expect(verdict).toMatchObject({ code: 0, mismatches: [], broken: [], unsettled: [] })
      // 2 x 13 figures of aging, 6 windows of 5 measures, and the accounts of 4 documents.
      expect(verdict.figures).toBeGreaterThan(60)
    }, 60_000)

    it('names Redis', async () => {
      const redis = new Redis(stack.redisUrl)
      const { aging } = keysOf(books.tenant)
      const before = (await redis.hget(aging, TOTAL_FIELD)) ?? ''
      expect(before).toContain('"total":"850.25"')
      try {
        await redis.hset(aging, TOTAL_FIELD, before.replace('"total":"850.25"', '"total":"850.26"'))
        const verdict = await ask()
        expect(verdict.code).toBe(1)
        expect(verdict.mismatches).toEqual([
          {
            figure: 'receivables total',
            said: { stream: '850.25', redis: '850.26', clickhouse: '850.25' },
            odd: ['redis'],
          },
        ])
        expect(verdict.broken.join(' ')).toContain(
          'redis: buckets by due + unapplied of receivables are 850.25',
        )
      } finally {
        await redis.hset(aging, TOTAL_FIELD, before)
        redis.disconnect()
      }
    }, 60_000)

    it('names ClickHouse', async () => {
      const client = createClient({
        url: stack.clickhouseUrl,
        username: stack.clickhouseUser,
        password: stack.clickhousePassword,
      })
      const change = (by: string) =>
        client.command({
          query: `ALTER TABLE finance.event_log UPDATE amount = amount + toDecimal64('${by}', 4)
            WHERE tenant_id = {tenant:String} AND event_type = 'PaymentReceived'`,
          query_params: { tenant: books.tenant },
          clickhouse_settings: { mutations_sync: '1' },
        })
      try {
        await change('0.01')
        const verdict = await ask()
        expect(verdict.code).toBe(1)
        const figures = verdict.mismatches.map(({ figure }) => figure)
        expect(figures).toEqual(
          expect.arrayContaining(['receivables unapplied', 'receivables total', 'cashReceived 30d']),
        )
        for (const { odd } of verdict.mismatches) expect(odd).toEqual(['clickhouse'])
      } finally {
        await change('-0.01')
        await client.close()
      }
    }, 60_000)

    it('names the lines of the ledger', async () => {
      const owner = new pg.Client({ connectionString: stack.databaseOwnerUrl })
      await owner.connect()
      const change = async (by: string) => {
        await owner.query('begin')
        await owner.query(`select set_config('app.current_tenant', $1, true)`, [books.tenant])
        await owner.query('alter table finance.journal_lines disable trigger journal_lines_append_only')
        await owner.query(
          `update finance.journal_lines set debit = debit + $1 where tenant_id = $2 and debit in (99.99, 100.00)`,
          [by, books.tenant],
        )
        await owner.query('alter table finance.journal_lines enable trigger journal_lines_append_only')
        await owner.query('commit')
      }
      try {
        await change('0.01')
        const verdict = await ask()
        expect(verdict.code).toBe(1)
        expect(verdict.mismatches.map(({ said, odd }) => ({ said, odd }))).toEqual([
          {
            said: { event_store: '99.99', journal_lines: '100', clickhouse: '99.99' },
            odd: ['journal_lines'],
          },
        ])
      } finally {
        await change('-0.01')
        await owner.end()
      }
    }, 60_000)

    it('names the stream', async () => {
      const kafka = openKafka({ brokers: stack.kafkaBrokers.split(','), clientId: 'reconcile-test' })
      const codec = await RecordCodec.open(openRegistry(stack.schemaRegistryUrl))
      const producer = await kafka.producer()
      const partition = partitionOf(books.tenant, 10)
      const key = `${books.tenant}|aging.receivables|`
      let newest: Buffer | null = null
      for await (const batch of kafka.readPartition({ topic: TOPICS.results, partition, from: 0 }))
        for (const record of batch.records) if (record.key?.toString() === key) newest = record.value
      const decoded = codec.decode(newest)
      if (!decoded.ok || decoded.type !== 'AgingResult' || newest === null) throw new Error('no result')
      const send = (value: Buffer) => producer.send([{ topic: TOPICS.results, partition, key, value }])
      try {
        // The same revision: Redis, which takes newer ones alone, keeps what it has.
        await send(codec.encode('AgingResult', { ...decoded.data, disputed: decoded.data.disputed + 100n }))
        const verdict = await ask()
        expect(verdict.code).toBe(1)
        expect(verdict.mismatches).toEqual([
          {
            figure: 'receivables disputed',
            said: { stream: '0.01', redis: '0', clickhouse: '0' },
            odd: ['stream'],
          },
        ])
      } finally {
        await send(newest)
        await producer.close()
        await kafka.close()
      }
    }, 60_000)

    it('is at peace again when everything is as it was', async () => {
      expect(await ask()).toMatchObject({ code: 0, mismatches: [], broken: [] })
    }, 60_000)

    it('says what it does not know', async () => {
      const { code, stderr } = await nikash(stack.stateFile, ['reconcile', '--tenant', 'nobody-here'])
      expect(code).toBe(2)
      expect(stderr).toContain('There are no results of a tenant nobody-here')
    }, 60_000)
  },
)
