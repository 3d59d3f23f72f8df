/**
 * The sinks of a running stack are killed while events stream in: afterwards ClickHouse has every event once by a plain
 * SELECT, its as-of SQL gives what went in, and Redis has the newest results of the topic.
 */
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { Redis } from 'ioredis'
import { openKafka } from '../../platform/kafka/kafkajs/port.ts'
import type { KafkaPort } from '../../platform/kafka/port.ts'
import { RecordCodec } from '../../schemas/codec/event-codec.ts'
import type { FinanceEvent } from '../../schemas/generated/records.ts'
import { openRegistry } from '../../schemas/registry.ts'
import { PARTITIONS, TOPICS } from '../../schemas/topics.ts'
import { partitionOf } from '../../schemas/values/partition.ts'
import { type OpenItemRow, openItemsSql } from '../../sinks/clickhouse/contract.ts'
import { keysOf, parseAging, parseRunId, positionKey } from '../../sinks/redis/contract.ts'
import { eventually, freshTenant } from '../support/http.ts'
import { describeStack, killPart, waitForRestart } from '../support/stack.ts'
import { created, received, registered } from '../unit/sinks/support/events.ts'

const INVOICES = 400
const ROUNDS = 4

describeStack(
  'sinks that are killed at work',
  [
    'kafkaBrokers',
    'schemaRegistryUrl',
    'clickhouseUrl',
    'clickhouseUser',
    'clickhousePassword',
    'redisUrl',
    'stateFile',
  ],
  (stack) => {
    const tenant = freshTenant('sinkkill')
    const partition = partitionOf(tenant, PARTITIONS)
    let kafka: KafkaPort
    let codec: RecordCodec
    let clickhouse: ReturnType<typeof createClient>
    let redis: Redis

    beforeAll(async () => {
      kafka = openKafka({ brokers: stack.kafkaBrokers.split(','), clientId: 'sinks-kills' })
      codec = await RecordCodec.open(openRegistry(stack.schemaRegistryUrl))
      clickhouse = createClient({
        url: stack.clickhouseUrl,
        username: stack.clickhouseUser,
        password: stack.clickhousePassword,
      })
      redis = new Redis(stack.redisUrl)
    })
    afterAll(async () => {
      await kafka.close()
      await clickhouse.close()
      redis.disconnect()
    })

    const ours = <E extends FinanceEvent>(event: E): E => ({
      ...event,
      data: { ...event.data, tenantId: tenant },
    })

    async function produce(events: readonly FinanceEvent[]): Promise<void> {
      const producer = await kafka.producer()
      try {
        for (let at = 0; at < events.length; at += 20) {
          await producer.send(
            events.slice(at, at + 20).map((event) => ({
              topic: TOPICS.events,
              key: tenant,
              value: codec.encode(event.type, event.data as never),
            })),
          )
          await new Promise((resolve) => setTimeout(resolve, 25))
        }
      } finally {
        await producer.close()
      }
    }

    const rows = async <T>(query: string, parameters: Record<string, unknown> = {}): Promise<T[]> => {
      const answer = await clickhouse.query({
        query,
        query_params: { tenant, ...parameters },
        format: 'JSONEachRow',
        clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
      })
      return answer.json<T>()
    }
    const counts = async () =>
      (
        await rows<{ n: number; ids: number }>(
          'SELECT count() AS n, uniqExact(event_id) AS ids FROM finance.fct_events WHERE tenant_id = {tenant:String}',
        )
      )[0] ?? { n: 0, ids: 0 }

    /** Kills a part again and again, each time with work behind it that is not done. */
    async function killAtWork(part: string, stillAtWork: () => Promise<boolean>): Promise<number> {
      let landed = 0
      for (let round = 0; round < ROUNDS; round++) {
        await new Promise((resolve) => setTimeout(resolve, 150 + 170 * round))
        if (await stillAtWork()) landed++
        const pid = killPart(stack.stateFile, part)
        await waitForRestart(stack.stateFile, part, pid)
      }
      return landed
    }

    const events = [
      ours(registered()),
      ...Array.from({ length: INVOICES }, (_, i) =>
        ours(created(`i${i}`, { date: '2026-01-10', total: '10.00' })),
      ),
      ...Array.from({ length: INVOICES }, (_, i) =>
        ours(received(`p${i}`, { date: '2026-01-20', amount: '4.00', to: { [`i${i}`]: '4.00' } })),
      ),
    ]

    it('writes every fact once, whatever the moment of the kill', async () => {
      const producing = produce([...events, ...events])
      const landed = await killAtWork('sink-clickhouse', async () => (await counts()).n < events.length)
      await producing
      expect(landed).toBeGreaterThan(0)
      await eventually(
        'all facts are in',
        async () => {
          expect((await counts()).ids).toBe(events.length)
        },
        60_000,
      )
      expect(await counts()).toEqual({ n: events.length, ids: events.length })
      for (const [asOf, open] of [
        ['2026-01-19', '10'],
        ['2026-01-20', '6'],
      ]) {
        const items = await rows<OpenItemRow>(openItemsSql, { asOf })
        expect(items.length).toBe(INVOICES)
        expect(new Set(items.map((item) => item.open_amount))).toEqual(new Set([open]))
      }
    }, 180_000)

    it('leaves Redis with the newest results, whole, whatever the moment of the kill', async () => {
      const more = Array.from({ length: INVOICES }, (_, i) =>
        ours(created(`x${i}`, { date: '2026-02-01', total: '1.00' })),
      )
      const producing = produce(more)
      await killAtWork('sink-redis', () => Promise.resolve(true))
      await producing
      const wanted = INVOICES * 6 + INVOICES
      await eventually(
        'the total is that of all events',
        async () => {
          expect(Number(parseAging(await redis.hgetall(keysOf(tenant).aging))?.total.total)).toBe(wanted)
          expect(await redis.get(keysOf(tenant).sync)).toBe(parseRunId(await redis.info('server')))
        },
        60_000,
      )
      const position = await redis.hgetall(positionKey(TOPICS.results, partition))
      expect(position['whole']).toBe('1')
    }, 180_000)
  },
)
