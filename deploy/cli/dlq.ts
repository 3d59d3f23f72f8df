/** Owns `dlq`: looking at dead letters and settling them. Refuses: settling all of them unless `--all` says so. */
import { userInfo } from 'node:os'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import type { DataOption } from './access.ts'
import { canReplay, type DeadLetter, openLetters, type Resolution, settle } from './dead-letters.ts'
import { decodeRecord } from './decode.ts'
import { withKafka } from './kafka-access.ts'
import { note, print, printJson, table } from './output.ts'
import { CATALOGUE, dlqOf } from '../../schemas/topics.ts'
import type { KafkaPort } from '../../platform/kafka/port.ts'
import { topicNamed } from './tail.ts'

export type DlqOptions = DataOption & { readonly topic: string; readonly output?: 'json' | 'table' }

const wrongUse = (message: string, help: string): StackError =>
  new StackError('WRONG_USE', message, help, { exitCode: EXIT.wrongUse })

const summaryOf = ({ record, ...letter }: DeadLetter) => ({
  ...letter,
  at: new Date(letter.at).toISOString(),
  key: record.key?.toString('utf8') ?? null,
  bytes: record.value?.length ?? 0,
})

/** Open letters of the other topics: a list of one must not look like all there is. */
const elsewhere = async (port: KafkaPort, topic: string): Promise<Record<string, number>> => {
  const known = await (await port.admin()).listTopics()
  const others = CATALOGUE.filter(({ name }) => name !== topic && known.includes(dlqOf(name)))
  const counts: Record<string, number> = {}
  for (const { name } of others) {
    const { length } = await openLetters(port, name)
    if (length > 0) counts[name] = length
  }
  return counts
}

export const listDeadLetters = (options: DlqOptions & { readonly limit: number }): Promise<ExitCode> =>
  withKafka(options, async ({ port }) => {
    const letters = await openLetters(port, topicNamed(options.topic))
    const shown = letters.slice(-options.limit).map(summaryOf)
    const others = await elsewhere(port, topicNamed(options.topic))
    if (options.output === 'json') {
      printJson({ open: letters.length, letters: shown, elsewhere: others })
      return EXIT.fine
    }
    const rows = shown.map((letter) => [
      letter.id,
      letter.at,
      letter.code,
      `${letter.topic}/${letter.partition}@${letter.offset}`,
      letter.key ?? '-',
      letter.message,
    ])
    if (rows.length > 0) print(table(['id', 'when', 'code', 'from', 'key', 'why'], rows))
    print(`${letters.length} open dead letters of ${topicNamed(options.topic)}`)
    for (const [name, count] of Object.entries(others)) print(`${count} of ${name}: --topic ${name}`)
    return EXIT.fine
  })

const find = (letters: readonly DeadLetter[], id: string): DeadLetter => {
  const letter = letters.find((candidate) => candidate.id === id)
  if (letter !== undefined) return letter
  throw new StackError('NO_SUCH_LETTER', `There is no open dead letter ${id}.`, 'See ./nikash dlq list.', {
    exitCode: EXIT.finding,
  })
}

const hexDump = (bytes: Buffer): string => {
  const lines: string[] = []
  for (let at = 0; at < Math.min(bytes.length, 512); at += 16) {
    const row = bytes.subarray(at, at + 16)
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const text = [...row].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`  ${at.toString(16).padStart(4, '0')}  ${hex.padEnd(47)}  ${text}`)
  }
  if (bytes.length > 512) lines.push(`  ... ${bytes.length} bytes in all`)
  return lines.join('\n')
}

export const showDeadLetter = (options: DlqOptions & { readonly id: string }): Promise<ExitCode> =>
  withKafka(options, async ({ port, codec }) => {
    const letter = find(await openLetters(port, topicNamed(options.topic)), options.id)
    const readable = await decodeRecord(letter.record, codec)
    const base64 = letter.record.value?.toString('base64') ?? null
    if (options.output === 'json') {
      printJson({
        ...summaryOf(letter),
        headers: readable.headers,
        type: readable.type,
        data: readable.data,
        base64,
      })
      return EXIT.fine
    }
    for (const [name, value] of Object.entries(summaryOf(letter)))
      print(`${name.padEnd(10)} ${String(value)}`)
    print('headers')
    for (const [name, value] of Object.entries(readable.headers)) print(`  ${name}: ${value}`)
    print(
      readable.problem === undefined
        ? `${readable.type} ${JSON.stringify(readable.data, null, 2)}`
        : readable.problem,
    )
    if (letter.record.value !== null) print(hexDump(letter.record.value))
    return EXIT.fine
  })

type SettleOptions = DlqOptions & { readonly id?: string; readonly all: boolean }

const settleLetters = (options: SettleOptions, resolution: Resolution): Promise<ExitCode> => {
  const { id } = options
  if ((id === undefined) !== options.all) {
    const example = resolution === 'replayed' ? 'replay 3-17' : 'discard 3-17'
    throw wrongUse(
      'Name one dead letter, or all of them.',
      `./nikash dlq ${example}, or with --all instead of the id.`,
    )
  }
  return withKafka(options, async ({ port }) => {
    const letters = await openLetters(port, topicNamed(options.topic))
    const named = id === undefined ? letters : [find(letters, id)]
    const chosen = resolution === 'replayed' ? named.filter(canReplay) : named
    if (chosen.length < named.length) {
      note(
        `${named.length - chosen.length} hold no record that could be replayed: discard them when they are dealt with`,
      )
    }
    const settled = await settle(port, chosen, resolution, userInfo().username)
    if (options.output === 'json') printJson({ resolution, ids: chosen.map((letter) => letter.id) })
    else {
      print(`${resolution} ${settled} of ${letters.length} dead letters`)
      if (resolution === 'replayed' && chosen.length > 0)
        note('They go through the processors again: what is refused once more comes back as a new letter.')
    }
    return EXIT.fine
  })
}

export const replayDeadLetters = (options: SettleOptions): Promise<ExitCode> =>
  settleLetters(options, 'replayed')
export const discardDeadLetters = (options: SettleOptions): Promise<ExitCode> =>
  settleLetters(options, 'discarded')
