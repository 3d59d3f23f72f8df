/**
 * A consumer group whose partitions each go through a lane. Owns the life of lanes over rebalances. Refuses: knowing
 * what is written where.
 * W1: every assignment opens all its lanes anew: positions begin at what was committed, so what an old lane still had
 * in its buffer comes again. W2: a lane that is closed has ended its step before the new one opens.
 */
import type { Log } from '../../platform/log.ts'
import type { Consumer, ConsumerOptions, KafkaPort } from '../../platform/kafka/port.ts'
import { Lane, type LaneLimits, type LaneWriter } from './lane.ts'
import type { SinkMetrics } from './metrics.ts'

export interface Place {
  readonly topic: string
  readonly partition: number
}

export interface SinkConsumerOptions {
  readonly kafka: KafkaPort
  readonly group: ConsumerOptions
  /** Name in metrics and logs: redis, facts, history. */
  readonly stage: string
  readonly limits: LaneLimits
  readonly metrics: SinkMetrics
  readonly log: Log
  writerOf(place: Place, consumer: Consumer): LaneWriter
  readonly onFatal: (error: Error) => void
}

const keyOf = ({ topic, partition }: Place): string => `${topic}-${partition}`

export class SinkConsumer {
  readonly #options: SinkConsumerOptions
  readonly #consumer: Consumer
  readonly #lanes = new Map<string, Lane>()

  constructor(options: SinkConsumerOptions) {
    this.#options = options
    this.#consumer = options.kafka.consumer(options.group)
  }

  get lanes(): readonly Lane[] {
    return [...this.#lanes.values()]
  }

  async start(): Promise<void> {
    await this.#consumer.start({
      onAssigned: (partitions) => this.#assigned(partitions),
      onRevoked: (partitions) => this.#closeAll(partitions.map(keyOf)),
      onBatch: (batch) => {
        this.#lanes.get(keyOf(batch))?.push(batch)
        return Promise.resolve()
      },
      onCrash: (error) => this.#options.onFatal(error),
    })
  }

  async stop(): Promise<void> {
    await this.#closeAll([...this.#lanes.keys()])
    await this.#consumer.stop()
  }

  /** Throws with the reason when a lane is not getting on. */
  check(): void {
    for (const lane of this.#lanes.values()) {
      const where = `${this.#options.stage} ${lane.topic}-${lane.partition}`
      if (lane.failure !== undefined) {
        throw new Error(`${where} is being retried: ${reasonOf(lane.failure)}`)
      }
      if (lane.state === 'opening') throw new Error(`${where} is not open yet`)
    }
  }

  async #assigned(partitions: readonly Place[]): Promise<void> {
    await this.#closeAll([...this.#lanes.keys()])
    for (const place of partitions) this.#lanes.set(keyOf(place), this.#laneOf(place))
  }

  async #closeAll(keys: readonly string[]): Promise<void> {
    const closing = keys.map(async (key) => this.#lanes.get(key)?.close())
    for (const key of keys) this.#lanes.delete(key)
    await Promise.all(closing)
  }

  #laneOf({ topic, partition }: Place): Lane {
    const { stage, metrics, log, limits } = this.#options
    const consumer = this.#consumer
    return new Lane({
      topic,
      partition,
      limits,
      writer: this.#options.writerOf({ topic, partition }, consumer),
      control: {
        seek: (offset) => consumer.seek(topic, partition, offset),
        pause: () => consumer.pause(topic, partition),
        resume: () => consumer.resume(topic, partition),
      },
      events: {
        onFailure: (err, attempt) => {
          metrics.retries.inc({ stage })
          log.warn({ err, attempt, stage, topic, partition }, 'a step of the sink failed and is tried again')
        },
        onWritten: (chunk) => {
          const newest = chunk.records.at(-1)
          metrics.records.inc({ stage }, chunk.records.length)
          if (newest) metrics.age(stage, (Date.now() - newest.timestamp) / 1000)
        },
      },
    })
  }
}

const reasonOf = (failure: unknown): string => (failure instanceof Error ? failure.message : String(failure))
