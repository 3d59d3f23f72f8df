/**
 * Commands under faults, on a whole stack: the command service and the relay killed, Postgres killed, Kafka away, two
 * relays at once. A ledger that is kept here, outside of the system, says what was accepted and what was refused; at the
 * end the log holds each accepted command as exactly one event, those of one thing in the order of its versions, and
 * nothing of what was refused. A client behaves as clients should: without an answer it sends the same again, under the
 * same Idempotency-Key.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import pg from 'pg'
import { openKafka } from '../../platform/kafka/kafkajs/port.ts'
import { RecordCodec } from '../../schemas/codec/event-codec.ts'
import type { FinanceEvent } from '../../schemas/generated/records.ts'
import { openRegistry } from '../../schemas/registry.ts'
import { PARTITIONS, TOPICS } from '../../schemas/topics.ts'
import { partitionOf } from '../../schemas/values/partition.ts'
import { type Books, openBooks } from '../support/books.ts'
import { eventually, request } from '../support/http.ts'
import { describeStack, killPart, partOf, waitForRestart } from '../support/stack.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const TENANTS = 3
/** How long Kafka is away: 60 s show more and cost more; `KAFKA_AWAY_SECONDS=60` asks for them. */
const AWAY_MS = Number(process.env['KAFKA_AWAY_SECONDS'] ?? '12') * 1_000
const PAUSE_MS = 15

interface Outcome {
  readonly tenant: string
  readonly id: string
  readonly status: number
}

