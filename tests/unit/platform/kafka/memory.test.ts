import { describe, expect, it } from '@jest/globals'
import { MemoryBroker } from '../../../../platform/kafka/memory/broker.ts'
import { MemoryKafka } from '../../../../platform/kafka/memory/port.ts'
import type { Batch, Membership } from '../../../../platform/kafka/port.ts'

// What both adapters share is in tests/contract; here is what only a broker in memory can do.

const until = async (condition: () => boolean) => {
  const end = performance.now() + 3_000
  while (!condition()) {
    if (performance.now() > end) throw new Error('waited too long')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
const settled = async (work: Promise<unknown>, ms = 30) =>
  Promise.race([
    work.then(
      () => 'resolved',
      (error: { code?: string }) => error.code ?? 'rejected',
    ),
    new Promise((resolve) => setTimeout(() => resolve('pending'), ms)),
  ])

function setUp() {
  let now = 1_000
  const broker = new MemoryBroker({ now: () => now })
  broker.createTopic('in', 2, { 'message.timestamp.type': 'LogAppendTime' })
  broker.createTopic('out', 1)
  return { broker, advance: (ms: number) => (now += ms) }
}

async function member(port: MemoryKafka, groupId = 'g') {
  const seen = {
    batches: [] as Batch[],
    membership: undefined as Membership | undefined,
    partitions: [] as number[],
  }
  const consumer = port.consumer({ groupId, topics: ['in'], sessionTimeoutMs: 10_000 })
  await consumer.start({
    onAssigned: (partitions, membership) => {
      seen.membership = membership
      seen.partitions = partitions.map((p) => p.partition)
      return Promise.resolve()
    },
    onRevoked: () => Promise.resolve(),
    onBatch: (batch) => {
      seen.batches.push(batch)
      return Promise.resolve()
    },
    onCrash: () => {},
  })
  return { seen, consumer }
}

describe('a process on the broker in memory', () => {
  it('that is killed does nothing more; its partitions move at the session timeout', async () => {
    const { broker, advance } = setUp()
    const [a, b] = [new MemoryKafka(broker), new MemoryKafka(broker)]
    const first = await member(a)
    const second = await member(b)
    await until(() => first.seen.partitions.length === 1)
    a.kill()
    const sent = (await b.producer()).send(
      [0, 1].map((partition) => ({ topic: 'in', partition, key: 'k', value: null })),
    )
    await sent
    await until(() => second.seen.batches.length === 1)
    expect(await settled(first.consumer.commit([{ topic: 'in', partition: 0, offset: 1 }]))).toBe('pending')
    advance(9_999)
    broker.sweep()
    expect(second.seen.partitions).toHaveLength(1)
    advance(1)
    broker.sweep()
    await until(() => second.seen.partitions.length === 2)
    await until(() => second.seen.batches.length === 3)
    expect(first.seen.batches).toEqual([])
    await b.close()
  })

  it('that is killed leaves its transaction open until its timeout', async () => {
    const { broker, advance } = setUp()
    const [a, b] = [new MemoryKafka(broker), new MemoryKafka(broker)]
    const { seen } = await member(a)
    const producer = a.transactionalProducer({ transactionalId: 'x', timeoutMs: 6_000 })
    await producer.init()
    const txn = await producer.begin()
    await txn.send([{ topic: 'out', key: 'k', value: null }])
    await txn.sendOffsets(seen.membership as Membership, [{ topic: 'in', partition: 0, offset: 7 }])
    a.kill()
    expect(await settled(txn.commit())).toBe('pending')
    const admin = await b.admin()
    expect(await settled(admin.committed('g', 'in', [0], 20), 200)).toBe('UNSTABLE_OFFSET_COMMIT')
    expect(broker.log('out', 0).stable).toBe(0)
    advance(6_000)
    expect(await admin.committed('g', 'in', [0])).toEqual([{ offset: -1, metadata: '' }])
    expect([broker.log('out', 0).stable, broker.log('out', 0).next]).toEqual([2, 2])
  })

  it('that is frozen and thawed finds itself fenced', async () => {
    const { broker } = setUp()
    const [a, b] = [new MemoryKafka(broker), new MemoryKafka(broker)]
    const { seen } = await member(a)
    const producer = a.transactionalProducer({ transactionalId: 'x', timeoutMs: 6_000 })
    await producer.init()
    const txn = await producer.begin()
    a.freeze()
    const late = txn.sendOffsets(seen.membership as Membership, [{ topic: 'in', partition: 0, offset: 7 }])
    expect(await settled(late)).toBe('pending')
    broker.expire(a)
    await (await member(b)).consumer.stop()
    a.thaw()
    expect(await settled(late)).toBe('UNKNOWN_MEMBER_ID')
    await txn.abort()
    await until(() => seen.partitions.length === 2)
    await a.close()
  })

  it('can be failed before and after the effect of any call', async () => {
    const { broker } = setUp()
    const a = new MemoryKafka(broker)
    const producer = a.transactionalProducer({ transactionalId: 'x', timeoutMs: 6_000 })
    await producer.init()
    const txn = await producer.begin()
    await txn.send([{ topic: 'out', key: 'k', value: null }])
    a.onCall = (name, phase) => {
      if (name === 'commitTxn' && phase === 'after') throw new Error('the answer was lost')
    }
    await expect(txn.commit()).rejects.toThrow('the answer was lost')
    expect(broker.log('out', 0).stable).toBe(2)
    await expect(producer.begin()).rejects.toMatchObject({ code: 'PRODUCER_UNUSABLE' })
  })
})

describe('a log in memory', () => {
  it('has append times of the injected clock', async () => {
    const { broker, advance } = setUp()
    const port = new MemoryKafka(broker)
    const producer = await port.producer()
    await producer.send([{ topic: 'in', partition: 0, key: 'k', value: null }])
    advance(500)
    await producer.send([{ topic: 'in', partition: 0, key: 'k', value: null }])
    const times: number[] = []
    for await (const batch of port.readPartition({ topic: 'in', partition: 0, from: 0 })) {
      times.push(...batch.records.map((r) => r.timestamp))
    }
    expect(times).toEqual([1_000, 1_500])
  })

  it('keeps the newest record of a key when it is compacted, and the offsets of what stays', async () => {
    const { broker } = setUp()
    const port = new MemoryKafka(broker)
    const producer = port.transactionalProducer({ transactionalId: 'x', timeoutMs: 6_000 })
    await producer.init()
    const write = async (entries: [string, string | null][], commit = true) => {
      const txn = await producer.begin()
      await txn.send(
        entries.map(([key, value]) => ({
          topic: 'out',
          key,
          value: value === null ? null : Buffer.from(value),
        })),
      )
      await (commit ? txn.commit() : txn.abort())
    }
    await write([
      ['a', '1'],
      ['b', '1'],
    ])
    await write(
      [
        ['a', '2'],
        ['c', 'x'],
      ],
      false,
    )
    await write([
      ['a', '3'],
      ['b', null],
    ])
    const open = await producer.begin()
    await open.send([{ topic: 'out', key: 'a', value: Buffer.from('open') }])
    broker.compact('out')
    const left: [number, string | undefined, string | undefined][] = []
    let nextOffset = 0
    for await (const batch of port.readPartition({ topic: 'out', partition: 0, from: 0 })) {
      left.push(
        ...batch.records.map(
          (r) => [r.offset, r.key?.toString(), r.value?.toString()] as [number, string, string],
        ),
      )
      nextOffset = batch.nextOffset
    }
    // Offsets: a 0, b 1, marker 2, a 3, c 4, marker 5, a 6, b 7, marker 8, open a 9.
    expect(left).toEqual([
      [6, 'a', '3'],
      [7, 'b', undefined],
    ])
    expect(nextOffset).toBe(9)
    await open.commit()
    broker.compact('out', { dropTombstones: true })
    expect(broker.log('out', 0).size).toBe(1)
    expect(broker.log('out', 0).next).toBe(11)
  })
})
