/**
 * Owns the way from the outbox to Kafka. Any number of relays may run: one leads, the others wait for its session to end.
 *
 *   1 read the rows that wait   -> failure: nothing has happened
 *   2 encode, send to Kafka     -> failure: sent or not; the rows wait, are sent again, readers drop them by event id
 *   3 delete after the acks     -> failure or kill -9 before it: as 2
 *
 * Reading batch n+1 goes on while batch n is on its way; sending is strictly one batch after the other.
 * L1: a row is deleted only after Kafka acknowledged it. L2: first occurrences in the log are in the order of positions,
 *     per partition, also when two relays overlap: each sends whole from the lowest row that waits.
 * L3: a row that can't be encoded holds back its tenant, and no other; it is tried again each STUCK_MS.
 */
import type { KafkaPort, Producer } from '../../platform/kafka/port.ts'
import type { Log } from '../../platform/log.ts'
import type { OutboxSession } from './outbox.ts'
import { type Encoder, type OutboxRow, recordsOfRow, UnpublishableRow } from './records.ts'
import { GATHER_MS } from './waker.ts'

const STUCK_MS = 60_000
const BACKOFF_MS = [50, 100, 250, 500, 1_000, 2_000, 5_000] as const

export interface RelayOptions {
  readonly openOutbox: () => Promise<OutboxSession>
  readonly kafka: Pick<KafkaPort, 'producer'>
  readonly encoder: Encoder
  readonly log: Log
  readonly nowMs: () => number
  readonly batchRowsMax?: number
  /** Longest time a row waits when its wake-up was lost. */
  readonly pollMs?: number
  /** Shortest time from one read to the next, so that a steady flow is sent in fewer requests; a first row never waits. */
  readonly gatherMs?: number
  /** How often a waiting relay tries to lead. */
  readonly standbyMs?: number
  /** Pauses between failures in a row; the last one stays. */
  readonly backoffMs?: readonly number[]
  readonly onSent?: (records: number, oldestAgeMs: number) => void
}

export class Relay {
  readonly #options: Required<RelayOptions>
  readonly #stuck = new Map<string, number>()
  #outbox: OutboxSession | undefined
  #leading = false
  #oldestMs: number | undefined
  #stopped = false
  #failures = 0
  #pause: () => void = () => {}

  constructor(options: RelayOptions) {
    this.#options = {
      batchRowsMax: 250,
      pollMs: 200,
      gatherMs: GATHER_MS,
      standbyMs: 500,
      backoffMs: BACKOFF_MS,
      onSent: () => undefined,
      ...options,
    }
  }

  get leading(): boolean {
    return this.#leading
  }

  get stuckTenants(): number {
    return this.#stuck.size
  }

  /** Age of the oldest row that waits, as far as this relay knows. */
  get oldestAgeMs(): number {
    return this.#oldestMs === undefined ? 0 : Math.max(0, this.#options.nowMs() - this.#oldestMs)
  }

  /** Runs until stop(); failures are logged and tried again, slower each time. */
  async run(): Promise<void> {
    const { backoffMs } = this.#options
    while (!this.#stopped) {
      try {
        await this.#session()
      } catch (error) {
        const ms = backoffMs[Math.min(this.#failures++, backoffMs.length - 1)] ?? 0
        this.#options.log.warn(
          { err: error, retryMs: ms },
          'the relay lost its store or Kafka and tries again',
        )
        await this.#sleep(ms)
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#pause()
    this.#outbox?.wake()
    await Promise.resolve()
  }

  #sleep(ms: number): Promise<void> {
    if (this.#stopped) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#pause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #session(): Promise<void> {
    const outbox = await this.#options.openOutbox()
    this.#outbox = outbox
    let producer: Producer | undefined
    try {
      while (!(await outbox.tryLead())) {
        await this.#sleep(this.#options.standbyMs)
        if (this.#stopped) return
      }
      this.#leading = true
      this.#options.log.info('this relay leads')
      producer = await this.#options.kafka.producer()
      await this.#pump(outbox, producer)
    } finally {
      this.#leading = false
      this.#outbox = undefined
      await producer?.close().catch(() => undefined)
      await outbox.close()
    }
  }

  async #pump(outbox: OutboxSession, producer: Producer): Promise<void> {
    const { batchRowsMax, pollMs, gatherMs } = this.#options
    let underWay: readonly OutboxRow[] = []
    let readAt = Number.NEGATIVE_INFINITY
    let sending: Promise<void> = Promise.resolve()
    try {
      while (!this.#stopped) {
        const early = readAt + gatherMs - performance.now()
        if (early > 0 && underWay.length < batchRowsMax) await this.#sleep(early)
        readAt = performance.now()
        const rows = await outbox.read(
          batchRowsMax,
          underWay.map((row) => row.position),
          this.#stuckNow(),
        )
        this.#oldestMs = (underWay[0] ?? rows[0])?.insertedAtMs
        await sending
        if (rows.length === 0) {
          if (underWay.length === 0) await outbox.wait(pollMs)
          underWay = []
          continue
        }
        underWay = rows
        sending = this.#send(outbox, producer, rows)
        // Handled where it is awaited; this keeps a failure during the next read from being called unhandled.
        sending.catch(() => undefined)
      }
    } finally {
      await sending.catch(() => undefined)
    }
    await sending
  }

  async #send(outbox: OutboxSession, producer: Producer, rows: readonly OutboxRow[]): Promise<void> {
    const sendable: OutboxRow[] = []
    const held = new Set<string>()
    const records = rows.flatMap((row) => {
      if (held.has(row.tenantId)) return []
      try {
        const encoded = recordsOfRow(row, this.#options.encoder)
        sendable.push(row)
        return encoded
      } catch (error) {
        if (!(error instanceof UnpublishableRow)) throw error
        held.add(row.tenantId)
        this.#stuck.set(row.tenantId, this.#options.nowMs() + STUCK_MS)
        const { position, tenantId, eventType } = row
        this.#options.log.error(
          { err: error.cause, position, tenantId, eventType },
          "an event can't be encoded; its tenant is held back",
        )
        return []
      }
    })
    if (records.length === 0) return
    await producer.send(records)
    const { nowMs, onSent } = this.#options
    onSent(records.length, nowMs() - (sendable[0]?.insertedAtMs ?? nowMs()))
    await outbox.remove(sendable.map((row) => row.position))
    this.#failures = 0
  }

  #stuckNow(): readonly string[] {
    const now = this.#options.nowMs()
    for (const [tenant, until] of this.#stuck) if (until <= now) this.#stuck.delete(tenant)
    return [...this.#stuck.keys()]
  }
}
