/**
 * Where the log begins and where the sink stands in it, road by road. Owns the reading of the sink's groups; refuses to write
 * to them.
 */
import type { Admin } from '../../../platform/kafka/port.ts'
import { parseIntent } from '../../runtime/intents.ts'
import type { Store } from '../client.ts'
import type { Topics } from '../sink.ts'
import { StoreRebuildError } from './errors.ts'
import { type Road, topicsOf } from './roads.ts'

export interface Place {
  readonly road: Road
  /** First offset that is still there. */
  readonly low: number
  /** The sink has worked off all before it. */
  readonly goal: number
  /** Last offset of the range that the sink announced and may have written; absent = none. */
  readonly announced?: number
}

export interface PlacesOptions {
  readonly admin: Admin
  readonly store: Store
  readonly topics: Topics
  readonly partitions: number
  readonly groupPrefix?: string
}

export class Places {
  readonly #options: PlacesOptions

  constructor(options: PlacesOptions) {
    this.#options = options
  }

  get groups(): readonly string[] {
    return ['facts', 'refusals', 'history'].map((stage) => this.#groupOf(stage))
  }

  async look(): Promise<Place[]> {
    const { admin, topics, partitions } = this.#options
    await this.#refuseOldIncarnations()
    const numbers = Array.from({ length: partitions }, (_, partition) => partition)
    const found: Place[] = []
    for (const { stage, topic } of topicsOf(topics)) {
      const [bounds, committed] = await Promise.all([
        admin.bounds(topic, numbers),
        admin.committed(this.#groupOf(stage), topic, numbers),
      ])
      for (const partition of numbers) {
        const { low = 0, high = 0 } = bounds[partition] ?? {}
        const { offset = -1, metadata = '' } = committed[partition] ?? {}
        const announced = parseIntent(metadata)
        const behind = Math.max(offset, (announced ?? -1) + 1)
        if (behind > high)
          throw new StoreRebuildError(
            'log_short',
            `${topic}-${partition} ends at ${high}, and the sink has worked off what was before ${behind}: a part of the log is missing.`,
            'Mend the topic first; nothing was changed.',
          )
        const place = { road: { stage, topic, partition }, low, goal: Math.max(low, offset) }
        const isOpen = announced !== null && offset >= 0 && announced >= offset
        found.push(isOpen ? { ...place, announced } : place)
      }
    }
    return found
  }

  #groupOf(stage: string): string {
    return (this.#options.groupPrefix ?? 'nikash-sink-') + stage
  }

  /** Rows and letters of a topic that was there before this one of the same name can't be told from those of now. */
  async #refuseOldIncarnations(): Promise<void> {
    const { admin, store, topics } = this.#options
    for (const { name: topic, topicId } of await admin.describeTopics([
      topics.events,
      topics.history,
      topics.alerts,
    ])) {
      const known = await store.query<{ readonly id: string }>(
        'SELECT DISTINCT topic_id AS id FROM finance.topic_epochs WHERE topic = {topic:String}',
        { topic },
      )
      if (known.some(({ id }) => id !== topicId))
        throw new StoreRebuildError(
          'topic_anew',
          `${topic} was created anew: the rows from before are not in the log any more.`,
          'The tables are the only copy of them. They can not be made anew.',
        )
    }
  }
}
