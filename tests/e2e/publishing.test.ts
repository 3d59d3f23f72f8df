/**
 * Somebody else's service publishes: the Python script in docs/publishing.md, as it stands there, through Kafka to the
 * API. And what can't be read: it lands in the DLQ with its bytes, and what comes behind it is counted.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import kafkajs from 'kafkajs'
import { DLQ_HEADERS, dlqOf, TOPICS } from '../../schemas/topics.ts'
import { partitionOf } from '../../schemas/values/partition.ts'
import { type Aging, eventually, freshTenant, read } from '../support/http.ts'
import { describeStack, signToken } from '../support/stack.ts'

const run = promisify(execFile)
const doc = readFileSync(path.resolve(import.meta.dirname, '../../docs/publishing.md'), 'utf8')
const script = /```python\n([\s\S]*?)```/.exec(doc)?.[1] ?? ''

describeStack(
  'the Python script of docs/publishing.md',
  ['python', 'kafkaBrokers', 'schemaRegistryUrl', 'apiUrl', 'jwtAccessSecret'],
  (stack) => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'nikash-')), 'publish.py')

    const publish = (tenant: string, more: Record<string, string> = {}) =>
      run(stack.python, [file], {
        env: {
          ...process.env,
          KAFKA_BROKERS: stack.kafkaBrokers,
          SCHEMA_REGISTRY_URL: stack.schemaRegistryUrl,
          TENANT: tenant,
          ...more,
        },
        timeout: 60_000,
      })
    const total = async (tenant: string) => {
      const token = await signToken(stack.jwtAccessSecret, { tenant, role: 'reader' })
      return (await read<Aging>(stack.apiUrl, '/v1/receivables/aging', token)).total.amount
    }
    const totalBecomes = (tenant: string, amount: string) =>
      eventually(`${tenant} to owe ${amount}`, async () => expect(await total(tenant)).toBe(amount))

    beforeAll(() => writeFileSync(file, script))

    it('counts an invoice once, however often it is sent', async () => {
      const tenant = freshTenant('py')
      const invoice = { EVENT_ID: crypto.randomUUID(), INVOICE_ID: crypto.randomUUID() }
      await publish(tenant, invoice)
      await totalBecomes(tenant, '1150.00')
      await publish(tenant, invoice)
      await publish(tenant)
      await totalBecomes(tenant, '2300.00')
    }, 120_000)

    it('counts an invoice that another partitioner sent to the wrong partition', async () => {
      let tenant = freshTenant('crc')
      const placed = async () =>
        Number(
          /partition (\d+)/.exec((await publish(tenant, { PARTITIONER: 'consistent_random' })).stdout)?.[1],
        )
      let partition = await placed()
      while (partition === partitionOf(tenant, 10)) {
        tenant = freshTenant('crc')
        partition = await placed()
      }
      await totalBecomes(tenant, '1150.00')
    }, 120_000)
  },
)

describeStack(
  'records that nobody can read',
  ['kafkaBrokers', 'schemaRegistryUrl', 'apiUrl', 'commandsUrl', 'jwtAccessSecret'],
  (stack) => {
    const kafka = new kafkajs.Kafka({
      brokers: stack.kafkaBrokers.split(','),
      logLevel: kafkajs.logLevel.NOTHING,
    })
    const producer = kafka.producer()
    const consumer = kafka.consumer({ groupId: `test-dlq-${crypto.randomUUID()}` })
    const parked: { code: string; value: Buffer | null; key: string }[] = []

    beforeAll(async () => {
      await producer.connect()
      await consumer.connect()
      await consumer.subscribe({ topic: dlqOf(TOPICS.events), fromBeginning: true })
      await consumer.run({
        eachMessage: async ({ message }) => {
          parked.push({
            code: String(message.headers?.[DLQ_HEADERS.code] ?? ''),
            value: message.value,
            key: String(message.key),
          })
        },
      })
    }, 60_000)
    afterAll(async () => {
      await consumer.disconnect()
      await producer.disconnect()
    })

    it('are parked with their bytes and a reason, and stop nothing', async () => {
      const tenant = freshTenant('poison')
      const idOf = async (record: string) =>
        (
          (await (
            await fetch(`${stack.schemaRegistryUrl}/subjects/nikash.finance.v1.${record}/versions/latest`)
          ).json()) as { id: number }
        ).id
      const framed = (magic: number, id: number, body: Buffer) => {
        const head = Buffer.alloc(5)
        head.writeUInt8(magic, 0)
        head.writeUInt32BE(id, 1)
        return Buffer.concat([head, body])
      }
      const id = await idOf('InvoiceCreated')
      const poison = {
        unknown_schema: framed(0, 2_000_000_000, Buffer.from('whatever')),
        undecodable: framed(0, id, Buffer.from([2, 3])),
        bad_magic: framed(7, id, Buffer.from('whatever')),
      }
      await producer.send({
        topic: TOPICS.events,
        messages: Object.values(poison).map((value) => ({
          key: tenant,
          value,
          partition: partitionOf(tenant, 10),
        })),
      })

      await eventually(
        'three parked records',
        async () => expect(parked.filter((p) => p.key === tenant)).toHaveLength(3),
        60_000,
      )
      for (const [code, bytes] of Object.entries(poison)) {
        expect(parked.find((p) => p.key === tenant && p.code === code)?.value?.equals(bytes)).toBe(true)
      }
    }, 120_000)
  },
)
