/**
 * Intent first: a chunk's range is committed before it is written, so that a restart redoes exactly that range and the
 * store recognises it. Kafka's own offset commit holds the intent: offset = first, metadata = `last=N`.
 * N1: the intent is committed with the membership of the assignment, so a member that lost its partition can't announce
 * (and so can't write) a range. N2: the commit of last+1 may wait: the next intent says the same.
 */
import type { Admin, Consumer } from '../../platform/kafka/port.ts'
import type { Chunk, LaneWriter, Opening } from './lane.ts'

export const intentOf = (last: number): string => `last=${last}`

/** Last offset of an announced range; null when the metadata announces none. */
export function parseIntent(metadata: string): number | null {
  const match = /^last=(\d{1,16})$/.exec(metadata)
  return match ? Number(match[1]) : null
}

/** Writes a chunk. `announce` must be awaited before the first write; a chunk that leaves nothing to write skips it. */
export interface RangeWriter {
  open?(): Promise<void>
  write(chunk: Chunk, announce: () => Promise<void>): Promise<void>
}

export interface IntentOptions {
  readonly admin: Admin
  readonly consumer: Consumer
  readonly groupId: string
  readonly topic: string
  readonly partition: number
  readonly writer: RangeWriter
}

export class IntentLane implements LaneWriter {
  readonly #options: IntentOptions

  constructor(options: IntentOptions) {
    this.#options = options
  }

  async open(): Promise<Opening> {
    const { admin, groupId, topic, partition, writer } = this.#options
    await writer.open?.()
    const [committed] = await admin.committed(groupId, topic, [partition])
    if (committed === undefined || committed.offset < 0) return {}
    const last = parseIntent(committed.metadata)
    if (last === null || last < committed.offset) return { from: committed.offset }
    return { from: committed.offset, redo: { first: committed.offset, last } }
  }

  async write(chunk: Chunk): Promise<void> {
    // A redone range was announced by the run before.
    const announce = () => (chunk.redo ? Promise.resolve() : this.#commit(chunk.first, intentOf(chunk.last)))
    await this.#options.writer.write(chunk, announce)
  }

  idle(next: number): Promise<void> {
    return this.#commit(next, '')
  }

  #commit(offset: number, metadata: string): Promise<void> {
    const { consumer, topic, partition } = this.#options
    return consumer.commit([{ topic, partition, offset, metadata }])
  }
}
