/**
 * Incarnations of a topic: the broker gives a topic that is created anew another id, and its offsets begin at 0 again.
 * The number of the incarnation goes before the offset in the order of a tenant's events. E1: the number of an id never
 * changes; two writers that meet a new id at once give it the same number.
 */
import type { Admin } from '../../platform/kafka/port.ts'
import type { Store } from './client.ts'

export class TopicEpochs {
  readonly #store: Store
  readonly #admin: Admin
  readonly #known = new Map<string, Promise<number>>()

  constructor(store: Store, admin: Admin) {
    this.#store = store
    this.#admin = admin
  }

  of(topic: string): Promise<number> {
    const before = this.#known.get(topic)
    if (before) return before
    const found = this.#find(topic)
    this.#known.set(topic, found)
    found.catch(() => this.#known.delete(topic))
    return found
  }

  async #find(topic: string): Promise<number> {
    const [description] = await this.#admin.describeTopics([topic])
    if (description === undefined) throw new Error(`the broker does not describe topic ${topic}`)
    const { topicId } = description
    for (let tries = 0; tries < 2; tries++) {
      const rows = await this.#store.query<{ readonly id: string; readonly epoch: number }>(
        'SELECT topic_id AS id, min(epoch) AS epoch FROM finance.topic_epochs WHERE topic = {topic:String} GROUP BY id',
        { topic },
      )
      const known = rows.find((row) => row.id === topicId)
      if (known) return known.epoch
      const epoch = Math.max(0, ...rows.map((row) => row.epoch)) + 1
      await this.#store.insert({
        table: 'finance.topic_epochs',
        rows: [{ topic, topic_id: topicId, epoch }],
        token: `${topic}:${topicId}`,
      })
    }
    throw new Error(`the incarnation of topic ${topic} was written and can't be read back`)
  }
}
