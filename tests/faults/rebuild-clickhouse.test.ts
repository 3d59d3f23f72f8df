/**
 * `nikash rebuild clickhouse` on the running stack: tables with lost rows and one poisha too much are mended while a reader,
 * an analyst and the API look on all the time, with `kill -9` in the fill and in the switch; then every row is as it was, once.
 */
import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import path from 'node:path'
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { openKafka } from '../../platform/kafka/kafkajs/port.ts'
import { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { openRegistry } from '../../schemas/registry.ts'
import { TOPICS } from '../../schemas/topics.ts'
import { type Books, openBooks } from '../support/books.ts'
import { nikash } from '../support/cli.ts'
import { eventually, request } from '../support/http.ts'
import { describeStack, partOf } from '../support/stack.ts'
import { created } from '../unit/sinks/support/events.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const INVOICES = 6_000

describeStack(
  'rebuilding ClickHouse',
  [
    'apiUrl',
    'commandsUrl',
    'jwtAccessSecret',
    'stateFile',
    'clickhouseUrl',
    'clickhouseUser',
    'clickhousePassword',
    'clickhouseAnalystSecret',
    'kafkaBrokers',
    'schemaRegistryUrl',
  ],
  (stack) => {
    let books: Books
    let writer: ReturnType<typeof createClient>
    let analyst: ReturnType<typeof createClient>

    const rowsOf = async <R>(client: typeof writer, query: string): Promise<R[]> => {
      const answer = await client.query({ query, format: 'JSONEachRow' })
      return answer.json<R>()
    }
    const numberOf = async (client: typeof writer, query: string): Promise<number> =>
      Number((await rowsOf<{ n: string }>(client, query))[0]?.n ?? -1)
    const change = (query: string) => writer.command({ query, clickhouse_settings: { mutations_sync: '1' } })
    /** Every row of the tenant, whole. */
    const content = () =>
      rowsOf<{ o: string; h: string }>(
        writer,
        `SELECT _offset AS o, toString(cityHash64(*)) AS h FROM finance.event_log
         WHERE tenant_id = '${books.tenant}' ORDER BY _offset`,
      )
    const reconcile = () => nikash(stack.stateFile, ['reconcile', '--tenant', books.tenant])

    /** Runs the verb, and kills it when it says something. */
    const killedAt = (words: string): Promise<NodeJS.Signals | null> =>
      new Promise((resolve, reject) => {
        const main = path.join(ROOT, 'deploy/cli/main.ts')
        const args = [
          main,
          'rebuild',
          'clickhouse',
          '--drop-unknown',
          '--data',
          path.dirname(stack.stateFile),
        ]
        const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, NODE_OPTIONS: '' } })
        let said = ''
        child.stderr.on('data', (text: Buffer) => {
          said += text.toString()
          if (said.includes(words)) child.kill('SIGKILL')
        })
        child.on('error', reject)
        child.on('exit', (code, signal) =>
          signal === null ? reject(new Error(`it ended with ${code}:\n${said}`)) : resolve(signal),
        )
      })

    beforeAll(async () => {
      books = await openBooks(stack, { prefix: 'chre' })
      const user = `analyst_${books.tenant}`
      const password = createHmac('sha256', stack.clickhouseAnalystSecret).update(user).digest('hex')
      writer = createClient({
        url: stack.clickhouseUrl,
        username: stack.clickhouseUser,
        password: stack.clickhousePassword,
      })
      analyst = createClient({ url: stack.clickhouseUrl, username: user, password, database: 'finance' })
      const paid = await books.invoice('1000.10')
      await books.payment('400.05', { allocations: [{ invoiceId: paid, amount: '300.00' }] })
      const kafka = openKafka({ brokers: stack.kafkaBrokers.split(','), clientId: 'rebuild-test' })
      const codec = await RecordCodec.open(openRegistry(stack.schemaRegistryUrl))
      const producer = await kafka.producer()
      const events = Array.from({ length: INVOICES }, (_, i) =>
        created(`bulk-${i}`, { date: '2026-01-10', total: '10.01', version: 1, tenant: books.tenant }),
      )
      for (let at = 0; at < events.length; at += 500)
        await producer.send(
          events.slice(at, at + 500).map(({ type, data }) => ({
            topic: TOPICS.events,
            key: books.tenant,
            value: codec.encode(type, data as never),
          })),
        )
      await producer.close()
      await kafka.close()
      await eventually(
        'all stores agree',
        async () => {
          expect(
            await numberOf(
              writer,
              `SELECT count() AS n FROM finance.fct_invoices WHERE tenant_id = '${books.tenant}'`,
            ),
          ).toBe(INVOICES + 1)
          expect((await reconcile()).stdout).toContain('figures agree')
        },
        180_000,
      )
    }, 240_000)
    afterAll(async () => {
      await writer.close()
      await analyst.close()
    })

    it('mends what was lost and changed, killed in the middle twice, while everybody reads', async () => {
      const whole = await content()
      const of = `WHERE tenant_id = '${books.tenant}'`
      await change(
        `ALTER TABLE finance.event_log DELETE ${of} AND aggregate_id IN ('bulk-1', 'bulk-77', 'bulk-5999')`,
      )
      await change(
        `ALTER TABLE finance.event_log UPDATE amount = amount + toDecimal64('0.01', 4) ${of} AND event_type = 'PaymentReceived'`,
      )
      expect((await reconcile()).code).toBe(1)
      const plan = await nikash(stack.stateFile, ['rebuild', 'clickhouse', '--dry-run', '-o', 'json'])
      const { topics } = JSON.parse(plan.stdout) as { topics: { topic: string; records: number }[] }
      expect([
        plan.code,
        (topics.find(({ topic }) => topic === TOPICS.events)?.records ?? 0) > INVOICES,
      ]).toEqual([0, true])

      let going = true
      const looks = { writer: 0, analyst: 0, api: 0 }
      const wrong: string[] = []
      const poll = async (who: keyof typeof looks, look: () => Promise<number>): Promise<void> => {
        for (let most = 0; going; looks[who]++) {
          const seen = await look().catch((error: unknown) => {
            wrong.push(`${who}: ${String(error)}`)
            return most
          })
          if (seen < most) wrong.push(`${who}: ${seen} after ${most}`)
          most = Math.max(most, seen)
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      }
      const invoices = 'SELECT count() AS n FROM finance.fct_invoices'
      const polling = [
        poll('writer', () => numberOf(writer, `${invoices} ${of}`)),
        poll('analyst', () => numberOf(analyst, invoices)),
        poll('api', async () => {
          // A day of the past: computed by ClickHouse.
          const { status, body } = await request<{ total: { amount: string } }>(
            'GET',
            `${stack.apiUrl}/v1/receivables/aging?asOf=2026-02-01`,
            { token: books.reader },
          )
          if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
          return Number(body.total.amount)
        }),
      ]
      expect(await killedAt('2 fill')).toBe('SIGKILL')
      await books.invoice('7.00')
      expect(await killedAt('7 exchange')).toBe('SIGKILL')
      // Held by a command that is gone: the supervisor starts it again.
      await eventually(
        'the sink runs again',
        async () => expect(partOf(stack.stateFile, 'sink-clickhouse').status).toBe('healthy'),
        60_000,
      )
      await books.invoice('8.00')
      const ran = await nikash(
        stack.stateFile,
        ['rebuild', 'clickhouse', '--drop-unknown', '-o', 'json'],
        240_000,
      )
      expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining('9 drop')])
      expect((JSON.parse(ran.stdout) as { resumed: boolean }).resumed).toBe(true)
      await eventually('what came meanwhile is there', async () => {
        expect(await numberOf(writer, `${invoices} ${of}`)).toBe(INVOICES + 3)
      })
      going = false
      await Promise.all(polling)
      expect([wrong, Object.values(looks).every((n) => n > 5)]).toEqual([[], true])

      const after = await content()
      const kept = new Set(after.map(({ o, h }) => `${o} ${h}`))
      expect(whole.filter(({ o, h }) => !kept.has(`${o} ${h}`))).toEqual([])
      expect(new Set(after.map(({ o }) => o)).size).toBe(after.length)
      expect(
        await numberOf(writer, "SELECT count() AS n FROM system.databases WHERE name = 'finance_rebuild'"),
      ).toBe(0)
      await eventually('all stores agree', async () => expect((await reconcile()).code).toBe(0), 60_000)
    }, 560_000)
  },
)
