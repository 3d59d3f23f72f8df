/**
 * What every adapter of the Kafka port promises, as cases that run on each of them. A case makes its own topics and
 * groups, so that the suite can run on a broker that others use.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { KafkaError } from '../../platform/kafka/errors.ts'
import type {
  Admin,
  Batch,
  Consumer,
  ConsumerOptions,
  InputRecord,
  KafkaPort,
  Membership,
  OutputRecord,
} from '../../platform/kafka/port.ts'
import { partitionOf } from '../../schemas/values/partition.ts'

export interface Harness {
  /** A port of its own, as another process would have. Closed by the suite. */
  open(): Promise<KafkaPort>
  /** Deletes what is before the offset, as retention does. */
  truncate(topic: string, partition: number, offset: number): Promise<void>
  /** Deletes topics that the suite made. */
  cleanUp(topics: readonly string[]): Promise<void>
  readonly sessionTimeoutMs: number
}

const WAIT_MS = 15_000

export async function until(what: string, condition: () => boolean, ms = WAIT_MS): Promise<void> {
  const end = performance.now() + ms
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'no error'
  } catch (error) {
    return error instanceof KafkaError ? error.code : `another error: ${String(error)}`
  }
}

const text = (record: InputRecord): string => record.value?.toString() ?? 'null'

/** A consumer that writes down what it is told. */
class Watcher {
  readonly records: InputRecord[] = []
  readonly batches: Batch[] = []
  readonly assigned: { partitions: string[]; membership: Membership }[] = []
  readonly revoked: string[] = []
  readonly crashes: Error[] = []
  onBatch: (batch: Batch) => Promise<void> | void = () => {}
  onAssigned: (partitions: readonly { topic: string; partition: number }[]) => Promise<void> | void = () => {}
  readonly consumer: Consumer

  constructor(port: KafkaPort, options: ConsumerOptions) {
    this.consumer = port.consumer(options)
  }

  async start(): Promise<this> {
    const name = ({ topic, partition }: { topic: string; partition: number }) => `${topic}-${partition}`
    await this.consumer.start({
      onAssigned: async (partitions, membership) => {
        await this.onAssigned(partitions)
        this.assigned.push({ partitions: partitions.map(name), membership })
      },
      onRevoked: async (partitions) => {
        this.revoked.push(...partitions.map(name))
      },
      onBatch: async (batch) => {
        await this.onBatch(batch)
        this.batches.push(batch)
        this.records.push(...batch.records)
      },
      onCrash: (error) => {
        this.crashes.push(error)
      },
    })
    return this
  }

  get membership(): Membership {
    const last = this.assigned.at(-1)
    if (!last) throw new Error('nothing was assigned')
    return last.membership
  }

  get texts(): string[] {
    return this.records.map(text)
  }
}

async function readAll(port: KafkaPort, topic: string, from = 0, partition = 0, to?: number) {
  const records: InputRecord[] = []
  let nextOffset = from
  for await (const batch of port.readPartition({
    topic,
    partition,
    from,
    ...(to === undefined ? {} : { to }),
  })) {
    records.push(...batch.records)
    nextOffset = batch.nextOffset
  }
  return { records, texts: records.map(text), nextOffset }
}

/**
 * What a reader sees once there are so many records, or after a while. A broker answers a commit when its coordinator has decided; the markers that
 * move a partition's last stable offset follow within moments, so a read that comes at once may not see them yet.
 */
async function readSettled(port: KafkaPort, topic: string, records: number, partition = 0) {
  const deadline = Date.now() + 10_000
  for (;;) {
    const found = await readAll(port, topic, 0, partition)
    if (found.records.length >= records || Date.now() > deadline) return found
    await pause(20)
  }
}

async function boundsSettle(admin: Admin, topic: string, high: number): Promise<void> {
  const deadline = Date.now() + 10_000
  while ((await admin.bounds(topic, [0]))[0]?.high !== high && Date.now() < deadline) await pause(20)
}

