import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals'
import { Redis } from 'ioredis'
import { createMetrics } from '../../platform/metrics.ts'
import type { MemoryBroker } from '../../platform/kafka/memory/broker.ts'
import { MemoryKafka } from '../../platform/kafka/memory/port.ts'
import type { RecordCodec } from '../../schemas/codec/event-codec.ts'
import type { AgingResult, KpiResult } from '../../schemas/generated/records.ts'
import { DLQ_HEADERS, dlqOf, TOPICS } from '../../schemas/topics.ts'
import { parseDay } from '../../schemas/values/calendar.ts'
import {
  type FeedEntry,
  keysOf,
  parseAging,
  parseFeedEntry,
  parseKpiWindow,
  parseRunId,
  parseSequences,
  positionKey,
} from '../../sinks/redis/contract.ts'
import { RedisSink } from '../../sinks/redis/sink.ts'
import { sinkMetrics } from '../../sinks/runtime/metrics.ts'
import { describeStack } from '../support/stack.ts'
import { homeOf, LIMITS, makeBroker, openCodec, quietLog, until } from '../unit/sinks/support/harness.ts'

const T = 'acme'
const TOPIC = TOPICS.results
const GROUP = 'nikash-sink-redis'
const home = homeOf(T)
const keys = keysOf(T)

interface Stamp {
  readonly epoch?: number
  readonly revision: number
}

const kpi = (cash: string, { epoch = 1, revision }: Stamp, asOf = '2026-11-23'): KpiResult => ({
  tenantId: T,
  family: 'kpi',
  slice: '',
  kind: 'CURRENT',
  epoch,
  revision,
  asOf: parseDay(asOf),
  logTime: 1_700_000_000_000 + revision,
  currency: 'BDT',
  windows: ['30d', 'fy'].map((window) => ({
    window,
    fromDate: parseDay('2026-10-25'),
    toDate: parseDay(asOf),
    partial: window === 'fy',
    measures: [
      {
        name: 'cashReceived',
        value: cash,
        unit: 'BDT',
        reason: null,
        previous: '1.00',
        change: null,
        inputs: { receipts: cash },
        lastYear: null,
        changeLastYear: null,
      },
      {
        name: 'dso',
        value: null,
        unit: 'days',
        reason: 'zero_denominator',
        previous: null,
        change: null,
        inputs: {},
        lastYear: null,
        changeLastYear: null,
      },
    ],
  })),
})

const buckets = (current: bigint) => ({ current, days1To30: 0n, days31To60: 0n, days61To90: 0n, over90: 0n })

const aging = (slice: string, open: bigint, { epoch = 1, revision }: Stamp): AgingResult => ({
  tenantId: T,
  family: 'aging.receivables',
  slice,
  kind: 'CURRENT',
  epoch,
  revision,
  asOf: parseDay('2026-11-23'),
  logTime: 1_700_000_000_000,
  currency: 'BDT',
  customerName: slice === '' ? '' : `Customer "${slice}" চন্দ্র`,
  due: buckets(open),
  posting: buckets(open),
  unapplied: -5_000n,
  disputed: 0n,
  total: open - 5_000n,
  openItems: 1,
})

