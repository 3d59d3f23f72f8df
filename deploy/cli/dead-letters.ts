/**
 * Owns the open dead letters of a topic, and settling them. A Kafka log can't lose one record, so a decision is a
 * record, too: a marker on the same DLQ partition, with the header below. Refuses: settling a letter twice.
 *
 * D1  replay = the original key, bytes and headers back on the topic it came from, and the marker, in one transaction.
 * D2  a letter with a marker is settled; the newest marker does not matter, the first one decided.
 */
import type { InputRecord, KafkaPort } from '../../platform/kafka/port.ts'
import { DLQ_HEADERS, dlqOf } from '../../schemas/topics.ts'
import { headersOf, RESOLUTION_HEADER, RESOLVED_BY_HEADER, RESOLVES_HEADER } from './decode.ts'
import { partitionsOf, sweep } from './records.ts'

export type Resolution = 'replayed' | 'discarded'

export type DeadLetter = {
  readonly id: string
  readonly at: number
  readonly code: string
  readonly message: string
  readonly topic: string
  readonly partition: string
  readonly offset: string
  readonly schemaId: string
  readonly record: InputRecord
}

const LETTERS_MAX = 100_000
const TRANSACTION_MS = 6_000
/** Letters settled in one transaction. */
const SETTLE_AT_ONCE = 200
const OURS = new Set<string>(Object.values(DLQ_HEADERS))

const letterOf = (record: InputRecord): DeadLetter => {
  const headers = headersOf(record)
  return {
    id: `${record.partition}-${record.offset}`,
    at: record.timestamp,
    code: headers[DLQ_HEADERS.code] ?? '?',
    message: headers[DLQ_HEADERS.message] ?? '',
    topic: headers[DLQ_HEADERS.topic] ?? '?',
    partition: headers[DLQ_HEADERS.partition] ?? '?',
    offset: headers[DLQ_HEADERS.offset] ?? '?',
    schemaId: headers[DLQ_HEADERS.schemaId] ?? '',
    record,
  }
}

/** Letters without a decision, oldest first; bounded by the newest LETTERS_MAX. */
export const openLetters = async (port: KafkaPort, topic: string): Promise<DeadLetter[]> => {
  const dlq = dlqOf(topic)
  const admin = await port.admin()
  const partitions = await partitionsOf(admin, dlq)
  const bounds = await admin.bounds(dlq, partitions)
  const positions = new Map(partitions.map((partition, index) => [partition, bounds[index]?.low ?? 0]))
  const letters = new Map<string, DeadLetter>()
  for (let atEnd = false; !atEnd; ) {
    const swept = await sweep(port, dlq, positions)
    atEnd = swept.atEnd
    for (const record of swept.records) {
      const settled = record.headers[RESOLVES_HEADER]
      if (settled !== undefined) letters.delete(settled.toString('utf8'))
      else letters.set(`${record.partition}-${record.offset}`, letterOf(record))
    }
    for (const id of letters.keys()) {
      if (letters.size <= LETTERS_MAX) break
      letters.delete(id)
    }
  }
  return [...letters.values()].sort((a, b) => a.at - b.at)
}

/** A letter about a timer or a result holds no record that could be sent again. */
export const canReplay = (letter: DeadLetter): boolean =>
  letter.record.value !== null && /^\d+$/.test(letter.partition) && letter.topic !== '?'

const originalHeaders = (record: InputRecord): Record<string, Buffer> =>
  Object.fromEntries(Object.entries(record.headers).filter(([name]) => !OURS.has(name)))

export const settle = async (
  port: KafkaPort,
  letters: readonly DeadLetter[],
  resolution: Resolution,
  by: string,
): Promise<void> => {
  const producer = port.transactionalProducer({
    transactionalId: `nikash-dlq-${process.pid}-${Date.now()}`,
    timeoutMs: TRANSACTION_MS,
  })
  await producer.init()
  try {
    for (let from = 0; from < letters.length; from += SETTLE_AT_ONCE) {
      const some = letters.slice(from, from + SETTLE_AT_ONCE)
      const transaction = await producer.begin()
      try {
        if (resolution === 'replayed') {
          await transaction.send(
            some.map(({ topic, partition, record }) => ({
              topic,
              // Its own partition: broadcast records go to one each, and a foreign key is re-routed from there anyway.
              partition: Number(partition),
              key: record.key ?? '',
              value: record.value,
              headers: originalHeaders(record),
            })),
          )
        }
        await transaction.send(
          some.map(({ id, record }) => ({
            topic: record.topic,
            partition: record.partition,
            key: record.key ?? '',
            value: Buffer.from(resolution),
            headers: { [RESOLVES_HEADER]: id, [RESOLUTION_HEADER]: resolution, [RESOLVED_BY_HEADER]: by },
          })),
        )
        await transaction.commit()
      } catch (error) {
        await transaction.abort().catch(() => undefined)
        throw error
      }
    }
  } finally {
    await producer.close()
  }
}
