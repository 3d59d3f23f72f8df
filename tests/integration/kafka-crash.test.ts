/** A process that is killed in the middle of a transaction, on a real broker. Needs KAFKA_BROKERS. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it, jest } from '@jest/globals'
import { Client } from '../../platform/kafka/kafkajs/client.ts'
import { openKafka } from '../../platform/kafka/kafkajs/port.ts'

jest.setTimeout(60_000)

const brokers = process.env['KAFKA_BROKERS']?.split(',')
const run = `crash-${process.pid}-${Date.now().toString(36)}`
const port = fileURLToPath(new URL('../../platform/kafka/kafkajs/port.ts', import.meta.url))

/** Joins, takes one batch, writes its output and its offset in a transaction, and hangs before the commit. */
const victim = (groupId: string, input: string, output: string) => `
  const { openKafka } = await import(${JSON.stringify(port)})
  const kafka = openKafka({ brokers: ${JSON.stringify(brokers)}, clientId: 'victim' })
  const producer = kafka.transactionalProducer({ transactionalId: '${groupId}-txn', timeoutMs: 30000 })
  await producer.init()
  let membership
  const consumer = kafka.consumer({ groupId: '${groupId}', topics: ['${input}'], sessionTimeoutMs: 2500 })
  const put = async (offset, text, end) => {
    const txn = await producer.begin()
    await txn.send([{ topic: '${output}', key: 'k', value: Buffer.from(text) }])
    const metadata = 'txn=${groupId}-txn'
    await txn.sendOffsets(membership, [{ topic: '${input}', partition: 0, offset, metadata }])
    if (end) await txn.commit()
  }
  await consumer.start({
    onAssigned: async (_, mine) => { membership = mine },
    onRevoked: async () => {},
    onBatch: async () => {
      await put(1, 'committed', true)
      await put(2, 'of the dead', false)
      console.log('open')
      await new Promise(() => {})
    },
    onCrash: (error) => { console.error(error); process.exit(1) },
  })`

if (!brokers) {
  describe('a killed process', () => {
    it.skip('needs KAFKA_BROKERS: start the stack with ./nikash up', () => {})
  })
} else {
  describe('a killed process', () => {
    const kafka = openKafka({ brokers, clientId: 'heir' })
    afterAll(() => kafka.close())

    it('leaves nothing of its open transaction; its heir goes on within seconds from what was committed', async () => {
      const [input, output, groupId] = [`${run}-in`, `${run}-out`, `${run}-group`]
      const admin = await kafka.admin()
      const topics = [input, output].map((name) => ({ name, partitions: 1, config: {} }))
      await admin.createTopics(topics)
      const producer = await kafka.producer()
      await producer.send(['0', '1', '2'].map((v) => ({ topic: input, key: 'k', value: Buffer.from(v) })))

      const child = spawn(process.execPath, ['--input-type=module', '-e', victim(groupId, input, output)])
      let said = ''
      child.stderr.on('data', (data: Buffer) => {
        said += data.toString()
      })
      await new Promise<void>((resolve, reject) => {
        child.stdout.once('data', () => resolve())
        child.once('exit', (code) => reject(new Error(`the victim ended early (${code}): ${said}`)))
      })
      child.removeAllListeners('exit')
      child.kill('SIGKILL')

      const from = performance.now()
      const seen: string[] = []
      const consumer = kafka.consumer({
        groupId,
        topics: [input],
        sessionTimeoutMs: 6_000,
        pendingOwner: (metadata) => /^txn=(.+)$/.exec(metadata)?.[1],
      })
      await consumer.start({
        onAssigned: () => Promise.resolve(),
        onRevoked: () => Promise.resolve(),
        onBatch: (batch) => {
          seen.push(...batch.records.map((r) => r.value?.toString() ?? ''))
          return Promise.resolve()
        },
        onCrash: (error) => seen.push(String(error)),
      })
      while (seen.length < 2 && performance.now() - from < 30_000) await new Promise((r) => setTimeout(r, 20))
      // Far less than the transaction's 30 s.
      expect(performance.now() - from).toBeLessThan(15_000)
      expect(seen).toEqual(['1', '2'])
      const left: string[] = []
      for await (const batch of kafka.readPartition({ topic: output, partition: 0, from: 0 })) {
        left.push(...batch.records.map((r) => r.value?.toString() ?? ''))
      }
      expect(left).toEqual(['committed'])
      await consumer.stop()
      await producer.close()
      await admin.close()
      const client = new Client({ brokers, clientId: 'crash-admin' })
      await client.connect()
      await (await client.controller()).deleteTopics({ topics: [input, output], timeout: 10_000 })
      await client.close()
    })
  })
}
