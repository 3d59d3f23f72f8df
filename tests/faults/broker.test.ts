/**
 * What the engine and every reader rely on when a broker is killed: a commit that was answered is visible in all its
 * partitions once the broker is back, whatever its producer does next. Kafka 4.3.0-4.4.0 fail this (KAFKA-20734).
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { openKafka } from '../../platform/kafka/kafkajs/port.ts'
import { describeStack } from '../support/stack.ts'
import { pause } from './engine-run.ts'
import { OwnKafka } from './own-kafka.ts'

const TOPIC = 'killed'
const PARTITIONS = Array.from({ length: 8 }, (_, p) => p)
/** So many commits at once that the kill finds some of them half done. */
const PRODUCERS = Array.from({ length: 8 }, (_, i) => `producer-${i}`)
const KILLS = 2

describeStack('a broker that is killed', ['kafkaBrokers'], () => {
  let broker: OwnKafka
  beforeAll(async () => {
    broker = await OwnKafka.start()
  }, 90_000)
  afterAll(() => broker?.close())

  it('shows every commit that it answered, in all partitions, when it is back', async () => {
    const port = openKafka({ brokers: [broker.brokers], clientId: 'broker-test' })
    const admin = await port.admin()
    await admin.createTopics([{ name: TOPIC, partitions: PARTITIONS.length, config: {} }])
    const open = async (transactionalId: string) => {
      const producer = port.transactionalProducer({ transactionalId, timeoutMs: 10_000 })
      await producer.init()
      return producer
    }
    const records = (value: string) =>
      PARTITIONS.map((partition) => ({ topic: TOPIC, partition, key: value, value: Buffer.from(value) }))
    /** Commits one transaction after the other until one fails (fenced at the latest); `answered` gets what was committed. */
    const commitUntilFenced = async (id: string, kill: number, answered: string[]): Promise<void> => {
      const producer = await open(id)
      try {
        for (let n = 0; ; n++) {
          const value = `${id}/${kill}/${n}`
          const transaction = await producer.begin()
          await transaction.send(records(value))
          await transaction.commit()
          answered.push(value)
        }
      } catch {
        await producer.close()
      }
    }
    const abortOne = async (id: string): Promise<void> => {
      const producer = await open(id)
      const transaction = await producer.begin()
      await transaction.send(records(`${id}/aborted`))
      await transaction.abort()
      await producer.close()
    }

    const answered: string[] = []
    for (let kill = 0; kill < KILLS; kill++) {
      const before = answered.length
      const working = PRODUCERS.map((id) => commitUntilFenced(id, kill, answered))
      while (answered.length < before + 10 * PRODUCERS.length) await pause(10)
      await broker.kill()
      const answeredByNow = [...answered]
      await broker.start()
      await Promise.all(PRODUCERS.map(abortOne))
      await Promise.all(working)
      for (const partition of PARTITIONS) {
        const seen = new Set<string>()
        for await (const batch of port.readPartition({ topic: TOPIC, partition, from: 0 }))
          for (const { value } of batch.records) seen.add(String(value))
        expect(answeredByNow.filter((value) => !seen.has(value))).toEqual([])
        expect([...seen].filter((value) => value.endsWith('/aborted'))).toEqual([])
      }
    }
    await admin.close()
    await port.close()
  }, 180_000)
})
