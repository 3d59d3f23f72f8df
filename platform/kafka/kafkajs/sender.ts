/**
 * Sends records with acks from all replicas and sequence numbers, so that a retry never doubles or reorders them.
 * S1: one request at a time per leader, batches of a partition in order. S2: a batch has at most BATCH_RECORDS_MAX
 * records and BATCH_BYTES_MAX bytes (a larger record travels alone). S3: after an answer that leaves the outcome
 * unknown, the sequence is unknown too: the sender refuses all further work.
 */
import { partitionOf } from '../../../schemas/values/partition.ts'
import { KafkaError, unknownTopic } from '../errors.ts'
import type { OutputRecord } from '../port.ts'
import type { Client } from './client.ts'
import { ProtocolError, toKafkaError } from './faults.ts'
import { type BatchIdentity, encodeBatch, type Prepared, prepare } from './record-batch.ts'
import { type ProducePart, produce } from './requests.ts'

const BATCH_RECORDS_MAX = 1_000
const BATCH_BYTES_MAX = 900_000
const REQUEST_TIMEOUT_MS = 15_000
const DUPLICATE_SEQUENCE = 46

/** What a broker may answer before it has written anything. */
const NOT_WRITTEN: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'NOT_AUTHORIZED',
])

interface Lane {
  readonly topic: string
  readonly partition: number
  readonly batches: (readonly Prepared[])[]
  current: Prepared[]
  currentBytes: number
}

export class Sender {
  readonly #client: Client
  readonly #identity: BatchIdentity
  readonly #transactionalId: string | null
  readonly #sequences = new Map<string, number>()
  #turn: Promise<unknown> = Promise.resolve()
  #broken: KafkaError | undefined

  constructor(client: Client, identity: BatchIdentity, transactionalId: string | null) {
    this.#client = client
    this.#identity = identity
    this.#transactionalId = transactionalId
  }

  /** Sorts records by partition and cuts them into batches; looks topics up where needed. */
  async plan(records: readonly OutputRecord[]): Promise<readonly Lane[]> {
    await this.#client.topics([...new Set(records.map((record) => record.topic))])
    const lanes = new Map<string, Lane>()
    for (const record of records) {
      const { topic } = record
      const prepared = prepare(record)
      const partitions = this.#client.partitionsOf(topic)
      const partition = record.partition ?? partitionOf(prepared.key, partitions)
      if (partition < 0 || partition >= partitions) throw unknownTopic(topic, partition)
      const key = `${topic}/${partition}`
      let lane = lanes.get(key)
      if (!lane) {
        lane = { topic, partition, batches: [], current: [], currentBytes: 0 }
        lanes.set(key, lane)
      }
      const full =
        lane.current.length >= BATCH_RECORDS_MAX || lane.currentBytes + prepared.size > BATCH_BYTES_MAX
      if (full && lane.current.length > 0) {
        lane.batches.push(lane.current)
        lane.current = []
        lane.currentBytes = 0
      }
      lane.current.push(prepared)
      lane.currentBytes += prepared.size + 10
    }
    for (const lane of lanes.values()) lane.batches.push(lane.current)
    return [...lanes.values()]
  }

  /** Sends what was planned, after everything that was sent before. */
  send(lanes: readonly Lane[]): Promise<void> {
    const mine = this.#turn.then(() => this.#sendAll(lanes))
    this.#turn = mine.catch(() => {})
    return mine
  }

  async #sendAll(lanes: readonly Lane[]): Promise<void> {
    const rounds = Math.max(0, ...lanes.map((lane) => lane.batches.length))
    for (let round = 0; round < rounds; round++) {
      if (this.#broken) throw this.#broken
      const due = lanes.flatMap((lane) => {
        const records = lane.batches[round]
        return records ? [{ ...lane, records }] : []
      })
      const results = await Promise.allSettled(due.length > 0 ? [this.#sendRound(due)] : [])
      for (const result of results) if (result.status === 'rejected') throw result.reason
    }
  }

  async #sendRound(
    due: readonly { topic: string; partition: number; records: readonly Prepared[] }[],
  ): Promise<void> {
    const now = Date.now()
    const parts = due.map(({ topic, partition, records }) => {
      const key = `${topic}/${partition}`
      const sequence = this.#sequences.get(key) ?? 0
      const batch = encodeBatch(records, this.#identity, sequence, now)
      return { topic, partition, batch, key, after: (sequence + records.length) % 0x8000_0000 }
    })
    const open = new Map(parts.map((part) => [part.key, part]))
    let refused: KafkaError | undefined
    try {
      await this.#client.attempt({ what: `send to ${parts[0]?.topic}` }, async () => {
        const later = await this.#try([...open.values()], (key, error) => {
          const part = open.get(key)
          open.delete(key)
          if (error) refused ??= error
          else if (part) this.#sequences.set(key, part.after)
        })
        if (later) throw later
      })
    } catch (cause) {
      const failed = toKafkaError('send', cause)
      if (!NOT_WRITTEN.has(failed.code)) this.#broken = failed
      throw failed
    }
    if (refused) throw refused
  }

  /** One request to each leader. Gives the error to try again for, when there is one. */
  async #try(
    parts: readonly (ProducePart & { key: string })[],
    settle: (key: string, error?: KafkaError) => void,
  ): Promise<unknown> {
    const byLeader = new Map<number, (ProducePart & { key: string })[]>()
    for (const part of parts) {
      const leader = this.#client.leaderIdOf(part.topic, part.partition)
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), part])
    }
    const failures = await Promise.all(
      [...byLeader].map(async ([leader, group]): Promise<unknown> => {
        try {
          const broker = await this.#client.broker(leader)
          const request = produce(group, this.#transactionalId, REQUEST_TIMEOUT_MS)
          let later: unknown
          for (const { topic, partition, errorCode } of await this.#client.send(broker, request)) {
            const key = `${topic}/${partition}`
            if (errorCode === 0 || errorCode === DUPLICATE_SEQUENCE) {
              settle(key)
              continue
            }
            const error = new ProtocolError(errorCode, `send to ${topic}-${partition}`)
            const failed = toKafkaError('send', error)
            if (NOT_WRITTEN.has(failed.code) && failed.code !== 'UNKNOWN_TOPIC_OR_PARTITION')
              settle(key, failed)
            else later = error
          }
          return later
        } catch (error) {
          return error
        }
      }),
    )
    return failures.find((failure) => failure !== undefined)
  }
}
