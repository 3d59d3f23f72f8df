/**
 * A transactional producer as one writes it who trusts the connection: a call without an answer is sent again, and
 * after the answer the same producer goes on with the next transaction. For the tests that show why ours does not.
 */
import { Client } from '../../../platform/kafka/kafkajs/client.ts'
import type { Broker, SocketFactory, TransactionKey } from '../../../platform/kafka/kafkajs/internals.ts'
import { initTransactions } from '../../../platform/kafka/kafkajs/producer.ts'
import { txnOffsetCommit } from '../../../platform/kafka/kafkajs/requests.ts'
import { Sender } from '../../../platform/kafka/kafkajs/sender.ts'
import type {
  Membership,
  OffsetCommit,
  OutputRecord,
  Transaction,
  TransactionalProducer,
} from '../../../platform/kafka/port.ts'

export class ReusedProducer implements TransactionalProducer {
  readonly #client: Client
  readonly #id: string
  #key!: TransactionKey
  #sender!: Sender

  constructor(options: {
    brokers: readonly string[]
    socketFactory: SocketFactory
    transactionalId: string
  }) {
    const { brokers, socketFactory, transactionalId } = options
    this.#client = new Client({ brokers, clientId: 'reused', socketFactory })
    this.#id = transactionalId
  }

  async init(): Promise<void> {
    await this.#client.connect()
    this.#key = await initTransactions(this.#client, this.#id, 10_000)
    const { producerId, producerEpoch } = this.#key
    const identity = { producerId: BigInt(producerId), epoch: producerEpoch, transactional: true }
    this.#sender = new Sender(this.#client, identity, this.#id)
  }

  #call<T>(work: (broker: Broker) => Promise<T>): Promise<T> {
    const coordinator = { kind: 'transaction', key: this.#id } as const
    return this.#client.attempt({ what: 'a call', ms: 5_000, coordinator }, async () =>
      work(await this.#client.coordinator('transaction', this.#id)),
    )
  }

  begin(): Promise<Transaction> {
    const end = (commit: boolean) => async (): Promise<void> => {
      await this.#call((broker) => broker.endTxn({ ...this.#key, transactionResult: commit }))
    }
    return Promise.resolve({
      send: (records) => this.#send(records),
      sendOffsets: (membership, offsets) => this.#sendOffsets(membership, offsets),
      commit: end(true),
      abort: end(false),
    })
  }

  async #send(records: readonly OutputRecord[]): Promise<void> {
    const lanes = await this.#sender.plan(records)
    const topics = lanes.map(({ topic, partition }) => ({ topic, partitions: [partition] }))
    await this.#call((broker) => broker.addPartitionsToTxn({ ...this.#key, topics }))
    await this.#sender.send(lanes)
  }

  async #sendOffsets(membership: Membership, offsets: readonly OffsetCommit[]): Promise<void> {
    const { groupId } = membership
    await this.#call((broker) => broker.addOffsetsToTxn({ ...this.#key, groupId }))
    const { transactionalId, producerId, producerEpoch: epoch } = this.#key
    const producer = { transactionalId, producerId: BigInt(producerId), epoch }
    const request = txnOffsetCommit(producer, membership, offsets)
    await this.#client.attempt({ what: 'offsets', ms: 5_000 }, async () =>
      this.#client.send(await this.#client.coordinator('group', groupId), request),
    )
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}
