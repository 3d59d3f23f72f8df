/**
 * The producers: idempotent, and transactional. Each owns a client.
 * P1: init always takes a new epoch, so it fences every older producer of the id. P2: calls to the transaction
 * coordinator go one after another; records and offsets travel side by side. P3: after any failure but a refused
 * membership the producer is unusable (PRODUCER_UNUSABLE): its owner closes it and makes another. P4: a call of a
 * transaction that got no answer is not sent again (TRANSACTION_UNCERTAIN): it may be late, and reach the broker in a
 * later transaction of the same epoch, which it would end or mix its offsets into. Only a newer epoch refuses it.
 */
import { KafkaError, requireMembership } from '../errors.ts'
import type {
  Membership,
  OffsetCommit,
  OutputRecord,
  Producer,
  Transaction,
  TransactionalProducer,
} from '../port.ts'
import type { AttemptOptions, Client } from './client.ts'
import { isNetwork, protocolCodeOf } from './faults.ts'
import type { Broker, TransactionKey } from './internals.ts'
import { txnOffsetCommit } from './requests.ts'
import { Sender } from './sender.ts'

export async function openProducer(client: Client): Promise<Producer> {
  await client.connect()
  const { producerId, producerEpoch } = await client.attempt({ what: 'start a producer' }, async () => {
    const broker = await client.anyBroker()
    return broker.initProducerId({ transactionTimeout: 60_000 })
  })
  const identity = { producerId: BigInt(producerId), epoch: producerEpoch, transactional: false }
  const sender = new Sender(client, identity, null)
  return {
    async send(records) {
      if (client.closed) throw new KafkaError('PRODUCER_UNUSABLE', 'this producer is closed: make another')
      if (records.length > 0) await sender.send(await sender.plan(records))
    },
    close: () => client.close(),
  }
}

export class KafkaTransactionalProducer implements TransactionalProducer {
  readonly #client: Client
  readonly #id: string
  readonly #timeoutMs: number
  #key: TransactionKey | undefined
  #sender: Sender | undefined
  #unusable = false
  #open: OpenTransaction | undefined

  constructor(client: Client, options: { transactionalId: string; timeoutMs: number }) {
    this.#client = client
    this.#id = options.transactionalId
    this.#timeoutMs = options.timeoutMs
  }

  init(): Promise<void> {
    return this.guard(async () => {
      await this.#client.connect()
      const key = await initTransactions(this.#client, this.#id, this.#timeoutMs)
      this.#key = key
      const identity = { producerId: BigInt(key.producerId), epoch: key.producerEpoch, transactional: true }
      this.#sender = new Sender(this.#client, identity, this.#id)
    })
  }

  begin(): Promise<Transaction> {
    return this.guard(() => {
      if (!this.#key || !this.#sender)
        throw new KafkaError('PRODUCER_UNUSABLE', 'init() comes before begin()')
      if (this.#open) throw new KafkaError('PRODUCER_UNUSABLE', 'a transaction is open already')
      const context = {
        client: this.#client,
        key: this.#key,
        sender: this.#sender,
        timeoutMs: this.#timeoutMs,
      }
      this.#open = new OpenTransaction(this, context, () => {
        this.#open = undefined
      })
      return Promise.resolve(this.#open)
    })
  }

  /** P3. */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    if (this.#unusable) {
      throw new KafkaError(
        'PRODUCER_UNUSABLE',
        `the producer of ${this.#id} failed or is closed: make another`,
      )
    }
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof KafkaError && error.recover === 'rejoin')) this.#unusable = true
      throw error
    }
  }

  async close(): Promise<void> {
    this.#unusable = true
    await this.#client.close()
  }
}

/** InitProducerId: ends the open transaction of the id and fences its producers. */
export function initTransactions(
  client: Client,
  transactionalId: string,
  timeoutMs: number,
): Promise<TransactionKey> {
  const coordinator = { kind: 'transaction', key: transactionalId } as const
  return client.attempt({ what: `start the producer of ${transactionalId}`, coordinator }, async () => {
    const broker = await client.coordinator('transaction', transactionalId)
    const { producerId, producerEpoch } = await broker.initProducerId({
      transactionalId,
      transactionTimeout: timeoutMs,
    })
    return { transactionalId, producerId, producerEpoch }
  })
}

