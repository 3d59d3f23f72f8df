/** The topics that a run of the engine touches. Options, so that a shadow run or a test has its own. */
import { dlqOf, TOPICS } from '../../schemas/topics.ts'

export interface RuntimeTopics {
  readonly events: string
  readonly results: string
  readonly late: string
  readonly checkpoints: string
  readonly eventsDlq: string
  readonly resultsDlq: string
}

export const runtimeTopics = (names: Partial<RuntimeTopics> = {}): RuntimeTopics => {
  const events = names.events ?? TOPICS.events
  const results = names.results ?? TOPICS.results
  return {
    events,
    results,
    late: names.late ?? TOPICS.late,
    checkpoints: names.checkpoints ?? TOPICS.checkpoints,
    eventsDlq: names.eventsDlq ?? dlqOf(events),
    resultsDlq: names.resultsDlq ?? dlqOf(results),
  }
}
