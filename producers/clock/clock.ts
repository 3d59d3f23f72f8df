/**
 * Owns time in the log: one Tick per UTC quarter-hour to each partition of the events topic. Every zone's midnight is one.
 * C1: the event id follows from (instant, partition), so two clocks, or one that starts again, change nothing.
 * C2: a tick is never sent before its instant. C3: at start the last quarter-hour that has passed is sent.
 * C4: a tick that could not be sent is sent when Kafka is back; when a newer one is due by then, the newer one alone:
 *     readers fire what lies between by themselves.
 */
import { createHash } from 'node:crypto'
import type { KafkaPort, OutputRecord, Producer } from '../../platform/kafka/port.ts'
import type { Log } from '../../platform/log.ts'
import { Signal } from '../../platform/signal.ts'
import { NAMESPACE, type Tick } from '../../schemas/generated/records.ts'
import { BROADCAST_KEY, PARTITIONS, TOPICS } from '../../schemas/topics.ts'
import { uuidv7 } from '../../schemas/values/ids.ts'

export const QUARTER_MS = 15 * 60_000
/** A wait is never longer, so that a machine that slept, or whose clock was set, is noticed soon. */
const WAIT_MS_MAX = 10_000
const RETRY_MS = 1_000

export const lastQuarter = (nowMs: number): number => Math.floor(nowMs / QUARTER_MS) * QUARTER_MS

export interface TickEncoder {
  encode(type: 'Tick', value: Tick): Buffer
}

export function tickRecords(instant: number, encoder: TickEncoder): readonly OutputRecord[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => {
    const random = createHash('sha256').update(`nikash tick ${instant} ${partition}`).digest()
    const eventId = uuidv7(instant, random)
    const value = encoder.encode('Tick', {
      eventId,
      tenantId: BROADCAST_KEY,
      aggregateType: 'clock',
      aggregateId: 'quarter-hour',
      aggregateVersion: null,
      schemaVersion: 1,
      occurredAt: instant,
      recordedAt: instant,
      actor: 'service:clock',
      correlationId: null,
      causationId: null,
      instant,
    })
    const headers = {
      'content-type': 'application/avro',
      ce_specversion: '1.0',
      ce_id: eventId,
      ce_source: 'nikash/clock',
      ce_type: `${NAMESPACE}.Tick`,
      ce_subject: 'quarter-hour',
      ce_time: new Date(instant).toISOString(),
    }
    return { topic: TOPICS.events, partition, key: BROADCAST_KEY, value, headers }
  })
}

export interface ClockOptions {
  readonly kafka: Pick<KafkaPort, 'producer'>
  readonly encoder: TickEncoder
  readonly nowMs: () => number
  readonly log: Log
  readonly onTick?: (instant: number) => void
}

export class Clock {
  readonly #options: ClockOptions
  #sent: number | undefined
  #stopped = false
  readonly #wake = new Signal()

  constructor(options: ClockOptions) {
    this.#options = options
  }

  get lastSent(): number | undefined {
    return this.#sent
  }

  async run(): Promise<void> {
    const { kafka, encoder, nowMs, log, onTick } = this.#options
    let producer: Producer | undefined
    while (!this.#stopped) {
      const due = lastQuarter(nowMs())
      if (this.#sent === undefined || due > this.#sent) {
        try {
          producer ??= await kafka.producer()
          await producer.send(tickRecords(due, encoder))
          this.#sent = due
          onTick?.(due)
        } catch (error) {
          log.warn(
            { err: error, instant: due, retryMs: RETRY_MS },
            'a tick could not be sent and is tried again',
          )
          await producer?.close().catch(() => undefined)
          producer = undefined
          await this.#wake.wait(RETRY_MS)
          continue
        }
      }
      await this.#wake.wait(Math.min(lastQuarter(nowMs()) + QUARTER_MS - nowMs(), WAIT_MS_MAX))
    }
    await producer?.close().catch(() => undefined)
  }

  stop(): void {
    this.#stopped = true
    this.#wake.wake()
  }
}
