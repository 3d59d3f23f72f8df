/**
 * The three error handlers of a task: what becomes of a record that cannot be read (deserialization), of an event whose
 * handler throws (processing), and of an output that the broker would refuse for good (production). README.md, Errors.
 * E1: a dead letter is an output like any other: in the same transaction as the offset of its record.
 * E2: `stop` stops the partition at the record, with nothing of it applied; a restart meets it again.
 * E3: an event that a handler refuses on purpose (RefusedEvent) is a dead letter under every setting.
 */
import { RuntimeError } from './errors.ts'

export type OnError = 'dead-letter' | 'stop'

export interface ErrorHandling {
  /** Bytes that are no event that this code can read. */
  readonly deserialization: OnError
  /** A handler that throws anything but RefusedEvent. */
  readonly processing: OnError
  /** Bytes of key and value of one output. A bigger result is a dead letter; so is the event of a bigger emission. */
  readonly outputBytesMax: number
}

/** A broker's default limit is 1 MiB with the record's overhead. */
export const OUTPUT_BYTES_MAX = 1_000_000

export const DEAD_LETTERS: ErrorHandling = {
  deserialization: 'dead-letter',
  processing: 'dead-letter',
  outputBytesMax: OUTPUT_BYTES_MAX,
}

const UNREADABLE: ReadonlySet<string> = new Set([
  'bad_magic',
  'unknown_schema',
  'undecodable',
  'unknown_record',
])

/** E2. Throws when a refusal with this code is to stop the partition. */
export function checkRefusal(handling: ErrorHandling, where: string, code: string, message: string): void {
  const kind = UNREADABLE.has(code) ? 'deserialization' : code === 'handler_failed' ? 'processing' : undefined
  if (kind === undefined || handling[kind] !== 'stop') return
  throw new RuntimeError(
    'record_refused',
    `${where}: ${code}: ${message}. Errors of ${kind} are set to stop: correct the cause and restart, or set them ` +
      'to dead-letter',
  )
}
