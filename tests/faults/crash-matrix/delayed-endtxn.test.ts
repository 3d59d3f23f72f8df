/**
 * An EndTxn that is late: the client lost the connection before the answer, the broker gets the request while a later
 * transaction of the same producer is open, and ends that one. Shown with a producer that is used again, and with ours,
 * which is thrown away: its successor's epoch is newer, and the broker refuses the late request.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { NikashError } from '../../../platform/errors.ts'
import { openKafka } from '../../../platform/kafka/kafkajs/port.ts'
import type { KafkaPort, TransactionalProducer } from '../../../platform/kafka/port.ts'
import { Worker } from '../../../processors/runtime/worker.ts'
import { describeStack } from '../../support/stack.ts'
import { disturb, random } from '../../topology/runtime/cluster.ts'
import { codec } from '../../topology/runtime/oracle.ts'
import { toys } from '../../topology/runtime/toy.ts'
import { Bench, until } from '../runtime-bench.ts'
import { EndTxnProxy } from './endtxn-proxy.ts'
import { ReusedProducer } from './reused-producer.ts'
import { wrongs } from '../../topology/runtime/crash-checker.ts'

const REFUSED = [47, 90]
const run = `late-${process.pid}-${Date.now().toString(36)}`

describeStack('an EndTxn that arrives in a later transaction', ['kafkaBrokers'], ({ kafkaBrokers }) => {
  const brokers = kafkaBrokers.split(',')
  let proxy: EndTxnProxy
  let direct: KafkaPort
  const topic = `${run}-out`
  const seen = async (): Promise<string[]> => {
    const values: string[] = []
    for await (const { records } of direct.readPartition({ topic, partition: 0, from: 0 }))
      values.push(...records.map(({ value }) => String(value)))
    return values
  }
  const send = (text: string) => [{ topic, partition: 0, key: 'k', value: Buffer.from(text) }]

  beforeAll(async () => {
    proxy = await EndTxnProxy.open(brokers[0] as string)
    direct = openKafka({ brokers, clientId: 'late-endtxn' })
    const admin = await direct.admin()
    await admin.createTopics([{ name: topic, partitions: 1, config: {} }])
    await admin.close()
  })
  afterAll(async () => {
    await direct.close()
    await proxy.close()
  })

  it('ends that transaction when the producer is used again: half of it is seen', async () => {
    const { socketFactory } = proxy
    const producer = new ReusedProducer({ brokers, socketFactory, transactionalId: `${run}-reused` })
    await producer.init()
    const first = await producer.begin()
    await first.send(send('reused 1'))
    proxy.holdNext()
    await first.commit()
    expect(proxy.holding).toBe(true)
    const second = await producer.begin()
    await second.send(send('reused 2, first half'))
    expect(await seen()).toEqual(['reused 1'])
    expect(await proxy.release()).toBe(0)
    // Its producer has not said yet whether it commits.
    await until('half a transaction is seen', async () => (await seen()).length === 2)
    await second.abort().catch(() => undefined)
    expect(await seen()).toEqual(['reused 1', 'reused 2, first half'])
    await producer.close()
  }, 60_000)

  it('is refused by the broker with ours: the producer was thrown away, and its successor has a newer epoch', async () => {
    const port = openKafka({ brokers, clientId: 'late-endtxn', socketFactory: proxy.socketFactory })
    const before = await seen()
    const id = { transactionalId: `${run}-ours`, timeoutMs: 5_000 }
    const first = port.transactionalProducer(id)
    await first.init()
    const one = await first.begin()
    await one.send(send('ours 1'))
    proxy.holdNext()
    await expect(one.commit()).rejects.toMatchObject({ code: 'TRANSACTION_UNCERTAIN' })
    await expect(first.begin()).rejects.toMatchObject({ code: 'PRODUCER_UNUSABLE' })
    await first.close()
    const second = port.transactionalProducer(id)
    await second.init()
    const two = await second.begin()
    await two.send(send('ours 2, first half'))
    expect(REFUSED).toContain(await proxy.release())
    expect(await seen()).toEqual(before)
    await two.send(send('ours 2, second half'))
    await two.commit()
    await until('all of it is seen', async () => (await seen()).length === before.length + 2)
    await port.close()
  }, 60_000)

  /** A worker whose commits lose their EndTxn now and then, and whose next one fails when that has arrived. */
  const runEngine = async (
    name: string,
    producerOf: (port: KafkaPort, id: string) => TransactionalProducer,
  ) => {
    const bench = await new Bench(kafkaBrokers, name).open()
    const port = openKafka({ brokers, clientId: name, socketFactory: proxy.socketFactory })
    let commits = 0
    const late: number[] = []
    const fatal: Error[] = []
    const worker = new Worker({
      port: {
        ...port,
        transactionalProducer: ({ transactionalId }) => producerOf(port, transactionalId),
      },
      topologies: toys(bench),
      codec,
      options: { groupId: bench.groupId, transactionalId: `${bench.groupId}-1`, topics: bench.topics },
      failpoint: async (step) => {
        if (step === 'offsets' && !proxy.holding && ++commits % 3 === 0) proxy.holdNext()
        if (step !== 'produced' || !proxy.holding) return
        late.push(await proxy.release())
        throw new NikashError('cut_off', 'this transaction fails', { recover: 'retry' })
      },
      onFatal: (error) => fatal.push(error),
    })
    await worker.start()
    const next = random(31)
    for (let round = 0; round < 200 && late.length < 4; round++) {
      disturb(bench, next, 6)
      await bench.flush()
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    await until('caught up', () => bench.caughtUp())
    await worker.stop()
    if (proxy.holding) await proxy.release()
    const history = await bench.collect()
    await port.close()
    await bench.close()
    expect(fatal).toEqual([])
    expect(late.length).toBeGreaterThanOrEqual(4)
    return { wrong: wrongs(history), late }
  }

  it('doubles what the engine says once, on a producer that is used again', async () => {
    const { wrong, late } = await runEngine(
      'reused',
      (_, transactionalId) =>
        new ReusedProducer({ brokers, socketFactory: proxy.socketFactory, transactionalId }),
    )
    expect(late).toContain(0)
    expect(wrong.join('\n')).toMatch(/alerts/)
  }, 90_000)

  it('leaves no trace in what the engine says', async () => {
    const { wrong, late } = await runEngine('ours', (port, transactionalId) =>
      port.transactionalProducer({ transactionalId, timeoutMs: 5_000 }),
    )
    expect(late.filter((code) => !REFUSED.includes(code))).toEqual([])
    expect(wrong).toEqual([])
  }, 90_000)
})
