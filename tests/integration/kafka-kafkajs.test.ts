/** The contract of the Kafka port on a real broker. Needs KAFKA_BROKERS (`. .nikash/dev.env` or `./nikash test`). */
import { describe, it, jest } from '@jest/globals'
import { openKafka } from '../../platform/kafka/kafkajs/port.ts'
import { Client } from '../../platform/kafka/kafkajs/client.ts'
import { kafkaPortContract } from '../contract/kafka-port.ts'

jest.setTimeout(40_000)

const brokers = process.env['KAFKA_BROKERS']?.split(',')

if (!brokers) {
  describe('the Kafka port on a real broker', () => {
    it.skip('needs KAFKA_BROKERS: start the stack with ./nikash up', () => {})
  })
} else {
  kafkaPortContract('a real broker', () =>
    Promise.resolve({
      open: () => Promise.resolve(openKafka({ brokers, clientId: 'contract' })),
      async truncate(topic, partition, offset) {
        const client = new Client({ brokers, clientId: 'contract-admin' })
        await client.topics([topic])
        const leader = await client.broker(client.leaderIdOf(topic, partition))
        await leader.deleteRecords({
          topics: [{ topic, partitions: [{ partition, offset: String(offset) }] }],
        })
        await client.close()
      },
      async cleanUp(topics) {
        const client = new Client({ brokers, clientId: 'contract-admin' })
        await client.connect()
        await (await client.controller()).deleteTopics({ topics, timeout: 10_000 })
        await client.close()
      },
      sessionTimeoutMs: 6_000,
    }),
  )
}