export function kafkaPortContract(name: string, make: () => Promise<Harness>): void {
  describe(`the Kafka port on ${name}`, () => {
    const run = `t${process.pid}-${Date.now().toString(36)}`
    const opened: KafkaPort[] = []
    let harness: Harness
    let port: KafkaPort
    let admin: Admin
    let count = 0

    beforeAll(async () => {
      harness = await make()
      port = await open()
      admin = await port.admin()
    })
    afterAll(async () => {
      const made = (await admin.listTopics()).filter((topic) => topic.startsWith(run))
      for (const one of opened) await one.close()
      await harness.cleanUp(made)
    })

    const open = async (): Promise<KafkaPort> => {
      const made = await harness.open()
      opened.push(made)
      return made
    }
    const newName = (what: string) => `${run}-${what}-${++count}`
    const newTopic = async (partitions = 1, config: Record<string, string> = {}) => {
      const topic = newName('topic')
      await admin.createTopics([{ name: topic, partitions, config }])
      return topic
    }
    const watch = (topic: string, options: Partial<ConsumerOptions> = {}, on: KafkaPort = port) =>
      new Watcher(on, {
        groupId: newName('group'),
        topics: [topic],
        sessionTimeoutMs: harness.sessionTimeoutMs,
        maxWaitMs: 50,
        ...options,
      })
    const transactional = async (
      on: KafkaPort = port,
      transactionalId = newName('txn'),
      timeoutMs = 20_000,
    ) => {
      const producer = on.transactionalProducer({ transactionalId, timeoutMs })
      await producer.init()
      return producer
    }
    const send = async (topic: string, values: readonly string[], partition = 0) => {
      const producer = await port.producer()
      await producer.send(values.map((v) => ({ topic, partition, key: 'k', value: Buffer.from(v) })))
      await producer.close()
    }
    const record = (topic: string, value: string, partition = 0): OutputRecord => ({
      topic,
      partition,
      key: 'k',
      value: Buffer.from(value),
    })

    describe('records', () => {
      it('come back with key, value, headers and time, tombstones too', async () => {
        const topic = await newTopic(1, { 'message.timestamp.type': 'LogAppendTime' })
        const producer = await port.producer()
        const before = Date.now() - 60_000
        await producer.send([
          { topic, key: 'নিকাশ', value: Buffer.from([0, 1, 2]), headers: { a: 'x', b: Buffer.from([9]) } },
          { topic, key: Buffer.from([7]), value: null },
        ])
        const { records, nextOffset } = await readAll(port, topic)
        expect(records.map((r) => r.offset)).toEqual([0, 1])
        expect(records[0]?.key?.toString()).toBe('নিকাশ')
        expect([...(records[0]?.value ?? [])]).toEqual([0, 1, 2])
        expect(records[0]?.headers['a']?.toString()).toBe('x')
        expect([...(records[0]?.headers['b'] ?? [])]).toEqual([9])
        expect(records[0]?.timestamp).toBeGreaterThan(before)
        expect([...(records[1]?.key ?? [])]).toEqual([7])
        expect(records[1]?.value).toBeNull()
        expect(nextOffset).toBe(2)
        await producer.close()
      })

      it('go to the partition of murmur2 of the key unless one is named', async () => {
        const topic = await newTopic(7)
        const producer = await port.producer()
        const keys = ['acme', 'rahim-traders', '', '21', 'foobar', 'a-little-bit-long-string', 'ঢাকা']
        await producer.send(keys.map((key) => ({ topic, key, value: Buffer.from('by key') })))
        await producer.send([{ topic, key: 'acme', partition: 6, value: Buffer.from('named') }])
        const found: [string, number][] = []
        for (let partition = 0; partition < 7; partition++) {
          for (const r of (await readAll(port, topic, 0, partition)).records) {
            if (text(r) === 'by key') found.push([r.key?.toString() ?? '', partition])
            else expect(partition).toBe(6)
          }
        }
        expect(new Map(found)).toEqual(new Map(keys.map((key) => [key, partitionOf(key, 7)])))
        await producer.close()
      })

      it('of one large send all arrive, in order', async () => {
        const topic = await newTopic(2)
        const producer = await port.producer()
        const body = Buffer.alloc(2_000, 'x')
        const all = Array.from({ length: 2_500 }, (_, i) => i)
        await producer.send(all.map((i) => ({ topic, partition: i % 2, key: String(i), value: body })))
        const { records } = await readAll(port, topic, 0, 1)
        expect(records.map((r) => Number(r.key?.toString()))).toEqual(all.filter((i) => i % 2 === 1))
        await producer.close()
      })

      it('over the size limit are refused', async () => {
        const topic = await newTopic()
        const producer = await port.producer()
        const huge = { topic, key: 'k', value: Buffer.alloc(1_100_000) }
        expect(await codeOf(producer.send([huge]))).toBe('MESSAGE_TOO_LARGE')
        await producer.close()
      })

      it('for a topic that does not exist are refused', async () => {
        const producer = await port.producer()
        const nowhere = { topic: newName('nowhere'), key: 'k', value: null }
        expect(await codeOf(producer.send([nowhere]))).toBe('UNKNOWN_TOPIC_OR_PARTITION')
        await producer.close()
      })
    })

    describe('a transaction', () => {
      it('is seen when it commits, and not before; an aborted one never', async () => {
        const topic = await newTopic()
        const watcher = await watch(topic).start()
        const producer = await transactional()
        const first = await producer.begin()
        await first.send([record(topic, 'aborted')])
        await first.abort()
        const second = await producer.begin()
        await second.send([record(topic, 'a')])
        await second.send([record(topic, 'b')])
        await send(topic, ['after'])
        await pause(300)
        expect(watcher.texts).toEqual([])
        expect((await readAll(port, topic)).texts).toEqual([])
        await second.commit()
        await until('the committed records', () => watcher.records.length >= 3)
        expect(watcher.texts).toEqual(['a', 'b', 'after'])
        expect((await readAll(port, topic)).texts).toEqual(['a', 'b', 'after'])
        await watcher.consumer.stop()
        await producer.close()
      })

      it('commits its offsets with its records, and drops both when it aborts', async () => {
        const topic = await newTopic()
        const output = await newTopic()
        const groupId = newName('group')
        const watcher = await watch(topic, { groupId }).start()
        const producer = await transactional()
        const first = await producer.begin()
        await first.send([record(output, 'no')])
        await first.sendOffsets(watcher.membership, [{ topic, partition: 0, offset: 5, metadata: 'no' }])
        await first.abort()
        expect(await admin.committed(groupId, topic, [0])).toEqual([{ offset: -1, metadata: '' }])
        const second = await producer.begin()
        await second.send([record(output, 'yes')])
        await second.sendOffsets(watcher.membership, [{ topic, partition: 0, offset: 7, metadata: 'yes' }])
        await second.commit()
        expect(await admin.committed(groupId, topic, [0])).toEqual([{ offset: 7, metadata: 'yes' }])
        expect((await readSettled(port, output, 1)).texts).toEqual(['yes'])
        await watcher.consumer.stop()
        await producer.close()
      })

      it('that is pending makes a reader of its offsets wait for its end', async () => {
        const topic = await newTopic()
        const groupId = newName('group')
        const watcher = await watch(topic, { groupId }).start()
        const producer = await transactional()
        const txn = await producer.begin()
        await txn.sendOffsets(watcher.membership, [{ topic, partition: 0, offset: 3 }])
        expect(await codeOf(admin.committed(groupId, topic, [0], 300))).toBe('UNSTABLE_OFFSET_COMMIT')
        const asked = admin.committed(groupId, topic, [0], 5_000)
        await pause(200)
        await txn.commit()
        expect(await asked).toEqual([{ offset: 3, metadata: '' }])
        await watcher.consumer.stop()
        await producer.close()
      })

      it('of an older producer of the id is ended and its producer fenced by a new init', async () => {
        const topic = await newTopic()
        const id = newName('txn')
        const old = await transactional(port, id)
        const stale = await old.begin()
        await stale.send([record(topic, 'of the old one')])
        const other = await open()
        const fresh = await transactional(other, id)
        expect(await codeOf(stale.send([record(topic, 'too late')]))).toBe('PRODUCER_FENCED')
        expect(await codeOf(stale.commit())).toBe('PRODUCER_UNUSABLE')
        const txn = await fresh.begin()
        await txn.send([record(topic, 'of the new one')])
        await txn.commit()
        expect((await readSettled(port, topic, 1)).texts).toEqual(['of the new one'])
        await old.close()
        await fresh.close()
      })

      it('cannot be committed by a fenced producer', async () => {
        const topic = await newTopic()
        const id = newName('txn')
        const old = await transactional(port, id)
        const stale = await old.begin()
        await stale.send([record(topic, 'stale')])
        const fresh = await transactional(port, id)
        expect(await codeOf(stale.commit())).toBe('PRODUCER_FENCED')
        expect(await codeOf(old.begin())).toBe('PRODUCER_UNUSABLE')
        expect((await readAll(port, topic)).texts).toEqual([])
        await old.close()
        await fresh.close()
      })

      it('without records or offsets commits and aborts', async () => {
        const producer = await transactional()
        await (await producer.begin()).commit()
        await (await producer.begin()).abort()
        await producer.close()
      })

      it('follows another at once', async () => {
        const topic = await newTopic(3)
        const producer = await transactional()
        const all = Array.from({ length: 20 }, (_, i) => `v${i}`)
        for (const [i, value] of all.entries()) {
          const txn = await producer.begin()
          await txn.send([record(topic, value, i % 3)])
          await txn.commit()
        }
        const found = [0, 1, 2].map((p) => readSettled(port, topic, p === 2 ? 6 : 7, p))
        expect((await Promise.all(found)).flatMap((f) => f.texts).sort()).toEqual(all.sort())
        await producer.close()
      })
    })

    describe('positions', () => {
      it('pass control records, in batches of a consumer and of a reader', async () => {
        const topic = await newTopic()
        const producer = await transactional()
        const committed = await producer.begin()
        await committed.send([record(topic, 'a'), record(topic, 'b')])
        await committed.commit()
        const aborted = await producer.begin()
        await aborted.send([record(topic, 'x')])
        await aborted.abort()
        // Offsets: a 0, b 1, marker 2, x 3, marker 4.
        await boundsSettle(admin, topic, 5)
        expect(await admin.bounds(topic, [0])).toEqual([{ low: 0, high: 5, end: 5 }])
        expect(await readAll(port, topic)).toMatchObject({ texts: ['a', 'b'], nextOffset: 5 })
        const watcher = await watch(topic).start()
        await until('the end of the log', () => watcher.batches.at(-1)?.nextOffset === 5)
        expect(watcher.texts).toEqual(['a', 'b'])
        expect(watcher.batches.at(-1)?.highWatermark).toBe(5)
        const nothing = await producer.begin()
        await nothing.send([record(topic, 'y')])
        await nothing.abort()
        await until('the position after an abort', () => watcher.batches.at(-1)?.nextOffset === 7)
        expect(watcher.batches.at(-1)?.records).toEqual([])
        await watcher.consumer.stop()
        await producer.close()
      })

      it('of a reader end at the last stable offset, or before it where asked', async () => {
        const topic = await newTopic()
        await send(topic, ['0', '1', '2', '3'])
        const producer = await transactional()
        const open = await producer.begin()
        await open.send([record(topic, 'open')])
        expect(await readAll(port, topic)).toMatchObject({ texts: ['0', '1', '2', '3'], nextOffset: 4 })
        expect((await readAll(port, topic, 1, 0, 3)).texts).toEqual(['1', '2'])
        expect((await readAll(port, topic, 4)).texts).toEqual([])
        // The open transaction is behind what readers see.
        expect(await admin.bounds(topic, [0])).toEqual([{ low: 0, high: 4, end: 5 }])
        await open.abort()
        await producer.close()
      })

      it('of an empty partition: a reader ends at once', async () => {
        expect(await readAll(port, await newTopic())).toMatchObject({ texts: [], nextOffset: 0 })
      })

      it('out of the log are fatal, in a consumer and in a reader, and never reset', async () => {
        const topic = await newTopic()
        await send(topic, ['0', '1', '2', '3'])
        await harness.truncate(topic, 0, 2)
        expect(await admin.bounds(topic, [0])).toEqual([{ low: 2, high: 4, end: 4 }])
        expect(await codeOf(readAll(port, topic, 1))).toBe('OFFSET_OUT_OF_RANGE')
        expect(await codeOf(readAll(port, topic, 9))).toBe('OFFSET_OUT_OF_RANGE')
        const watcher = watch(topic)
        watcher.onAssigned = () => watcher.consumer.seek(topic, 0, 1)
        const started = watcher.start()
        await started.catch(() => {})
        await until('the crash', () => watcher.crashes.length > 0)
        expect(watcher.crashes[0]).toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', recover: 'stop' })
        expect(watcher.records).toEqual([])
        await watcher.consumer.stop()
      })

      it('that were committed and have left the log are fatal as well', async () => {
        const topic = await newTopic()
        const groupId = newName('group')
        await send(topic, ['0', '1', '2', '3'])
        const first = await watch(topic, { groupId }).start()
        await first.consumer.commit([{ topic, partition: 0, offset: 1 }])
        await first.consumer.stop()
        await harness.truncate(topic, 0, 3)
        const second = watch(topic, { groupId })
        const code = await codeOf(second.start())
        if (code === 'no error') await until('the crash', () => second.crashes.length > 0)
        else expect(code).toBe('OFFSET_OUT_OF_RANGE')
        expect(second.records).toEqual([])
        await second.consumer.stop()
      })
    })

    describe('a group', () => {
      it('without offsets starts at the first record there is', async () => {
        const topic = await newTopic()
        await send(topic, ['0', '1', '2'])
        await harness.truncate(topic, 0, 1)
        const watcher = await watch(topic).start()
        await until('the records', () => watcher.records.length >= 2)
        expect(watcher.texts).toEqual(['1', '2'])
        await watcher.consumer.stop()
      })

      it('goes on from the committed offset', async () => {
        const topic = await newTopic()
        const groupId = newName('group')
        await send(topic, ['0', '1', '2', '3'])
        const first = await watch(topic, { groupId }).start()
        await first.consumer.commit([{ topic, partition: 0, offset: 2, metadata: 'last=1' }])
        await first.consumer.stop()
        expect(await admin.committed(groupId, topic, [0])).toEqual([{ offset: 2, metadata: 'last=1' }])
        const second = await watch(topic, { groupId }).start()
        await until('the rest', () => second.records.length >= 2)
        expect(second.texts).toEqual(['2', '3'])
        await second.consumer.stop()
      })

      it('starts where onAssigned seeks, and follows a later seek', async () => {
        const topic = await newTopic()
        await send(topic, ['0', '1', '2', '3'])
        const watcher = watch(topic)
        watcher.onAssigned = () => watcher.consumer.seek(topic, 0, 3)
        await watcher.start()
        await until('the last record', () => watcher.records.length >= 1)
        expect(watcher.texts).toEqual(['3'])
        watcher.consumer.seek(topic, 0, 1)
        await until('the records again', () => watcher.records.length >= 4)
        expect(watcher.texts).toEqual(['3', '1', '2', '3'])
        await watcher.consumer.stop()
      })

      it('begins anew where a seek says, whatever was under way', async () => {
        const topic = await newTopic()
        await send(topic, ['0', '1', '2'])
        const watcher = watch(topic, { maxWaitMs: 3_000 })
        // From inside of the handler: the end of its batch is not the next position.
        watcher.onBatch = (batch) => {
          if (watcher.batches.length === 0) watcher.consumer.seek(topic, 0, batch.nextOffset - 1)
        }
        await watcher.start()
        await until('the last record again', () => watcher.records.length >= 4)
        expect(watcher.texts).toEqual(['0', '1', '2', '2'])
        // While a read of the end of the log is under way: what it brings is not the next batch.
        await pause(200)
        watcher.consumer.seek(topic, 0, 1)
        await send(topic, ['3'])
        await until('the records again', () => watcher.records.length >= 7)
        expect(watcher.texts.slice(4)).toEqual(['1', '2', '3'])
        await watcher.consumer.stop()
      })

      it('hears of its partitions before it gets records of them', async () => {
        const topic = await newTopic()
        await send(topic, ['0'])
        const watcher = watch(topic)
        let ready = false
        const early: boolean[] = []
        watcher.onAssigned = async () => {
          await pause(300)
          ready = true
        }
        watcher.onBatch = () => {
          early.push(!ready)
        }
        await watcher.start()
        await until('the record', () => watcher.records.length === 1)
        expect(early).not.toContain(true)
        await watcher.consumer.stop()
      })

      it('shares partitions; each rebalance gives a newer generation to all', async () => {
        const topic = await newTopic(4)
        const groupId = newName('group')
        const a = await watch(topic, { groupId }).start()
        expect(a.assigned.at(-1)?.partitions).toHaveLength(4)
        const b = await watch(topic, { groupId }, await open()).start()
        await until('the share of a', () => a.assigned.at(-1)?.partitions.length === 2)
        expect(a.revoked).toHaveLength(2)
        const both = [...(a.assigned.at(-1)?.partitions ?? []), ...(b.assigned.at(-1)?.partitions ?? [])]
        expect(new Set(both).size).toBe(4)
        expect(a.membership.generationId).toBe(b.membership.generationId)
        expect(a.membership.generationId).toBeGreaterThan(a.assigned[0]?.membership.generationId ?? 99)
        await b.consumer.stop()
        expect(b.revoked).toHaveLength(2)
        await until('all for a', () => a.assigned.at(-1)?.partitions.length === 4)
        await a.consumer.stop()
      })

      it('refuses a zombie: a stale generation, a member that left, no membership at all', async () => {
        const topic = await newTopic(2)
        const output = await newTopic()
        const groupId = newName('group')
        const a = await watch(topic, { groupId }).start()
        const stale = a.membership
        const b = await watch(topic, { groupId }, await open()).start()
        await until('the share of a', () => a.assigned.length >= 2)
        const producer = await transactional()
        const commitAs = async (membership: Membership) => {
          const txn = await producer.begin()
          await txn.send([record(output, 'of a zombie')])
          const code = await codeOf(txn.sendOffsets(membership, [{ topic, partition: 0, offset: 1 }]))
          await txn.abort()
          return code
        }
        expect(await commitAs(stale)).toBe('ILLEGAL_GENERATION')
        const gone = b.membership
        await b.consumer.stop()
        await until('all for a', () => a.assigned.at(-1)?.partitions.length === 2)
        expect(await commitAs({ ...gone, generationId: a.membership.generationId })).toBe('UNKNOWN_MEMBER_ID')
        expect(await commitAs({ groupId, generationId: -1, memberId: '' })).toBe('NO_MEMBERSHIP')
        expect(await admin.committed(groupId, topic, [0, 1])).toEqual([
          { offset: -1, metadata: '' },
          { offset: -1, metadata: '' },
        ])
        expect((await readAll(port, output)).texts).toEqual([])
        // The producer that was refused, not fenced, works on.
        const txn = await producer.begin()
        await txn.sendOffsets(a.membership, [{ topic, partition: 0, offset: 1 }])
        await txn.commit()
        expect((await admin.committed(groupId, topic, [0]))[0]?.offset).toBe(1)
        await a.consumer.stop()
        await producer.close()
      })

      it('fences the owner of a transaction that holds its offsets, when it is told who that is', async () => {
        const topic = await newTopic()
        const groupId = newName('group')
        const id = newName('txn')
        await send(topic, ['0', '1', '2'])
        const dead = await watch(topic, { groupId }).start()
        const producer = await transactional(port, id, 60_000)
        const first = await producer.begin()
        await first.sendOffsets(dead.membership, [{ topic, partition: 0, offset: 1, metadata: `txn=${id}` }])
        await first.commit()
        const hung = await producer.begin()
        await hung.sendOffsets(dead.membership, [{ topic, partition: 0, offset: 2, metadata: `txn=${id}` }])
        await dead.consumer.stop()
        const pendingOwner = (metadata: string) => /^txn=(.+)$/.exec(metadata)?.[1]
        const next = watch(topic, { groupId, pendingOwner, fenceAfterMs: 100 }, await open())
        const from = performance.now()
        await next.start()
        expect(performance.now() - from).toBeLessThan(10_000)
        await until('the records after offset 1', () => next.records.length >= 2)
        expect(next.texts).toEqual(['1', '2'])
        expect(await codeOf(hung.commit())).toBe('PRODUCER_FENCED')
        await next.consumer.stop()
      })
    })

    describe('a static member', () => {
      const seat = (topic: string, groupId: string, instanceId: string, on: KafkaPort) =>
        watch(topic, { groupId, instanceId }, on)

      it('that was stopped keeps its seat: its successor has the partitions at once, and nobody else joins anew', async () => {
        const topic = await newTopic(4)
        const groupId = newName('group')
        const a = await seat(topic, groupId, 'a', port).start()
        const b = await seat(topic, groupId, 'b', await open()).start()
        await until('the share of a', () => a.assigned.at(-1)?.partitions.length === 2)
        const before = { assignments: a.assigned.length, share: b.assigned.at(-1) }
        await b.consumer.stop()
        const from = performance.now()
        const next = await seat(topic, groupId, 'b', await open()).start()
        expect(performance.now() - from).toBeLessThan(Math.min(2_000, harness.sessionTimeoutMs))
        expect(next.assigned.at(-1)?.partitions).toEqual(before.share?.partitions)
        expect(next.membership).toEqual({ ...b.membership, memberId: next.membership.memberId })
        expect(next.membership.memberId).not.toBe(b.membership.memberId)
        await send(topic, ['for the heir'], Number(next.assigned.at(-1)?.partitions[0]?.at(-1)))
        await until('the record', () => next.texts.includes('for the heir'))
        expect(a.assigned.length).toBe(before.assignments)
        await next.consumer.commit([{ topic, partition: 0, offset: 0 }])
        for (const one of [a, next]) await one.consumer.stop()
      })

      it('whose seat was taken is fenced: its commits are refused, and it ends for that reason', async () => {
        const topic = await newTopic()
        const output = await newTopic()
        const groupId = newName('group')
        const old = await seat(topic, groupId, 'one', port).start()
        const fresh = await seat(topic, groupId, 'one', await open()).start()
        const producer = await transactional()
        const txn = await producer.begin()
        await txn.send([record(output, 'of the fenced')])
        expect(await codeOf(txn.sendOffsets(old.membership, [{ topic, partition: 0, offset: 1 }]))).toBe(
          'FENCED_INSTANCE_ID',
        )
        await producer.close()
        await until('the end of the old one', () => old.crashes.length > 0)
        expect(old.crashes[0]).toMatchObject({ code: 'FENCED_INSTANCE_ID', recover: 'stop' })
        expect(old.crashes[0]?.message).toContain('seat one')
        expect(fresh.crashes).toEqual([])
        await fresh.consumer.commit([{ topic, partition: 0, offset: 3 }])
        expect(await admin.committed(groupId, topic, [0])).toEqual([{ offset: 3, metadata: '' }])
        for (const one of [old, fresh]) await one.consumer.stop()
      })

      it('that never comes back loses its partitions at the session timeout', async () => {
        const topic = await newTopic(2)
        const groupId = newName('group')
        const a = await seat(topic, groupId, 'a', port).start()
        const b = await seat(topic, groupId, 'b', await open()).start()
        await until('the share of a', () => a.assigned.at(-1)?.partitions.length === 1)
        await b.consumer.stop()
        await until(
          'all for a',
          () => a.assigned.at(-1)?.partitions.length === 2,
          harness.sessionTimeoutMs * 4,
        )
        const gone = b.membership
        const producer = await transactional()
        const txn = await producer.begin()
        const late = { ...gone, generationId: a.membership.generationId }
        expect(await codeOf(txn.sendOffsets(late, [{ topic, partition: 0, offset: 1 }]))).toBe(
          'UNKNOWN_MEMBER_ID',
        )
        await producer.close()
        await a.consumer.stop()
      }, 60_000)
    })

    describe('a consumer', () => {
      it('gets one batch of a partition at a time, and a slow partition does not hold the others', async () => {
        const topic = await newTopic(3)
        const slow = partitionOf('slow', 3)
        const watcher = watch(topic)
        let underWay = 0
        let most = 0
        let release: () => void = () => {}
        const held = new Promise<void>((resolve) => {
          release = resolve
        })
        watcher.onBatch = async (batch) => {
          if (batch.partition !== slow) return
          most = Math.max(most, ++underWay)
          await held
          underWay--
        }
        await watcher.start()
        await send(topic, ['slow 1'], slow)
        await until('the slow one', () => underWay === 1)
        await send(topic, ['slow 2'], slow)
        for (let i = 0; i < 5; i++) await send(topic, [`quick ${i}`], (slow + 1) % 3)
        await until('the quick ones', () => watcher.records.length >= 5)
        expect(watcher.texts).toEqual(['quick 0', 'quick 1', 'quick 2', 'quick 3', 'quick 4'])
        release()
        await until('all', () => watcher.records.length >= 7)
        expect(most).toBe(1)
        await watcher.consumer.stop()
      })

      it('keeps its membership while a batch takes longer than the session timeout', async () => {
        const topic = await newTopic()
        const groupId = newName('group')
        await send(topic, ['0', '1'])
        const watcher = watch(topic, { groupId })
        watcher.onBatch = () => pause(harness.sessionTimeoutMs * 1.6).then(() => {})
        await watcher.start()
        await until('the batch', () => watcher.records.length >= 2, 30_000)
        await watcher.consumer.commit([{ topic, partition: 0, offset: 2 }])
        expect(watcher.assigned).toHaveLength(1)
        expect((await admin.committed(groupId, topic, [0]))[0]?.offset).toBe(2)
        await watcher.consumer.stop()
      }, 60_000)

      it('keeps its membership while a rebalance waits for its batch, and can commit that batch', async () => {
        const topic = await newTopic(2)
        const groupId = newName('group')
        await send(topic, ['0'], 0)
        const a = watch(topic, { groupId })
        let inBatch = false
        let committed = 'not yet'
        a.onBatch = async (batch) => {
          inBatch = true
          await pause(harness.sessionTimeoutMs * 1.6)
          const offset = batch.nextOffset
          committed = await codeOf(a.consumer.commit([{ topic, partition: batch.partition, offset }]))
        }
        await a.start()
        const before = a.membership
        await until('the batch', () => inBatch)
        const b = await watch(topic, { groupId }, await open()).start()
        await until('the share of a', () => a.assigned.length === 2)
        expect(committed).toBe('no error')
        expect(a.membership.memberId).toBe(before.memberId)
        expect(b.membership.generationId).toBe(before.generationId + 1)
        expect((await admin.committed(groupId, topic, [0]))[0]?.offset).toBe(1)
        await a.consumer.stop()
        await b.consumer.stop()
      }, 60_000)

      it('joins again when its handler met a refused commit, and gets the batch once more', async () => {
        const topic = await newTopic()
        await send(topic, ['0'])
        const watcher = watch(topic)
        let refused = 0
        watcher.onBatch = () => {
          if (refused++ === 0) throw new KafkaError('ILLEGAL_GENERATION', 'over')
        }
        await watcher.start()
        await until('the batch', () => watcher.records.length === 1)
        expect(watcher.assigned.length).toBe(2)
        expect(watcher.crashes).toEqual([])
        await watcher.consumer.stop()
      })

      it('gets nothing of a paused partition until it is resumed', async () => {
        const topic = await newTopic(2)
        const watcher = watch(topic)
        watcher.onAssigned = () => watcher.consumer.pause(topic, 0)
        await watcher.start()
        await send(topic, ['paused'], 0)
        await send(topic, ['running'], 1)
        await until('the running one', () => watcher.records.length >= 1)
        await pause(300)
        expect(watcher.texts).toEqual(['running'])
        watcher.consumer.resume(topic, 0)
        await until('the other', () => watcher.records.length >= 2)
        await watcher.consumer.stop()
      })

      it('whose handler fails stops for good and says why; another member goes on', async () => {
        const topic = await newTopic()
        const groupId = newName('group')
        await send(topic, ['0'])
        const bad = watch(topic, { groupId })
        bad.onBatch = () => {
          throw new Error('a bug in the handler')
        }
        await bad.start()
        await until('the crash', () => bad.crashes.length > 0)
        expect(bad.crashes.map((e) => e.message)).toEqual(['a bug in the handler'])
        const good = await watch(topic, { groupId }, await open()).start()
        await until('the record', () => good.records.length >= 1)
        await good.consumer.stop()
        await bad.consumer.stop()
      })

      it('gets no batch after stop', async () => {
        const topic = await newTopic()
        const watcher = await watch(topic).start()
        await watcher.consumer.stop()
        expect(watcher.revoked).toEqual([`${topic}-0`])
        await send(topic, ['0'])
        await pause(300)
        expect(watcher.records).toEqual([])
        await watcher.consumer.stop()
      })
    })

    describe('topics', () => {
      it('are created once and described', async () => {
        const topic = newName('topic')
        const spec = { name: topic, partitions: 3, config: { 'cleanup.policy': 'compact' } }
        expect(await admin.createTopics([spec])).toEqual([topic])
        expect(await admin.createTopics([spec])).toEqual([])
        const [found] = await admin.describeTopics([topic])
        expect(found).toMatchObject({ name: topic, partitions: 3 })
        expect(found?.topicId).not.toBe('')
        expect(await admin.listTopics()).toContain(topic)
        expect(await codeOf(admin.describeTopics([newName('nowhere')]))).toBe('UNKNOWN_TOPIC_OR_PARTITION')
      })
    })
  })
}
