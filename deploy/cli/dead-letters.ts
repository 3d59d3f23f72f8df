/**
 * Owns the open dead letters of a topic, and settling them. A Kafka log can't lose one record, so a decision is a
 * record, too: a marker on the same DLQ partition, with the header below. Refuses: settling a letter twice.
 *
 * D1  replay = the original key, bytes and headers back on the topic it came from, and the marker, in one transaction.
 *     The transactional id is that of the DLQ, and what is open is read again after it was taken: of two commands at the
 *     same time one is fenced, and a letter that the other settled meanwhile is left out.
 * D2  a letter with a marker is settled; the newest marker does not matter, the first one decided.
 * D3  a rebuild writes the letters of the whole log again: of several about one record, the first one counts, and what
 *     was decided about it stays decided.
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
/** Origins remembered beyond the open letters. */
const ORIGINS_MAX = 1_000_000
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

/** What a letter is about (D3): a record of the log, or a timer that fired at it. */
const originOf = ({ topic, partition, offset, code, record }: DeadLetter): string =>
  [topic, partition, offset, code === 'timer_failed', record.key?.toString('utf8') ?? ''].join('/')

/** Letters without a decision, oldest first; bounded by the newest LETTERS_MAX. */
export const openLetters = (port: KafkaPort, topic: string): Promise<DeadLetter[]> =>
  openLettersOn(port, dlqOf(topic))

const openLettersOn = async (port: KafkaPort, dlq: string): Promise<DeadLetter[]> => {
  const admin = await port.admin()
  const partitions = await partitionsOf(admin, dlq)
  const bounds = await admin.bounds(dlq, partitions)
  const positions = new Map(partitions.map((partition, index) => [partition, bounds[index]?.low ?? 0]))
  const letters = new Map<string, DeadLetter>()
  const origins = new Set<string>()
  for (let atEnd = false; !atEnd; ) {
    const swept = await sweep(port, dlq, positions)
    atEnd = swept.atEnd
    for (const record of swept.records) {
      const settled = record.headers[RESOLVES_HEADER]
      if (settled !== undefined) letters.delete(settled.toString('utf8'))
      else addLetter(letters, origins, letterOf(record))
    }
    for (const id of letters.keys()) {
      if (letters.size <= LETTERS_MAX) break
      letters.delete(id)
    }
  }
  return [...letters.values()].sort((a, b) => a.at - b.at)
}

const addLetter = (letters: Map<string, DeadLetter>, origins: Set<string>, letter: DeadLetter): void => {
  const origin = originOf(letter)
  if (/^\d+$/.test(letter.offset)) {
    if (origins.has(origin)) return
    if (origins.size < ORIGINS_MAX) origins.add(origin)
  }
  letters.set(letter.id, letter)
}

/** A letter about a timer or a result holds no record that could be sent again. */
export const canReplay = (letter: DeadLetter): boolean =>
  letter.record.value !== null && /^\d+$/.test(letter.partition) && letter.topic !== '?'

const originalHeaders = (record: InputRecord): Record<string, Buffer> =>
  Object.fromEntries(Object.entries(record.headers).filter(([name]) => !OURS.has(name)))

/** Letters of one DLQ. Gives how many were still open, and are settled now. */
export const settle = async (
  port: KafkaPort,
  asked: readonly DeadLetter[],
  resolution: Resolution,
  by: string,
): Promise<number> => {
  const dlq = asked[0]?.record.topic
  if (dlq === undefined) return 0
  const transactionalId = `nikash-dlq-${dlq}`
  const producer = port.transactionalProducer({ transactionalId, timeoutMs: TRANSACTION_MS })
  await producer.init()
  try {
    const open = new Set((await openLettersOn(port, dlq)).map(({ id }) => id))
    const letters = asked.filter(({ id }) => open.has(id))
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
    return letters.length
  } finally {
    await producer.close()
  }
}
