import { afterEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { pino } from 'pino'
import { MemoryBroker } from '../../../../platform/kafka/memory/broker.ts'
import { MemoryKafka } from '../../../../platform/kafka/memory/port.ts'
import type { OutboxSession } from '../../../../producers/outbox/outbox.ts'
import { type OutboxRow, recordsOfRow } from '../../../../producers/outbox/records.ts'
import { Relay } from '../../../../producers/outbox/relay.ts'
import { RecordCodec } from '../../../../schemas/codec/event-codec.ts'
import { MemoryRegistry } from '../../../../schemas/codec/memory-registry.ts'
import { CATALOGUE, PARTITIONS, TOPICS } from '../../../../schemas/topics.ts'
import { partitionOf } from '../../../../schemas/values/partition.ts'

const codec = await RecordCodec.open(new MemoryRegistry())
const log = pino({ level: 'silent' })

/** The table of waiting rows, and sessions on it as Postgres gives them: the leader's lock ends with its session. */
class MemoryOutbox {
  readonly rows = new Map<number, OutboxRow>()
  readonly sessions = new Set<Session>()
  leader: Session | undefined
  removeFails = 0

  add(...rows: readonly OutboxRow[]): void {
    for (const row of rows) this.rows.set(row.position, row)
    for (const session of this.sessions) session.wake()
  }

  open(): Promise<OutboxSession> {
    const session = new Session(this)
    this.sessions.add(session)
    return Promise.resolve(session)
  }
}

class Session implements OutboxSession {
  readonly #table: MemoryOutbox
  ended = false
  #wake: () => void = () => {}
  constructor(table: MemoryOutbox) {
    this.#table = table
  }
  #check(): void {
    if (this.ended) throw new Error('the session ended')
  }
  async tryLead(): Promise<boolean> {
    await Promise.resolve()
    this.#check()
    this.#table.leader ??= this
    return this.#table.leader === this
  }
  async read(limit: number, underWay: readonly number[], stuck: readonly string[]): Promise<OutboxRow[]> {
    await new Promise((resolve) => setImmediate(resolve))
    this.#check()
    return [...this.#table.rows.values()]
      .filter((row) => !underWay.includes(row.position) && !stuck.includes(row.tenantId))
      .toSorted((a, b) => a.position - b.position)
      .slice(0, limit)
  }
  async remove(positions: readonly number[]): Promise<void> {
    await Promise.resolve()
    this.#check()
    if (this.#table.removeFails-- > 0) throw new Error('the connection broke before the rows were deleted')
    for (const position of positions) this.#table.rows.delete(position)
  }
  async wait(ms: number): Promise<void> {
    this.#check()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#check()
  }
  wake(): void {
    this.#wake()
  }
  close(): Promise<void> {
    this.ended = true
    this.#table.sessions.delete(this)
    if (this.#table.leader === this) this.#table.leader = undefined
    return Promise.resolve()
  }
}

const row = (position: number, more: Partial<OutboxRow> = {}): OutboxRow => ({
  position,
  tenantId: 'acme',
  aggregateType: 'invoice',
  aggregateId: 'i-1',
  version: position,
  eventId: `01a20000-0000-7000-8000-${String(position).padStart(12, '0')}`,
  eventType: 'InvoiceCancelled',
  schemaVersion: 1,
  data: { cancelledDate: 20_000, reason: 'twice' },
  metadata: {
    actor: 'user:me',
    correlationId: 'req-1',
    causationId: null,
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  },
  occurredAtMs: 1_000,
  recordedAtMs: 2_000,
  insertedAtMs: Date.now(),
  ...more,
})

const running: { relay: Relay; done: Promise<void> }[] = []
afterEach(async () => {
  for (const { relay, done } of running.splice(0)) {
    await relay.stop()
    await done
  }
})

function start(outbox: MemoryOutbox, kafka: MemoryKafka, more: { batchRowsMax?: number } = {}): Relay {
  const relay = new Relay({
    openOutbox: () => outbox.open(),
    kafka,
    encoder: codec,
    log,
    nowMs: () => Date.now(),
    pollMs: 20,
    standbyMs: 5,
    backoffMs: [1],
    ...more,
  })
  running.push({ relay, done: relay.run() })
  return relay
}

function brokerWithTopics(): MemoryBroker {
  const broker = new MemoryBroker()
  for (const spec of CATALOGUE) broker.createTopic(spec.name, spec.partitions, spec.config)
  return broker
}

/** Versions in the partition's order. */
function published(broker: MemoryBroker, partition = partitionOf('acme', PARTITIONS)): number[] {
  const { records } = broker.log(TOPICS.events, partition).read(0, { maxRecords: 10_000 })
  return records.map((record) => {
    const decoded = codec.decodeEvent(record.value)
    if (!decoded.ok) throw new Error(decoded.message)
    return Number(decoded.data.aggregateVersion)
  })
}
const firsts = (list: readonly number[]): number[] => [...new Set(list)]

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    if (i > 400) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe('the relay', () => {
  it('publishes what waits, in order, and empties the outbox', async () => {
    const [outbox, broker] = [new MemoryOutbox(), brokerWithTopics()]
    outbox.add(row(1), row(2), row(3))
    start(outbox, new MemoryKafka(broker))
    await until(() => outbox.rows.size === 0)
    outbox.add(row(4))
    await until(() => outbox.rows.size === 0)
    expect(published(broker)).toEqual([1, 2, 3, 4])
  })

  it('publishes a row that became visible after later ones', async () => {
    const [outbox, broker] = [new MemoryOutbox(), brokerWithTopics()]
    outbox.add(row(11, { aggregateId: 'b' }))
    start(outbox, new MemoryKafka(broker))
    await until(() => outbox.rows.size === 0)
    outbox.add(row(10, { aggregateId: 'a' }))
    await until(() => outbox.rows.size === 0)
    expect(published(broker)).toEqual([11, 10])
  })

  it('sends again what Kafka did not take, and loses nothing', async () => {
    const [outbox, broker] = [new MemoryOutbox(), brokerWithTopics()]
    const kafka = new MemoryKafka(broker)
    let failures = 3
    kafka.onCall = (name, phase) => {
      if (name === 'send' && phase === 'before' && failures-- > 0) throw new Error('no broker')
    }
    outbox.add(row(1), row(2))
    start(outbox, kafka)
    await until(() => outbox.rows.size === 0)
    expect(published(broker)).toEqual([1, 2])
  })

  it.each([
    ['the acknowledgement is lost', 'ack'],
    ['it dies between acknowledgement and deletion', 'remove'],
  ])('sends twice, under the same event ids, when %s', async (_what, where) => {
    const [outbox, broker] = [new MemoryOutbox(), brokerWithTopics()]
    const kafka = new MemoryKafka(broker)
    let failures = 1
    if (where === 'remove') outbox.removeFails = 1
    else {
      kafka.onCall = (name, phase) => {
        if (name === 'send' && phase === 'after' && failures-- > 0) throw new Error('timed out')
      }
    }
    outbox.add(row(1), row(2))
    start(outbox, kafka)
    await until(() => outbox.rows.size === 0)
    expect(published(broker)).toEqual([1, 2, 1, 2])
  })

  it('lets one of two lead, and the other take over at once when its session ends', async () => {
    const [outbox, broker] = [new MemoryOutbox(), brokerWithTopics()]
    const first = start(outbox, new MemoryKafka(broker))
    await until(() => first.leading)
    const second = start(outbox, new MemoryKafka(broker))
    outbox.add(row(1))
    await until(() => outbox.rows.size === 0)
    expect([first.leading, second.leading]).toEqual([true, false])
    await first.stop()
    await until(() => second.leading)
    outbox.add(row(2))
    await until(() => outbox.rows.size === 0)
    expect(published(broker)).toEqual([1, 2])
  })

  it('keeps first occurrences in order whatever fails, in batches of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('ok', 'before', 'after', 'remove'), { maxLength: 8 }),
        fc.integer({ min: 1, max: 4 }),
        async (faults, batchRowsMax) => {
          const [outbox, broker] = [new MemoryOutbox(), brokerWithTopics()]
          const kafka = new MemoryKafka(broker)
          const script = [...faults]
          kafka.onCall = (name, phase) => {
            if (name !== 'send') return
            if (script[0] === 'remove' && phase === 'after') outbox.removeFails = 1
            if (script[0] === phase) {
              script.shift()
              throw new Error('a fault')
            }
            if (phase === 'after') script.shift()
          }
          outbox.add(...[1, 2, 3, 4, 5, 6, 7].map((position) => row(position)))
          const relay = new Relay({
            openOutbox: () => outbox.open(),
            kafka,
            encoder: codec,
            log,
            nowMs: () => Date.now(),
            pollMs: 2,
            standbyMs: 1,
            backoffMs: [1],
            batchRowsMax,
          })
          const done = relay.run()
          try {
            await until(() => outbox.rows.size === 0)
          } finally {
            await relay.stop()
            await done
          }
          expect(firsts(published(broker))).toEqual([1, 2, 3, 4, 5, 6, 7])
        },
      ),
      { numRuns: 12 },
    )
  }, 20_000)

  it('holds back the tenant of a row that cannot be encoded, and nobody else', async () => {
    const [outbox, broker] = [new MemoryOutbox(), brokerWithTopics()]
    outbox.add(row(1, { data: { cancelledDate: 'no day' } }), row(2), row(3, { tenantId: 'other' }))
    const relay = start(outbox, new MemoryKafka(broker))
    await until(() => outbox.rows.size === 2)
    expect(published(broker, partitionOf('other', PARTITIONS))).toEqual([3])
    expect(relay.stuckTenants).toBe(1)
    expect([...outbox.rows.keys()]).toEqual([1, 2])
  })

  it('says how old the oldest row is while Kafka is away', async () => {
    const [outbox, broker] = [new MemoryOutbox(), brokerWithTopics()]
    const kafka = new MemoryKafka(broker)
    kafka.onCall = (name) => {
      if (name === 'send') throw new Error('no broker')
    }
    const relay = start(outbox, kafka)
    outbox.add(row(1, { insertedAtMs: Date.now() - 5_000 }))
    await until(() => relay.oldestAgeMs >= 5_000)
    kafka.onCall = undefined
    await until(() => outbox.rows.size === 0 && relay.oldestAgeMs === 0)
  })
})

