/** Records that leave with their bytes unchanged: dead letters, late events, reroutes. Owns their headers. */
import { schemaIdOf } from '../../schemas/codec/wire.ts'
import { DLQ_HEADERS, LATE_COUNTED, LATE_HEADERS, REROUTED_HEADER } from '../../schemas/topics.ts'
import type { Headers, InputRecord, OutputRecord } from '../../platform/kafka/port.ts'
import type { RuntimeTopics } from './topics.ts'
import type { Lateness } from './topology.ts'

const NO_BYTES = Buffer.alloc(0)

const whereFrom = (record: InputRecord, code: string, message: string): Headers => {
  const schemaId = schemaIdOf(record.value)
  return {
    ...record.headers,
    [DLQ_HEADERS.topic]: record.topic,
    [DLQ_HEADERS.partition]: String(record.partition),
    [DLQ_HEADERS.offset]: String(record.offset),
    [DLQ_HEADERS.code]: code,
    [DLQ_HEADERS.message]: message,
    ...(schemaId === undefined ? {} : { [DLQ_HEADERS.schemaId]: String(schemaId) }),
  }
}

export const deadLetter = (
  topics: RuntimeTopics,
  record: InputRecord,
  code: string,
  message: string,
): OutputRecord => ({
  topic: topics.eventsDlq,
  partition: record.partition,
  key: record.key ?? NO_BYTES,
  value: record.value,
  headers: whereFrom(record, code, message),
})

export const lateLetter = (topics: RuntimeTopics, record: InputRecord, message: string): OutputRecord => ({
  topic: topics.late,
  partition: record.partition,
  key: record.key ?? NO_BYTES,
  value: record.value,
  headers: whereFrom(record, 'late', message),
})

/** An event that counted though a final of its window was out (Context.late). */
export const countedLateLetter = (
  topics: RuntimeTopics,
  record: InputRecord,
  { reason, window, lateMs }: Lateness,
): OutputRecord => {
  const letter = lateLetter(topics, record, `the final of ${window} was out; the event counts`)
  const headers = {
    ...letter.headers,
    [DLQ_HEADERS.code]: LATE_COUNTED,
    [LATE_HEADERS.reason]: reason,
    [LATE_HEADERS.window]: window,
    [LATE_HEADERS.lateMs]: String(lateMs),
  }
  return { ...letter, headers }
}

/** A timer whose handler threw: no bytes of its own; the record is the one that moved log time past it. */
export const timerLetter = (
  topics: RuntimeTopics,
  record: InputRecord,
  timer: string,
  message: string,
): OutputRecord => ({
  topic: topics.eventsDlq,
  partition: record.partition,
  key: timer,
  value: null,
  headers: whereFrom({ ...record, headers: {}, value: null }, 'timer_failed', message),
})

export const renderLetter = (
  topics: RuntimeTopics,
  place: { readonly partition: number; readonly offset: number },
  key: string,
  message: string,
): OutputRecord => ({
  topic: topics.resultsDlq,
  partition: place.partition,
  key,
  value: null,
  headers: {
    [DLQ_HEADERS.topic]: topics.events,
    [DLQ_HEADERS.partition]: String(place.partition),
    [DLQ_HEADERS.offset]: String(place.offset),
    [DLQ_HEADERS.code]: 'render_failed',
    [DLQ_HEADERS.message]: message,
  },
})

/** A result that its topic would refuse for good: no bytes, they are what does not fit. */
export const tooLargeLetter = (
  topics: RuntimeTopics,
  place: { readonly partition: number; readonly offset: number },
  key: string,
  bytes: number,
  max: number,
): OutputRecord => {
  const letter = renderLetter(topics, place, key, `${bytes} bytes, at most ${max} fit`)
  return { ...letter, headers: { ...letter.headers, [DLQ_HEADERS.code]: 'result_too_large' } }
}

export const reroute = (record: InputRecord, to: number, key: Buffer): OutputRecord => ({
  topic: record.topic,
  partition: to,
  key,
  value: record.value,
  headers: { ...record.headers, [REROUTED_HEADER]: String(record.partition) },
})
