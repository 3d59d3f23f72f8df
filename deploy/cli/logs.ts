/** Owns `logs`: the end of one part's log, and what comes after with --follow. Refuses: reading a whole large log. */
import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import { layoutOf, logFileOf } from '../local/paths.ts'
import { readState } from '../local/state.ts'
import { type DataOption, dataDirOf } from './access.ts'

export type LogsOptions = DataOption & {
  readonly lines: number
  readonly follow: boolean
  readonly service: string
}

const TAIL_BYTES_MAX = 4 << 20
const CHUNK_BYTES = 64 << 10
const POLL_MS = 250

const readFrom = (file: string, from: number): { bytes: Buffer; end: number } => {
  const descriptor = openSync(file, 'r')
  try {
    const size = fstatSync(descriptor).size
    // The supervisor cuts a log that grew too long: start over.
    const start = size < from ? 0 : from
    const bytes = Buffer.alloc(Math.min(size - start, TAIL_BYTES_MAX))
    const count = readSync(descriptor, bytes, 0, bytes.length, start)
    return { bytes: bytes.subarray(0, count), end: start + count }
  } finally {
    closeSync(descriptor)
  }
}

export const lastLines = (file: string, lines: number): { text: string; end: number } => {
  const size = statSync(file).size
  const { bytes, end } = readFrom(
    file,
    Math.max(0, size - Math.min(TAIL_BYTES_MAX, lines * 1_024 + CHUNK_BYTES)),
  )
  const all = bytes.toString('utf8').split('\n')
  const complete = all.at(-1) === '' ? all.slice(0, -1) : all
  return { text: complete.slice(-lines).join('\n'), end }
}

export const logs = async (options: LogsOptions): Promise<ExitCode> => {
  const layout = layoutOf(dataDirOf(options))
  const names = ['supervisor', ...(readState(layout.state)?.parts.map((part) => part.name) ?? [])]
  if (!names.includes(options.service)) {
    throw new StackError(
      'NO_SUCH_PART',
      `There is no part ${options.service}.`,
      `Parts: ${names.join(', ')}.`,
      {
        exitCode: EXIT.wrongUse,
      },
    )
  }
  const file = logFileOf(layout, options.service)
  if (!existsSync(file)) {
    throw new StackError('NO_LOG', `${options.service} has not written a log yet.`, 'See ./nikash status.')
  }
  const tail = lastLines(file, options.lines)
  if (tail.text !== '') process.stdout.write(`${tail.text}\n`)
  let { end } = tail
  while (options.follow) {
    await sleep(POLL_MS)
    const more = readFrom(file, end)
    process.stdout.write(more.bytes)
    end = more.end
  }
  return EXIT.fine
}