describe('a published record', () => {
  it('has the tenant as key, its partition, and CloudEvents headers', () => {
    const [record, ...none] = recordsOfRow(row(7), codec)
    expect(none).toEqual([])
    expect(record).toMatchObject({
      topic: 'finance.events.v1',
      key: 'acme',
      partition: partitionOf('acme', 10),
      headers: {
        'content-type': 'application/avro',
        ce_specversion: '1.0',
        ce_id: '01a20000-0000-7000-8000-000000000007',
        ce_type: 'nikash.finance.v1.InvoiceCancelled',
        ce_subject: 'i-1',
        ce_time: '1970-01-01T00:00:01.000Z',
        traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      },
    })
    expect(codec.decodeEvent(record?.value ?? null)).toMatchObject({
      ok: true,
      type: 'InvoiceCancelled',
      data: {
        tenantId: 'acme',
        aggregateVersion: 7,
        actor: 'user:me',
        correlationId: 'req-1',
        cancelledDate: 20_000,
      },
    })
  })

  it('of all tenants goes to every partition', () => {
    const rate = row(1, {
      tenantId: '~',
      aggregateType: 'fx-rate',
      eventType: 'FxRateSet',
      data: {
        baseCurrency: 'USD',
        quoteCurrency: 'BDT',
        rate: '121.50000000',
        validFrom: 20_000,
        source: '',
      },
    })
    const records = recordsOfRow(rate, codec)
    expect(records.map((one) => [one.partition, one.key])).toEqual(
      Array.from({ length: 10 }, (_, p) => [p, '~']),
    )
    expect(codec.decodeEvent(records[9]?.value ?? null)).toMatchObject({ data: { rate: 12_150_000_000n } })
  })
})
