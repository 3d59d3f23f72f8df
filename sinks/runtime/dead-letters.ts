/**
 * Records of results and history that a sink can't read: one record on the topic's .dlq, then the sink moves on.
 * X1: what was dead-lettered before (below the group's committed offset) is not sent again when a store is rebuilt.
 */
import type { InputRecord, KafkaPort, OutputRecord, Producer } from '../../platform/kafka/port.ts'
import { schemaIdOf } from '../../schemas/codec/wire.ts'
import { DLQ_HEADERS, dlqOf } from '../../schemas/topics.ts'

export interface Unreadable {
  readonly record: InputRecord
  readonly code: string
  readonly message: string
}

const NO_BYTES = Buffer.alloc(0)

const letterOf = ({ record, code, message }: Unreadable): OutputRecord => {
  const schemaId = schemaIdOf(record.value)
  return {
    topic: dlqOf(record.topic),
    partition: record.partition,
    key: record.key ?? NO_BYTES,
    value: record.value,
    headers: {
      ...record.headers,
      [DLQ_HEADERS.topic]: record.topic,
      [DLQ_HEADERS.partition]: String(record.partition),
      [DLQ_HEADERS.offset]: String(record.offset),
      [DLQ_HEADERS.code]: code,
      [DLQ_HEADERS.message]: message,
      ...(schemaId === undefined ? {} : { [DLQ_HEADERS.schemaId]: String(schemaId) }),
    },
  }
}

export class DeadLetters {
  readonly #kafka: KafkaPort
  #producer: Promise<Producer> | undefined

  constructor(kafka: KafkaPort) {
    this.#kafka = kafka
  }

  /** Resolves when all letters are acknowledged. */
  async send(unreadable: readonly Unreadable[]): Promise<void> {
    if (unreadable.length === 0) return
    this.#producer ??= this.#kafka.producer()
    try {
      await (await this.#producer).send(unreadable.map(letterOf))
    } catch (error) {
      const broken = this.#producer
      this.#producer = undefined
      await broken.then((producer) => producer.close()).catch(() => undefined)
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#producer?.then((producer) => producer.close()).catch(() => undefined)
  }
}
