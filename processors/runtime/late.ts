/**
 * Late events that counted: the record at hand on the late topic, bytes unchanged, headers say why (Context.late).
 * Owns which record is at hand. L1: once per record, whoever asks first. L2: it leaves with the other once-only records
 * of its event, so it is undone with it (R2), and nothing leaves in a replay (R8). L3: a timer has no event at hand.
 * An event that did not count (its id may have been forgotten, A5) gets its letter from the task itself, code `late`.
 */
import type { InputRecord } from '../../platform/kafka/port.ts'
import type { Outbox } from './context.ts'
import { countedLateLetter } from './letters.ts'
import type { RuntimeTopics } from './topics.ts'
import type { Lateness } from './topology.ts'

export class LateEvents {
  readonly #topics: RuntimeTopics
  readonly #outbox: Outbox
  #record: InputRecord | undefined
  #put = false

  constructor(topics: RuntimeTopics, outbox: Outbox) {
    this.#topics = topics
    this.#outbox = outbox
  }

  /** The handlers of this record's event begin. */
  begin(record: InputRecord): void {
    this.#record = record
    this.#put = false
  }

  end(): void {
    this.#record = undefined
  }

  /** True when the record goes out. */
  put(lateness: Lateness): boolean {
    // Asked before anything else, so that a replay fails where the first run did.
    if (this.#record === undefined)
      throw new Error(`late(${lateness.reason}) outside of onEvent: there is no event that could be late`)
    if (this.#put || this.#outbox.muted) return false
    this.#put = true
    this.#outbox.records.push(countedLateLetter(this.#topics, this.#record, lateness))
    return true
  }
}
