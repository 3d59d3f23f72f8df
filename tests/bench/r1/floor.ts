/**
 * The floor under everyone: a plain kafkajs consumer that decodes every event and does nothing with it. Prints one JSON
 * line. Arguments: brokers, topic, events.
 */
import kafkajs from 'kafkajs'
import { EVENT } from './job.ts'

const [brokers = '', topic = '', events = '0'] = process.argv.slice(2)
const kafka = new kafkajs.Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.ERROR })
const consumer = kafka.consumer({ groupId: `floor-${process.pid}-${Date.now()}` })
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
let seen = 0
let firstMs = 0
let sum = 0
await new Promise<void>((resolve, reject) => {
  consumer
    .run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        if (seen === 0) firstMs = performance.now()
        for (const { value } of batch.messages) {
          const { value: event } = EVENT.decode(value as Buffer, 5)
          sum += (event as unknown as { issueDate: number }).issueDate
          seen++
        }
        if (seen >= Number(events)) resolve()
        return Promise.resolve()
      },
    })
    .catch(reject)
})
const seconds = (performance.now() - firstMs) / 1_000
process.stdout.write(`${JSON.stringify({ eventsPerSecond: Math.round(seen / seconds), seen, sum })}\n`)
process.exit(0)
