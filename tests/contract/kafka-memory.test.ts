import { MemoryBroker } from '../../platform/kafka/memory/broker.ts'
import { MemoryKafka } from '../../platform/kafka/memory/port.ts'
import { kafkaPortContract } from './kafka-port.ts'

kafkaPortContract('a broker in memory', () => {
  const broker = new MemoryBroker()
  return Promise.resolve({
    open: () => Promise.resolve(new MemoryKafka(broker)),
    truncate: (topic, partition, offset) => {
      broker.log(topic, partition).truncateBefore(offset)
      return Promise.resolve()
    },
    cleanUp: (topics) => {
      for (const topic of topics) broker.deleteTopic(topic)
      return Promise.resolve()
    },
    sessionTimeoutMs: 300,
  })
})