describeStack(
  'commands under faults',
  [
    'stateFile',
    'apiUrl',
    'commandsUrl',
    'jwtAccessSecret',
    'databaseUrl',
    'kafkaBrokers',
    'schemaRegistryUrl',
  ],
  (stack) => {
    const outcomes: Outcome[] = []
    const books: Books[] = []
    let from: readonly number[] = []
    let working = true
    let clients: Promise<void>[] = []
    let second: ChildProcess | undefined
    /** Tries that got no answer. */
    let unanswered = 0

    const kafka = () =>
      openKafka({ brokers: stack.kafkaBrokers.split(','), clientId: 'nikash-test-commands' })

    beforeAll(async () => {
      for (let i = 0; i < TENANTS; i++) books.push(await openBooks(stack, { prefix: 'faults' }))
      const port = kafka()
      const admin = await port.admin()
      const all = Array.from({ length: PARTITIONS }, (_, p) => p)
      from = (await admin.bounds(TOPICS.events, all)).map(({ high }) => high)
      await admin.close()
      await port.close()
    }, 60_000)
    afterAll(async () => {
      working = false
      second?.kill('SIGKILL')
      await Promise.all(clients)
    })

    /** The same until it is answered: with 2xx or 4xx it is settled. */
    async function settle(one: Books, where: string, body: object): Promise<number> {
      const key = crypto.randomUUID()
      return eventually(
        `an answer to ${where}`,
        async () => {
          const answer = await request('POST', stack.commandsUrl + where, {
            token: one.writer,
            body,
            headers: { 'idempotency-key': key },
          }).catch((error: unknown) => {
            unanswered++
            throw error
          })
          if (answer.status >= 500 || answer.status === 429 || answer.status === 409) {
            unanswered++
            throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`)
          }
          return answer.status
        },
        120_000,
      )
    }

    async function client(one: Books, name: string): Promise<void> {
      for (let i = 0; working; i++) {
        const id = `${name}-${i}`
        // Of five one is refused: a code without a rate, no customer, nothing to pay.
        const bad = i % 5 === 4
        const status = await settle(one, '/v1/invoices', {
          id,
          customerId: bad && i % 2 === 0 ? 'nobody' : 'cust-1',
          status: 'DRAFT',
          lines: [{ unitPrice: '10.00', vatCode: bad && i % 2 === 1 ? 'unheard-of' : 'standard' }],
        })
        outcomes.push({ tenant: one.tenant, id, status })
        if (status === 201) {
          expect(await settle(one, `/v1/invoices/${id}/approve`, {})).toBe(202)
          if (i % 3 === 0) expect(await settle(one, `/v1/invoices/${id}/cancel`, {})).toBe(202)
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      }
    }

    const startClients = (): void => {
      clients = books.flatMap((one, t) => [client(one, `c${t}a`), client(one, `c${t}b`)])
    }
    const accepted = () => outcomes.filter(({ status }) => status === 201).length
    const more = (count: number) => {
      const goal = accepted() + count
      return eventually(
        `${count} more commands`,
        async () => {
          if (accepted() < goal) throw new Error(`${accepted()} of ${goal}`)
        },
        90_000,
      )
    }

    async function waiting(): Promise<number> {
      const session = new pg.Client(stack.databaseUrl)
      await session.connect()
      try {
        await session.query(`set app.current_tenant = '*'`)
        const { rows } = await session.query<{ n: string }>(
          'select count(*) as n from finance.outbox where tenant_id = any($1)',
          [books.map((one) => one.tenant)],
        )
        return Number(rows[0]?.n)
      } finally {
        await session.end()
      }
    }

    it('go on after a kill of the service, the relay and the store, beside a second relay, and while Kafka is away', async () => {
      startClients()
      await more(20)
      for (const part of ['commands', 'relay', 'postgres', 'relay']) {
        const pid = killPart(stack.stateFile, part)
        await waitForRestart(stack.stateFile, part, pid)
        await more(10)
        second ??= spawn(
          process.execPath,
          ['--disable-warning=ExperimentalWarning', 'producers/relay-main.ts'],
          {
            cwd: ROOT,
            stdio: 'ignore',
            env: {
              PATH: process.env['PATH'],
              DATABASE_URL: stack.databaseUrl,
              KAFKA_BROKERS: stack.kafkaBrokers,
              SCHEMA_REGISTRY_URL: stack.schemaRegistryUrl,
              ADMIN_PORT: '0',
              LOG_LEVEL: 'silent',
            },
          },
        )
      }
      const before = accepted()
      let waited = 0
      const end = Date.now() + AWAY_MS
      while (Date.now() < end) {
        // Killed as often as the supervisor starts it.
        if (partOf(stack.stateFile, 'kafka').pid !== null) killPart(stack.stateFile, 'kafka')
        await new Promise((resolve) => setTimeout(resolve, 300))
        waited = Math.max(waited, await waiting())
      }
      // Commands need no Kafka: they were accepted all the while, and waited in the outbox.
      expect(accepted()).toBeGreaterThan(before + 10)
      expect(waited).toBeGreaterThan(10)
      await more(10)
      working = false
      await Promise.all(clients)
      expect(unanswered).toBeGreaterThan(0)
    }, 300_000)

    it('are in the log exactly as they were accepted, and none that was refused', async () => {
      await eventually(
        'the outbox to be empty',
        async () => {
          const left = await waiting()
          if (left > 0) throw new Error(`${left} rows wait`)
        },
        180_000,
      )
      const port = kafka()
      const codec = new RecordCodec(openRegistry(stack.schemaRegistryUrl))
      const firsts = new Map<string, FinanceEvent>()
      let repeated = 0
      try {
        for (const partition of new Set(books.map((one) => partitionOf(one.tenant, PARTITIONS)))) {
          const start = { topic: TOPICS.events, partition, from: from[partition] ?? 0 }
          for await (const { records } of port.readPartition(start)) {
            for (const { value } of records) {
              const wanted = codec.wants(value)
              if (wanted !== undefined) await codec.prepare(wanted)
              const event = codec.decodeEvent(value)
              if (!event.ok || event.data.aggregateType !== 'invoice') continue
              if (!books.some((one) => one.tenant === event.data.tenantId)) continue
              if (firsts.has(event.data.eventId)) repeated++
              else firsts.set(event.data.eventId, event)
            }
          }
        }
      } finally {
        await port.close()
      }
      const byInvoice = Map.groupBy(firsts.values(), ({ data }) => `${data.tenantId} ${data.aggregateId}`)
      const expected = outcomes.filter(({ status }) => status === 201)
      const refused = outcomes.filter(({ status }) => status !== 201)
      expect(refused.length).toBeGreaterThan(5)
      for (const { tenant, id, status } of refused) {
        expect([400, 422]).toContain(status)
        expect(byInvoice.has(`${tenant} ${id}`)).toBe(false)
      }
      expect(byInvoice.size).toBe(expected.length)
      for (const { tenant, id } of expected) {
        const cancelled = Number(id.split('-').at(-1)) % 3 === 0
        const types = ['InvoiceCreated', 'InvoiceApproved', ...(cancelled ? ['InvoiceCancelled'] : [])]
        const found = byInvoice.get(`${tenant} ${id}`) ?? []
        expect([id, found.map(({ type }) => type)]).toEqual([id, types])
        expect([id, found.map(({ data }) => data.aggregateVersion)]).toEqual([id, types.map((_, i) => i + 1)])
      }
      console.info(
        `${outcomes.length} commands settled, ${expected.length} accepted, ${unanswered} tries without an answer, ${repeated} records repeated`,
      )
    }, 240_000)
  },
)
