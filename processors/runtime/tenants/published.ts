/** What the topics hold of one tenant already, before a rebuild replaces it (README.md, T5, T6). Reads only. */
import type { InputRecord } from '../../../platform/kafka/port.ts'
import { DLQ_HEADERS } from '../../../schemas/topics.ts'
import { tenantOfKey } from './owners.ts'

/** Result keys with a value, and offsets of the log with a dead letter. */
export interface Published {
  readonly results: Set<string>
  readonly letters: Set<number>
}

export const nothingPublished = (): Published => ({ results: new Set(), letters: new Set() })

export function seeResult(
  published: Published,
  tenant: string,
  { key, value }: Pick<InputRecord, 'key' | 'value'>,
): void {
  if (key === null) return
  const text = key.toString('utf8')
  if (tenantOfKey(text) !== tenant) return
  if (value === null) published.results.delete(text)
  else published.results.add(text)
}

/** Letters about the log's own partition; those of timers and markers of settled ones name no record of it. */
export function seeLetter(
  published: Published,
  topic: string,
  { partition, value, headers }: Pick<InputRecord, 'partition' | 'value' | 'headers'>,
): void {
  const offset = headers[DLQ_HEADERS.offset]
  const timer = String(headers[DLQ_HEADERS.code] ?? '') === 'timer_failed'
  if (value === null && timer) return
  if (offset === undefined || String(headers[DLQ_HEADERS.topic]) !== topic) return
  if (Number(String(headers[DLQ_HEADERS.partition])) === partition)
    published.letters.add(Number(String(offset)))
}
