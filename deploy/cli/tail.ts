/** Owns `tail`: decoded records of a topic, from a point in time on. Refuses: topics that the broker does not have. */
import { setTimeout as sleep } from 'node:timers/promises'
import { dlqOf, TOPICS } from '../../schemas/topics.ts'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import type { DataOption } from './access.ts'
import { decodeRecord, matches, type ReadableRecord } from './decode.ts'
import { offsetsAt, withKafka } from './kafka-access.ts'
import { parseDuration, print } from './output.ts'
import { partitionsOf, sweep } from './records.ts'

export type TailOptions = DataOption & {
  readonly topic: string
  readonly from?: string
  readonly filter: readonly string[]
  readonly max?: number
  readonly untilEnd: boolean
  readonly output?: 'json' | 'table'
}

const POLL_MS = 300

const wrongUse = (message: string, help: string): StackError =>
  new StackError('WRONG_USE', message, help, { exitCode: EXIT.wrongUse })

/** `events`, `events.dlq` and full names. */
export const topicNamed = (name: string): string => {
  const [short = '', ...rest] = name.split('.')
  if (!(short in TOPICS)) return name
  const topic = TOPICS[short as keyof typeof TOPICS]
  if (rest.length === 0) return topic
  return rest.length === 1 && rest[0] === 'dlq' ? dlqOf(topic) : name
}

export const parseFilter = (text: string): { path: string; value: string } => {
  const at = text.indexOf('=')
  if (at < 1)
    throw wrongUse(`"${text}" is no filter.`, 'Write it as name=value, e.g. --filter type=InvoiceCreated.')
  return { path: text.slice(0, at), value: text.slice(at + 1) }
}

type Start = 'start' | 'end' | { readonly agoMs: number }

const parseStart = (from: string | undefined, untilEnd: boolean): Start => {
  if (from === undefined) return untilEnd ? 'start' : 'end'
  if (from === 'start') return 'start'
  const agoMs = parseDuration(from)
  if (agoMs === undefined)
    throw wrongUse(`"${from}" is no time.`, 'Examples: --from 10m, --from 2h, --from start.')
  return { agoMs }
}

const line = (record: ReadableRecord): string =>
  [
    record.timestamp,
    `${record.partition}:${record.offset}`,
    record.key ?? '-',
    record.type,
    record.problem ?? '',
    JSON.stringify(record.data),
  ]
    .filter((part) => part !== '')
    .join('  ')

export const tail = async (options: TailOptions): Promise<ExitCode> => {
  const topic = topicNamed(options.topic)
  const filters = options.filter.map(parseFilter)
  const start = parseStart(options.from, options.untilEnd)
  return withKafka(options, async ({ port, codec, brokers }) => {
    const admin = await port.admin()
    const known = await admin.listTopics()
    if (!known.includes(topic)) {
      throw wrongUse(`There is no topic ${topic}.`, `Topics: ${[...known].sort().join(', ')}.`)
    }
    const partitions = await partitionsOf(admin, topic)
    const bounds = await admin.bounds(topic, partitions)
    const since =
      typeof start === 'object' ? await offsetsAt(brokers, topic, Date.now() - start.agoMs) : undefined
    const positions = new Map(
      partitions.map((partition, index) => {
        const { low = 0, high = 0 } = bounds[index] ?? {}
        return [partition, start === 'start' ? low : Math.max(low, since?.get(partition) ?? high)]
      }),
    )
    let shown = 0
    for (;;) {
      const { records, atEnd } = await sweep(port, topic, positions)
      for (const record of records) {
        const readable = await decodeRecord(record, codec)
        if (!filters.every((filter) => matches(readable, filter))) continue
        print(options.output === 'json' ? JSON.stringify(readable) : line(readable))
        shown += 1
        if (shown === options.max) return EXIT.fine
      }
      if (atEnd && options.untilEnd) return EXIT.fine
      if (atEnd) await sleep(POLL_MS)
    }
  })
}
