/** The looking verbs over the in-memory adapter of the Kafka port. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import { canReplay, openLetters, settle } from '../../../deploy/cli/dead-letters.ts'
import { matches } from '../../../deploy/cli/decode.ts'
import { mergeByTime, sweep } from '../../../deploy/cli/records.ts'
import { parseFilter, topicNamed } from '../../../deploy/cli/tail.ts'
import { lagOf } from '../../../deploy/cli/lag.ts'
import { MemoryBroker } from '../../../platform/kafka/memory/broker.ts'
import { MemoryKafka } from '../../../platform/kafka/memory/port.ts'
import type { InputRecord } from '../../../platform/kafka/port.ts'
import { CATALOGUE, DLQ_HEADERS, TOPICS } from '../../../schemas/topics.ts'

let now = 1_000
let port: MemoryKafka
const DLQ = 'finance.events.v1.dlq'

beforeEach(async () => {
  now = 1_000
  port = new MemoryKafka(new MemoryBroker({ now: () => (now += 1) }))
  await (await port.admin()).createTopics(CATALOGUE)
})

const send = async (topic: string, partition: number, value: string, headers: Record<string, string> = {}) =>
  (await port.producer()).send([{ topic, partition, key: 'acme', value: Buffer.from(value), headers }])

const letter = (partition: number, value: string) =>
  send(DLQ, partition, value, {
    [DLQ_HEADERS.topic]: TOPICS.events,
    [DLQ_HEADERS.partition]: String(partition),
    [DLQ_HEADERS.offset]: '41',
    [DLQ_HEADERS.code]: 'undecodable',
    [DLQ_HEADERS.message]: 'the bytes end inside the record',
    traceparent: '00-abc-def-01',
  })

const readAll = async (topic: string): Promise<InputRecord[]> => {
  const positions = new Map(Array.from({ length: 10 }, (_, partition) => [partition, 0]))
  const found: InputRecord[] = []
  for (;;) {
    const { records, atEnd } = await sweep(port, topic, positions)
    found.push(...records)
    if (atEnd) return found
  }
}

describe('reading a topic', () => {
  it('shows every record once, in order of time, over more than one sweep', async () => {
    for (let n = 0; n < 2_500; n += 1) await send(TOPICS.events, n % 3, String(n))
    const values = (await readAll(TOPICS.events)).map((record) => record.value?.toString())
    expect(new Set(values).size).toBe(2_500)
    expect(values.slice(0, 1_000)).toEqual(Array.from({ length: 1_000 }, (_, n) => String(n)))
  })

  it('goes on where the last sweep ended', async () => {
    const positions = new Map([[0, 0]])
    await send(TOPICS.events, 0, 'a')
    expect((await sweep(port, TOPICS.events, positions)).records).toHaveLength(1)
    expect((await sweep(port, TOPICS.events, positions)).records).toHaveLength(0)
    await send(TOPICS.events, 0, 'b')
    expect((await sweep(port, TOPICS.events, positions)).records.map((r) => r.value?.toString())).toEqual([
      'b',
    ])
  })

  it('keeps the order of a partition even where its times go back', () => {
    const record = (partition: number, offset: number, timestamp: number): InputRecord => ({
      topic: 't',
      key: null,
      value: null,
      headers: {},
      partition,
      offset,
      timestamp,
    })
    const merged = mergeByTime([[record(0, 0, 9), record(0, 1, 3)], [record(1, 0, 5)]])
    expect(merged.map((r) => `${r.partition}:${r.offset}`)).toEqual(['1:0', '0:0', '0:1'])
  })
})

describe('dead letters', () => {
  it('are listed with where they came from and why, until they are settled', async () => {
    await letter(3, 'bad')
    await letter(5, 'worse')
    const letters = await openLetters(port, TOPICS.events)
    expect(letters).toMatchObject([
      { id: '3-0', code: 'undecodable', topic: TOPICS.events, partition: '3', offset: '41' },
      { id: '5-0' },
    ])
    await settle(port, letters.slice(0, 1), 'discarded', 'me')
    expect((await openLetters(port, TOPICS.events)).map(({ id }) => id)).toEqual(['5-0'])
  })

  it('are replayed with their key, bytes and own headers on their own partition, once', async () => {
    await letter(3, 'bad')
    await settle(port, await openLetters(port, TOPICS.events), 'replayed', 'me')
    const replayed = await readAll(TOPICS.events)
    expect(replayed).toHaveLength(1)
    expect(replayed[0]).toMatchObject({ partition: 3, key: Buffer.from('acme'), value: Buffer.from('bad') })
    expect(Object.keys(replayed[0]?.headers ?? {})).toEqual(['traceparent'])
    expect(await openLetters(port, TOPICS.events)).toEqual([])
  })

  it('stay open, and nothing is replayed, when the transaction fails', async () => {
    await letter(3, 'bad')
    port.onCall = (name, phase) => {
      if (name === 'commitTxn' && phase === 'before') throw new Error('no broker')
    }
    const open = await openLetters(port, TOPICS.events)
    await expect(settle(port, open, 'replayed', 'me')).rejects.toThrow('no broker')
    port.onCall = undefined
    expect(await openLetters(port, TOPICS.events)).toHaveLength(1)
    expect(await readAll(TOPICS.events)).toEqual([])
  })

  it('without a record of their own can be discarded but not replayed', async () => {
    await (await port.producer()).send([{ topic: DLQ, partition: 0, key: 'timer', value: null }])
    expect((await openLetters(port, TOPICS.events)).map(canReplay)).toEqual([false])
  })
})

describe('names and filters', () => {
  it.each([
    ['events', 'finance.events.v1'],
    ['events.dlq', 'finance.events.v1.dlq'],
    ['finance.results.v1', 'finance.results.v1'],
    ['other', 'other'],
  ])('reads the topic %s as %s', (name, topic) => {
    expect(topicNamed(name)).toBe(topic)
  })

  it('finds a value in the envelope, in the data and below', () => {
    const record = {
      topic: 't',
      partition: 3,
      offset: 7,
      timestamp: 'x',
      key: 'acme',
      type: 'InvoiceCreated',
      headers: {},
      data: { invoiceId: 'INV=1', total: '10.0000', lines: [{ sku: 'a' }] },
    }
    const hit = (text: string) => matches(record, parseFilter(text))
    expect(['partition=3', 'type=InvoiceCreated', 'invoiceId=INV=1', 'data.lines.0.sku=a'].map(hit)).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(['partition=4', 'nothing=', 'data.lines.1.sku=a'].map(hit)).toEqual([false, false, false])
    expect(() => parseFilter('=x')).toThrow(/no filter/)
  })
})

describe('the lag of a group', () => {
  it.each([
    [5, { low: 0, high: 8 }, 3],
    [8, { low: 0, high: 8 }, 0],
    [-1, { low: 2, high: 8 }, 6],
    [1, { low: 4, high: 8 }, 4],
    [9, { low: 0, high: 8 }, 0],
  ])('committed %i of %p is %i behind', (committed, bound, behind) => {
    expect(lagOf(committed, bound)).toBe(behind)
  })
})
