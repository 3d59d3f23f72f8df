/**
 * The way from the event store to Kafka under faults, on a real Postgres and a real broker: a transaction that commits
 * after younger ones, two relays, `kill -9` of the one that leads. Events are written as the command service writes them;
 * what must hold: every event is in the log, first occurrences of each aggregate in the order of its versions.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import pg from 'pg'
import { openKafka } from '../../platform/kafka/kafkajs/port.ts'
import type { KafkaPort } from '../../platform/kafka/port.ts'
import { beginAs } from '../../producers/event-store/database.ts'
import { migrate } from '../../producers/migrate.ts'
import { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { openRegistry } from '../../schemas/registry.ts'
import { PARTITIONS, TOPICS } from '../../schemas/topics.ts'
import { partitionOf } from '../../schemas/values/partition.ts'
import { eventually, freshTenant } from '../support/http.ts'
import { describeStack } from '../support/stack.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

describeStack(
  'the relay',
  ['databaseUrl', 'databaseOwnerUrl', 'kafkaBrokers', 'schemaRegistryUrl'],
  (stack) => {
    const relays = new Map<string, ChildProcess>()
    const clients: pg.Client[] = []
    let kafka: KafkaPort
    let codec: RecordCodec
    let from: readonly number[] = []

    /** A relay process; its name is how Postgres tells who leads. */
    function startRelay(name: string): void {
      const url = new URL(stack.databaseUrl)
      url.searchParams.set('application_name', name)
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', 'producers/relay-main.ts'],
        {
          cwd: ROOT,
          stdio: 'ignore',
          env: {
            PATH: process.env['PATH'],
            DATABASE_URL: url.href,
            KAFKA_BROKERS: stack.kafkaBrokers,
            SCHEMA_REGISTRY_URL: stack.schemaRegistryUrl,
            ADMIN_PORT: '0',
            LOG_LEVEL: 'silent',
          },
        },
      )
      relays.set(name, child)
    }

    const client = async () => {
      const made = new pg.Client({ connectionString: stack.databaseUrl })
      await made.connect()
      clients.push(made)
      return made
    }
    /** One session for all questions about who leads. */
    let asking: Promise<pg.Client> | undefined
    const ask = async () => (asking ??= client())

    /** Name of the relay that holds the lock: one of ours, or the stack's own. */
    async function leader(): Promise<string | undefined> {
      const { rows } = await (await ask()).query<{ name: string }>(
        `select a.application_name as name from pg_locks l join pg_stat_activity a on a.pid = l.pid
       where l.locktype = 'advisory' and l.granted and a.datname = current_database() and l.objsubid = 1
       and (l.classid::bigint << 32) + l.objid::bigint = 7311420001`,
      )
      return rows[0]?.name
    }

    /** Ends the session of a relay that is not ours (the stack's own), so that one of those in line leads. */
    async function depose(name: string): Promise<void> {
      await (await ask()).query(
        'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and datname = current_database()',
        [name],
      )
    }

    /** What the command service writes for one event, without the decision before it. */
    const write = (session: pg.Client, tenant: string, aggregate: string, version: number) =>
      session.query(
        `with e as (
         insert into finance.event_store (tenant_id, aggregate_type, aggregate_id, version, event_id, event_type,
           schema_version, event_data, metadata, occurred_at, recorded_at)
         values ($1, 'invoice', $2, $3, gen_random_uuid(), 'InvoiceCancelled', 1,
           '{"cancelledDate": 20000, "reason": ""}', '{"actor": "user:test"}', now(), now()) returning position)
       insert into finance.outbox (position, tenant_id) select position, $1 from e returning position`,
        [tenant, aggregate, version],
      )

    /** aggregate:version of a tenant's records, in the order of the log. */
    async function published(tenant: string): Promise<string[]> {
      const partition = partitionOf(tenant, PARTITIONS)
      const found: string[] = []
      for await (const batch of kafka.readPartition({
        topic: TOPICS.events,
        partition,
        from: from[partition] ?? 0,
      })) {
        for (const record of batch.records) {
          const decoded = codec.decodeEvent(record.value)
          if (decoded.ok && decoded.data.tenantId === tenant) {
            found.push(`${decoded.data.aggregateId}:${decoded.data.aggregateVersion}`)
          }
        }
      }
      return found
    }

    beforeAll(async () => {
      await migrate(stack.databaseOwnerUrl)
      kafka = openKafka({ brokers: stack.kafkaBrokers.split(','), clientId: 'nikash-test-relay' })
      codec = await RecordCodec.open(openRegistry(stack.schemaRegistryUrl))
      const admin = await kafka.admin()
      from = (
        await admin.bounds(
          TOPICS.events,
          Array.from({ length: PARTITIONS }, (_, p) => p),
        )
      ).map((one) => one.high)
      await admin.close()
      startRelay('test-relay-a')
      startRelay('test-relay-b')
      await eventually('a relay to lead', async () => expect(await leader()).toBeDefined())
    }, 60_000)
    afterAll(async () => {
      for (const relay of relays.values()) relay.kill('SIGKILL')
      await Promise.all(clients.map((one) => one.end()))
      await kafka.close()
    })

    it('publishes an event whose transaction commits after those that took later positions', async () => {
      const tenant = freshTenant('late')
      const [slow, quick] = [await client(), await client()]
      await slow.query(beginAs(tenant))
      const { rows } = await write(slow, tenant, 'slow', 1)
      for (let version = 1; version <= 5; version++) {
        await quick.query(beginAs(tenant))
        const later = await write(quick, tenant, 'quick', version)
        expect(Number(later.rows[0]?.position)).toBeGreaterThan(Number(rows[0]?.position))
        await quick.query('commit')
      }
      const quicks = [1, 2, 3, 4, 5].map((version) => `quick:${version}`)
      await eventually('the later events', async () => expect(await published(tenant)).toEqual(quicks))
      await slow.query('commit')
      await eventually('the late event', async () =>
        expect(await published(tenant)).toEqual([...quicks, 'slow:1']),
      )
    }, 60_000)

    it('keeps the versions of an aggregate in order when the older transaction id writes the later version', async () => {
      const tenant = freshTenant('order')
      const [early, other, open] = [await client(), await client(), await client()]
      // `early` takes its transaction id first, then waits while another writes version 1; a third stays open throughout.
      await early.query(beginAs(tenant))
      await early.query('select pg_current_xact_id()')
      await open.query(beginAs(tenant))
      await open.query('select pg_current_xact_id()')
      await other.query(beginAs(tenant))
      await write(other, tenant, 'x', 1)
      await other.query('commit')
      await write(early, tenant, 'x', 2)
      await early.query('commit')
      await eventually('both versions, though a transaction is open', async () => {
        expect(await published(tenant)).toEqual(['x:1', 'x:2'])
      })
      await open.query('rollback')
    }, 60_000)

    it('loses and reorders nothing when the leading relay is killed again and again in mid-work', async () => {
      const tenant = freshTenant('kill')
      const writer = await client()
      const versions = 150
      const aggregates = 20
      const tick = () => new Promise((resolve) => setTimeout(resolve, 2))
      let written = 0
      let stopped = false
      /** The writer waits here until one of our relays leads, so that each kill finds it writing. */
      let gate = versions * 0.2
      const writing = (async () => {
        for (let version = 1; version <= versions && !stopped; version++) {
          while (version > gate && !stopped) await tick()
          await writer.query(beginAs(tenant))
          for (let a = 0; a < aggregates; a++) await write(writer, tenant, `a${a}`, version)
          await writer.query('commit')
          written = version
        }
      })()
      const killed: string[] = []
      try {
        for (const share of [0.2, 0.5, 0.8]) {
          while (written < versions * share) await tick()
          await eventually('one of our relays to lead', async () => {
            const leading = await leader()
            if (leading !== undefined && !relays.has(leading)) await depose(leading)
            expect(relays.has(leading ?? '')).toBe(true)
          })
          gate = versions * (share + 0.3)
          while (written < versions * share + 5) await tick()
          const name = (await leader()) ?? ''
          const victim = relays.get(name)
          if (!victim) break
          victim.kill('SIGKILL')
          relays.delete(name)
          killed.push(`${name} at ${written}`)
          expect(written).toBeLessThan(versions)
          startRelay(`test-relay-${killed.length + 2}`)
        }
        await writing
      } finally {
        stopped = true
        await writing
      }
      expect(killed).toHaveLength(3)
      await eventually(
        'every event to be in the log',
        async () => expect(new Set(await published(tenant)).size).toBe(versions * aggregates),
        60_000,
      )
      const firsts = [...new Set(await published(tenant))]
      for (let a = 0; a < aggregates; a++) {
        const mine = firsts.filter((one) => one.startsWith(`a${a}:`)).map((one) => Number(one.split(':')[1]))
        expect(mine).toEqual(Array.from({ length: versions }, (_, i) => i + 1))
      }
    }, 180_000)
  },
)