/** P4. */
async function answered<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    if (protocolCodeOf(cause) !== undefined || !isNetwork(cause)) throw cause
    const text = `no answer to a call (${what} a transaction): ${(cause as Error).message}`
    throw new KafkaError('TRANSACTION_UNCERTAIN', text, { cause })
  }
}

interface Context {
  readonly client: Client
  readonly key: TransactionKey
  readonly sender: Sender
  readonly timeoutMs: number
}

class OpenTransaction implements Transaction {
  readonly #owner: KafkaTransactionalProducer
  readonly #context: Context
  readonly #onEnd: () => void
  readonly #partitions = new Set<string>()
  readonly #groups = new Set<string>()
  #turn: Promise<unknown> = Promise.resolve()
  #ended = false

  constructor(owner: KafkaTransactionalProducer, context: Context, onEnd: () => void) {
    this.#owner = owner
    this.#context = context
    this.#onEnd = onEnd
  }

  /** One call to the coordinator after the other (P2). */
  #call<T>(what: string, work: (broker: Broker) => Promise<T>): Promise<T> {
    const { client, key, timeoutMs } = this.#context
    const coordinator = { kind: 'transaction', key: key.transactionalId } as const
    const options: AttemptOptions = { what: `${what} ${key.transactionalId}`, ms: timeoutMs, coordinator }
    const mine = this.#turn.then(() =>
      client.attempt(options, async () => {
        const broker = await client.coordinator('transaction', key.transactionalId)
        return answered(what, () => work(broker))
      }),
    )
    this.#turn = mine.catch(() => {})
    return mine
  }

  /** A failure without an answer leaves the outcome of the transaction open. */
  #step(work: () => Promise<void>): Promise<void> {
    return this.#owner.guard(async () => {
      this.#running()
      try {
        await work()
      } catch (cause) {
        if (!(cause instanceof KafkaError) || cause.recover !== 'retry') throw cause
        throw new KafkaError('TRANSACTION_UNCERTAIN', cause.message, { cause })
      }
    })
  }

  #running(): void {
    if (this.#ended) throw new KafkaError('PRODUCER_UNUSABLE', 'this transaction has ended')
  }

  send(records: readonly OutputRecord[]): Promise<void> {
    return this.#step(async () => {
      if (records.length === 0) return
      const { sender, key } = this.#context
      const lanes = await sender.plan(records)
      const fresh = lanes.filter((lane) => !this.#partitions.has(`${lane.topic}/${lane.partition}`))
      if (fresh.length > 0) {
        const topics = [...new Set(fresh.map((lane) => lane.topic))].map((topic) => ({
          topic,
          partitions: fresh.filter((lane) => lane.topic === topic).map((lane) => lane.partition),
        }))
        for (const lane of fresh) this.#partitions.add(`${lane.topic}/${lane.partition}`)
        await this.#call('add partitions to', (broker) => broker.addPartitionsToTxn({ ...key, topics }))
      } else await this.#turn
      await sender.send(lanes)
    })
  }

  sendOffsets(membership: Membership, offsets: readonly OffsetCommit[]): Promise<void> {
    return this.#step(async () => {
      requireMembership(membership)
      const { client, key, timeoutMs } = this.#context
      const { groupId } = membership
      if (!this.#groups.has(groupId)) {
        this.#groups.add(groupId)
        await this.#call('add offsets to', (broker) => broker.addOffsetsToTxn({ ...key, groupId }))
      }
      const producer = {
        transactionalId: key.transactionalId,
        producerId: BigInt(key.producerId),
        epoch: key.producerEpoch,
      }
      const request = txnOffsetCommit(producer, membership, offsets)
      const coordinator = { kind: 'group', key: groupId } as const
      await client.attempt({ what: `offsets of ${groupId}`, ms: timeoutMs, coordinator }, async () => {
        const broker = await client.coordinator('group', groupId)
        return answered('send offsets to', () => client.send(broker, request))
      })
    })
  }

  commit(): Promise<void> {
    return this.#end(true)
  }

  abort(): Promise<void> {
    return this.#end(false)
  }

  #end(commit: boolean): Promise<void> {
    return this.#step(async () => {
      this.#ended = true
      // The coordinator refuses to end what never began.
      if (this.#partitions.size > 0 || this.#groups.size > 0) {
        const request = { ...this.#context.key, transactionResult: commit }
        await this.#call(commit ? 'commit' : 'abort', (broker) => broker.endTxn(request))
      }
      this.#onEnd()
    })
  }
}