describeStack('redis sink', ['redisUrl'], (stack) => {
  let redis: Redis
  let broker: MemoryBroker
  let codec: RecordCodec
  let running: { sink: RedisSink; kafka: MemoryKafka }[] = []
  // A database of our own on the server: what the running stack keeps is in number 0.
  const url = `${stack.redisUrl}/9`

  const produce = (...results: readonly (KpiResult | AgingResult)[]) =>
    broker.append(
      results.map((result) => ({
        topic: TOPIC,
        partition: home,
        key: `${result.tenantId}|${result.family}|${result.slice}`,
        value: 'windows' in result ? codec.encode('KpiResult', result) : codec.encode('AgingResult', result),
      })),
    )
  const tombstone = (slice: string) =>
    broker.append([{ topic: TOPIC, partition: home, key: `${T}|aging.receivables|${slice}`, value: null }])

  async function start(): Promise<{ sink: RedisSink; kafka: MemoryKafka }> {
    const kafka = new MemoryKafka(broker)
    const sink = new RedisSink({
      kafka,
      admin: await kafka.admin(),
      codec,
      url,
      metrics: sinkMetrics(createMetrics('test')),
      log: quietLog,
      limits: { ...LIMITS, intervalMs: 0 },
      onFatal: (error) => {
        throw error
      },
    })
    await sink.start()
    const one = { sink, kafka }
    running.push(one)
    return one
  }

  const position = async () => Number((await redis.hgetall(positionKey(TOPIC, home)))['offset'] ?? -1)
  const end = () => broker.log(TOPIC, home).next
  const caughtUp = () =>
    until('all of the topic is applied', async () => {
      const { offset, whole } = await redis.hgetall(positionKey(TOPIC, home))
      return Number(offset) === end() && whole === '1'
    })
  const feed = async (): Promise<FeedEntry[]> =>
    (await redis.xrange(keys.feed, '-', '+')).map(([, fields]) => parseFeedEntry(fields) as FeedEntry)
  const runId = async () => parseRunId(await redis.info('server'))

  beforeAll(async () => {
    redis = new Redis(url)
    codec = await openCodec()
  })
  afterAll(() => redis.disconnect())
  beforeEach(async () => {
    await redis.flushdb()
    broker = makeBroker()
    running = []
  })
  afterEach(async () => {
    for (const { sink } of running) await sink.stop()
  })

  it('writes a cut as values, one feed entry per channel, and marks the tenant whole', async () => {
    await start()
    produce(
      kpi('10.00', { revision: 7 }),
      aging('', 1_000_000n, { revision: 7 }),
      aging('c1', 1_000_000n, { revision: 7 }),
    )
    await caughtUp()
    const month = parseKpiWindow(await redis.hgetall(keys.kpi('30d')))
    expect(month?.meta).toEqual({
      tenantId: T,
      asOf: '2026-11-23',
      from: '2026-10-25',
      to: '2026-11-23',
      partial: false,
      currency: 'BDT',
      logTime: 1_700_000_000_007,
      epoch: 1,
      revision: 7,
    })
    expect(month?.measures).toEqual({
      cashReceived: {
        value: '10.00',
        unit: 'BDT',
        previous: '1.00',
        inputs: { receipts: '10.00' },
        epoch: 1,
        revision: 7,
      },
      dso: { value: null, unit: 'days', reason: 'zero_denominator', inputs: {}, epoch: 1, revision: 7 },
    })
    const ages = parseAging(await redis.hgetall(keys.aging))
    expect(ages?.total).toMatchObject({
      due: ['100.00', '0.00', '0.00', '0.00', '0.00'],
      unapplied: '-0.50',
      total: '99.50',
    })
    expect(ages?.customers.get('c1')?.customerName).toBe('Customer "c1" চন্দ্র')
    const entries = await feed()
    expect(entries.map(({ channel, seq }) => [channel, seq])).toEqual([
      ['kpi', 1],
      ['aging', 1],
    ])
    expect(entries[0]?.data).toMatchObject({
      windows: { '30d': { meta: { revision: 7 }, measures: { dso: { value: null } } } },
    })
    expect(entries[1]?.data).toMatchObject({
      slices: { total: { revision: 7 }, 'customer:c1': { openItems: 1 } },
    })
    await until('whole', async () => (await redis.get(keys.sync)) === (await runId()))
  })

  it('puts into the feed what changed and nothing else, with a sequence that has no gaps', async () => {
    await start()
    for (let revision = 1; revision <= 19; revision++) {
      const changed = revision % 3 === 0
      produce(kpi(changed ? `${revision}.00` : '1.00', { revision }))
      if (changed) produce(aging('c1', BigInt(revision) * 10_000n, { revision }))
      await caughtUp()
    }
    const entries = await feed()
    for (const channel of ['kpi', 'aging'] as const) {
      const seqs = entries.filter((entry) => entry.channel === channel).map((entry) => entry.seq)
      expect(seqs).toEqual(seqs.map((_, i) => i + 1))
    }
    const last = entries.findLast((entry) => entry.channel === 'kpi') as FeedEntry
    // Revision 19 goes back to 1.00 in both windows; dso stayed as it was.
    const { windows } = last.data as { windows: Record<string, { measures: object }> }
    expect(Object.keys(windows['30d']?.measures ?? {})).toEqual(['cashReceived'])
    const sequences = parseSequences(await redis.hgetall(keys.seq))
    expect(sequences?.last).toEqual({ kpi: 19, aging: 6, alerts: 0 })
    expect(new Set(entries.map((entry) => entry.epoch))).toEqual(new Set([sequences?.epoch]))
  })

  it('gives a snapshot and the entries after it that are together what is there at the end', async () => {
    await start()
    const state = new Map<string, string>()
    let seen = 0
    for (let revision = 1; revision <= 30; revision++) {
      produce(kpi(`${revision % 4}.00`, { revision }))
      if (revision === 10) {
        await caughtUp()
        const [values, sequence] =
          (await redis.multi().hgetall(keys.kpi('30d')).hgetall(keys.seq).exec()) ?? []
        for (const [field, json] of Object.entries(values?.[1] as Record<string, string>))
          state.set(field, json)
        seen = parseSequences((sequence?.[1] ?? {}) as Record<string, string>)?.last.kpi ?? 0
      }
    }
    await caughtUp()
    for (const entry of await feed()) {
      if (entry.seq <= seen) continue
      expect(entry.seq).toBe(++seen)
      const { windows } = entry.data as {
        windows: Record<string, { meta: object; measures: Record<string, object> }>
      }
      state.set('_meta', JSON.stringify(windows['30d']?.meta))
      for (const [name, value] of Object.entries(windows['30d']?.measures ?? {}))
        state.set(name, JSON.stringify(value))
    }
    const contents = (entries: Iterable<[string, string]>) =>
      Object.fromEntries(
        [...entries].map(([field, json]) => {
          const {
            epoch: _epoch,
            revision: _revision,
            ...content
          } = JSON.parse(json) as Record<string, unknown>
          return [field, content]
        }),
      )
    expect(contents(state)).toEqual(contents(Object.entries(await redis.hgetall(keys.kpi('30d')))))
  })

  it('refuses an older revision and an older epoch, and takes a lower revision of a higher epoch', async () => {
    await start()
    produce(kpi('50.00', { epoch: 2, revision: 50 }), aging('c1', 50n, { epoch: 2, revision: 50 }))
    await caughtUp()
    const before = await feed()
    produce(
      kpi('40.00', { epoch: 2, revision: 40 }),
      kpi('60.00', { epoch: 1, revision: 60 }),
      aging('c1', 60n, { epoch: 1, revision: 60 }),
    )
    await caughtUp()
    expect(await feed()).toEqual(before)
    produce(kpi('3.00', { epoch: 3, revision: 3 }))
    await caughtUp()
    expect(parseKpiWindow(await redis.hgetall(keys.kpi('fy')))?.measures['cashReceived']).toMatchObject({
      value: '3.00',
      epoch: 3,
      revision: 3,
    })
  })

  it('keeps payables beside receivables, in one entry of the same channel, each with its own tombstones', async () => {
    const { sink } = await start()
    const owed = (slice: string, open: bigint, stamp: Stamp): AgingResult => ({
      ...aging(slice, open, stamp),
      family: 'aging.payables',
    })
    // A vendor with the id of a customer.
    produce(
      aging('', 10_000n, { revision: 1 }),
      aging('c1', 10_000n, { revision: 1 }),
      owed('', 70_000n, { revision: 1 }),
      owed('c1', 70_000n, { revision: 1 }),
    )
    await caughtUp()
    const of = async (key: string) => parseAging(await redis.hgetall(key))
    expect((await of(keys.aging))?.customers.get('c1')).toMatchObject({ total: '0.50' })
    const vendor = (await of(keys.payables))?.customers.get('c1')
    expect(vendor).toMatchObject({ total: '6.50', due: ['7.00', '0.00', '0.00', '0.00', '0.00'] })
    expect(vendor?.vendorName).toContain('c1')
    expect(vendor).not.toHaveProperty('customerName')
    expect(await redis.hkeys(keys.payables)).toEqual(expect.arrayContaining(['total', 'vendor:c1']))
    expect((await feed()).map(({ channel, seq }) => [channel, seq])).toEqual([['aging', 1]])
    expect((await feed())[0]?.data).toMatchObject({
      slices: { 'customer:c1': { total: '0.50' } },
      payables: { total: { total: '6.50' }, 'vendor:c1': { total: '6.50' } },
    })
    broker.append([{ topic: TOPIC, partition: home, key: `${T}|aging.payables|c1`, value: null }])
    await caughtUp()
    expect([await redis.hlen(keys.aging), await redis.hkeys(keys.payables)]).toEqual([2, ['total']])
    expect((await feed()).at(-1)?.data).toEqual({ slices: {}, payables: { 'vendor:c1': null } })
    // Everything once more, from the start: what is older does not bring it back.
    const before = await feed()
    await sink.stop()
    running = []
    await redis.del(positionKey(TOPIC, home))
    await start()
    await caughtUp()
    expect([await redis.hlen(keys.aging), await redis.hkeys(keys.payables)]).toEqual([2, ['total']])
    expect(await feed()).toEqual(before)
  })

  it('takes a customer away by a tombstone, and what is older does not bring it back', async () => {
    const { sink } = await start()
    produce(aging('', 10n, { revision: 1 }), aging('c1', 10n, { revision: 1 }))
    await caughtUp()
    tombstone('c1')
    await caughtUp()
    expect(await redis.hexists(keys.aging, 'customer:c1')).toBe(0)
    expect((await feed()).at(-1)?.data).toMatchObject({ slices: { 'customer:c1': null } })
    // Everything once more, from the start.
    const before = await feed()
    await sink.stop()
    running = []
    await redis.del(positionKey(TOPIC, home))
    await start()
    await caughtUp()
    expect(await redis.hexists(keys.aging, 'customer:c1')).toBe(0)
    expect(await feed()).toEqual(before)
    produce(aging('c1', 30n, { revision: 9 }))
    await caughtUp()
    expect(await redis.hexists(keys.aging, 'customer:c1')).toBe(1)
  })

  it('writes no feed entry when the whole topic is redone and nothing is missing', async () => {
    const { sink } = await start()
    for (let revision = 1; revision <= 5; revision++)
      produce(kpi(`${revision}.00`, { revision }), aging('c1', BigInt(revision), { revision }))
    await caughtUp()
    const before = {
      feed: await feed(),
      seq: await redis.hgetall(keys.seq),
      values: await redis.hgetall(keys.kpi('30d')),
    }
    await sink.stop()
    running = []
    await redis.del(positionKey(TOPIC, home))
    await start()
    await caughtUp()
    expect({
      feed: await feed(),
      seq: await redis.hgetall(keys.seq),
      values: await redis.hgetall(keys.kpi('30d')),
    }).toEqual(before)
  })

  it('puts back a single key that somebody deleted when the topic is redone', async () => {
    const { sink } = await start()
    produce(kpi('5.00', { revision: 5 }), aging('', 5n, { revision: 5 }))
    await caughtUp()
    await sink.stop()
    running = []
    await redis.del(positionKey(TOPIC, home), keys.kpi('fy'), keys.aging)
    await start()
    await caughtUp()
    expect(parseKpiWindow(await redis.hgetall(keys.kpi('fy')))?.meta.revision).toBe(5)
    expect(parseAging(await redis.hgetall(keys.aging))?.total.revision).toBe(5)
  })

  it('rebuilds a flushed Redis while nothing new comes, under a new sequence epoch', async () => {
    await start()
    produce(kpi('5.00', { revision: 5 }), aging('', 5n, { revision: 5 }), aging('c1', 5n, { revision: 5 }))
    await caughtUp()
    await until('whole', async () => (await redis.get(keys.sync)) !== null)
    const before = parseSequences(await redis.hgetall(keys.seq))
    await redis.flushdb()
    await caughtUp()
    await until('whole again', async () => (await redis.get(keys.sync)) === (await runId()))
    expect(parseAging(await redis.hgetall(keys.aging))?.customers.size).toBe(1)
    const after = parseSequences(await redis.hgetall(keys.seq))
    expect(after?.epoch).not.toBe(before?.epoch)
  })

  it('never marks a tenant whole that has only what came after a flush', async () => {
    await start()
    produce(aging('', 5n, { revision: 5 }), aging('old', 5n, { revision: 5 }))
    await caughtUp()
    await redis.flushdb()
    produce(aging('', 6n, { revision: 6 }), aging('new', 6n, { revision: 6 }))
    await until('whole', async () => (await redis.get(keys.sync)) !== null)
    const ages = parseAging(await redis.hgetall(keys.aging))
    expect([...(ages?.customers.keys() ?? [])].sort()).toEqual(['new', 'old'])
    await caughtUp()
  })

  it('starts over when a rebuild was cut short', async () => {
    produce(aging('', 5n, { revision: 5 }), aging('c1', 5n, { revision: 5 }))
    const topicId = broker.describe(TOPIC).topicId
    await redis.hset(positionKey(TOPIC, home), { offset: 1, runId: await runId(), topicId, whole: 0 })
    await start()
    await caughtUp()
    expect(parseAging(await redis.hgetall(keys.aging))?.total.revision).toBe(5)
  })

  it('goes on from its position after a restart, and from the start for another run of the server', async () => {
    const first = await start()
    produce(kpi('1.00', { revision: 1 }))
    await caughtUp()
    await first.sink.stop()
    running = []
    produce(kpi('2.00', { revision: 2 }))
    await start()
    await caughtUp()
    expect(await position()).toBe(2)
    await redis.hset(positionKey(TOPIC, home), { runId: 'another' })
    await until('noticed', async () => (await redis.hget(positionKey(TOPIC, home), 'runId')) !== 'another')
    await caughtUp()
    expect((await feed()).map((entry) => entry.seq)).toEqual([1, 2])
  })

  it('sends what it cannot read to the dead letters once, and goes on', async () => {
    const { sink } = await start()
    broker.append([
      { topic: TOPIC, partition: home, key: `${T}|kpi|`, value: Buffer.from('no avro') },
      {
        topic: TOPIC,
        partition: home,
        key: 'no key of ours',
        value: codec.encode('KpiResult', kpi('1.00', { revision: 1 })),
      },
    ])
    produce(kpi('2.00', { revision: 2 }))
    await caughtUp()
    const letters = () => broker.log(dlqOf(TOPIC), home).read(0, { maxRecords: 10 }).records
    const codes = () => letters().map((letter) => String(letter.headers[DLQ_HEADERS.code]))
    expect(codes()).toEqual(['bad_magic', 'bad_key'])
    await until('committed', () => broker.committed(GROUP, TOPIC, home).offset === 3)
    await sink.stop()
    running = []
    await redis.del(positionKey(TOPIC, home))
    await start()
    await caughtUp()
    expect(codes()).toEqual(['bad_magic', 'bad_key'])
  })

  it('replaces a delta that is too large for the feed by a reset', async () => {
    await start()
    produce(
      ...Array.from({ length: 900 }, (_, i) =>
        aging(`customer-${i}-${'x'.repeat(200)}`, 5n, { revision: 1 }),
      ),
    )
    await caughtUp()
    const resets = (await feed()).filter(({ data }) => 'reset' in data)
    expect(resets.length).toBeGreaterThan(0)
    expect(await redis.hlen(keys.aging)).toBe(900)
  })

  it('keeps tenants apart: each in its own keys', async () => {
    await start()
    const other = ['b', 'c', 'd', 'e', 'f', 'g', 'h'].find((id) => homeOf(id) === home) ?? ''
    produce(kpi('1.00', { revision: 1 }), { ...kpi('9.00', { revision: 1 }), tenantId: other })
    await caughtUp()
    expect(parseKpiWindow(await redis.hgetall(keys.kpi('30d')))?.measures['cashReceived']?.value).toBe('1.00')
    expect(
      parseKpiWindow(await redis.hgetall(keysOf(other).kpi('30d')))?.measures['cashReceived']?.value,
    ).toBe('9.00')
  })
})
