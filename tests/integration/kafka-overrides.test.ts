/**
 * What we mended inside of kafkajs, against a real broker: each case fails when its override stops working, or when
 * another version of kafkajs moves what it overrides. Needs KAFKA_BROKERS.
 */
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { createRequire } from 'node:module'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { Client } from '../../platform/kafka/kafkajs/client.ts'
import { metadata } from '../../platform/kafka/kafkajs/requests.ts'
import { describeStack } from '../support/stack.ts'

const require = createRequire(import.meta.url)
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describeStack('kafkajs as we mended it', ['kafkaBrokers'], ({ kafkaBrokers }) => {
  let client: Client
  let sockets = 0
  beforeEach(() => {
    sockets = 0
    client = new Client({
      brokers: kafkaBrokers.split(','),
      clientId: 'overrides',
      socketFactory: ({ host, port, onConnect }) => {
        sockets++
        return net.connect({ host, port }, onConnect)
      },
    })
  })
  afterEach(() => client.close())

  it('is the version for which the overrides were written, and pinned to it', () => {
    const ours = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>
    }
    const theirs = require('kafkajs/package.json') as { readonly version: string }
    expect([ours.dependencies['kafkajs'], theirs.version]).toEqual(['2.2.4', '2.2.4'])
  })

  it('sets no timer on a connection that has nothing to do (V1)', async () => {
    await client.connect()
    const broker = await client.anyBroker()
    await client.send(broker, metadata([]))
    const queue = require('kafkajs/src/network/requestQueue') as {
      prototype: { checkPendingRequests: () => void }
    }
    const { checkPendingRequests } = queue.prototype
    let checks = 0
    queue.prototype.checkPendingRequests = function (this: object) {
      checks++
      checkPendingRequests.call(this)
    }
    try {
      // After an answer the original sets its timer again and again, in the past.
      await client.send(broker, metadata([]))
      checks = 0
      await pause(500)
    } finally {
      queue.prototype.checkPendingRequests = checkPendingRequests
    }
    expect(checks).toBeLessThan(5)
  })

  it('opens one socket for requests that meet a closed connection at the same time (V2)', async () => {
    await client.connect()
    const broker = await client.anyBroker()
    const [connection] = broker.connectionPool.pool
    await connection?.disconnect()
    // The end of the old socket is heard a moment later, and would end the new one.
    await pause(200)
    const before = sockets
    const answers = await Promise.all([1, 2, 3].map(() => client.send(broker, metadata([]))))
    expect(answers).toEqual([[], [], []])
    expect(sockets - before).toBe(1)
  })
})
