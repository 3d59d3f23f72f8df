/**
 * The comparison of the canary that always runs. Owns its pace and its metrics. Refuses: stopping because a store is away:
 * that look is lost, and the age of what was last found right grows.
 */
import { messageOf } from '../../platform/errors.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { Signal } from '../../platform/signal.ts'
import { CanaryCount, type CanaryParts, type CanaryVerdict, checkCanary } from './canary.ts'

export interface CanaryLoopOptions {
  readonly parts: CanaryParts
  readonly metrics: Metrics
  readonly log: Log
  readonly nowMs: () => number
  readonly pauseMs?: number
}

export interface CanaryReport extends CanaryVerdict {
  /** When this was found. */
  readonly at: string
  /** Newest round that all stores were right about, by when it was stored; null = none yet. */
  readonly rightUntil: string | null
}

const STORES = ['stream', 'redis', 'clickhouse', 'event_store', 'journal_lines'] as const
const SHOWN = 20

export class CanaryLoop {
  readonly #options: CanaryLoopOptions
  readonly #count: CanaryCount
  readonly #metrics
  #report: CanaryReport | undefined
  #rightUntil: string | null = null
  #failure: string | undefined
  #stopped = false
  readonly #wake = new Signal()
  #running: Promise<void> | undefined

  constructor(options: CanaryLoopOptions) {
    this.#options = options
    const { metrics, parts, nowMs } = options
    const began = nowMs()
    this.#count = new CanaryCount(parts.database)
    this.#metrics = {
      checks: metrics.counter('canary_checks_total', 'Comparisons of the canary tenant with its script.', [
        'outcome',
      ]),
      mismatch: metrics.counter(
        'canary_mismatch_total',
        'Figures of the canary tenant that a store has wrong.',
        ['store'],
      ),
      wrong: metrics.gauge(
        'canary_wrong_figures',
        'Figures of the canary tenant that a store has wrong now.',
        ['store'],
      ),
    }
    for (const store of STORES) {
      this.#metrics.mismatch.inc({ store }, 0)
      this.#metrics.wrong.set({ store }, 0)
    }
    metrics.gauge('canary_rounds_stored', 'Rounds of the canary tenant in the event store.', [], (gauge) =>
      gauge.set(this.#report?.rounds ?? 0),
    )
    metrics.gauge(
      'canary_age_seconds',
      'Age of the newest round of the canary tenant that every store has right; since the start while there is none.',
      [],
      (gauge) => {
        const right = this.#rightUntil === null ? began : Date.parse(this.#rightUntil)
        gauge.set((nowMs() - right) / 1_000)
      },
    )
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake.wake()
    await this.#running
  }

  /** Throws before the first look is done, and while looks fail. */
  report(): CanaryReport {
    if (this.#failure !== undefined) throw new Error(this.#failure)
    if (this.#report === undefined) throw new Error('the canary was not looked at yet')
    return this.#report
  }

  async #run(): Promise<void> {
    const { parts, log, pauseMs = 5_000 } = this.#options
    while (!this.#stopped) {
      try {
        this.#note(await checkCanary(parts, this.#count))
        this.#failure = undefined
      } catch (error) {
        this.#failure = `the last look at the canary failed: ${messageOf(error)}`
        this.#metrics.checks.inc({ outcome: 'failed' })
        log.warn({ err: error }, 'a look at the canary failed, the next one comes')
      }
      await this.#wake.wait(pauseMs)
    }
  }

  #note(verdict: CanaryVerdict): void {
    const { log, nowMs } = this.#options
    const { checks, mismatch, wrong } = this.#metrics
    const isRight = verdict.wrong.length === 0 && verdict.late.length === 0
    checks.inc({ outcome: isRight ? 'right' : verdict.wrong.length > 0 ? 'wrong' : 'late' })
    for (const store of STORES) {
      const found = verdict.wrong.filter((one) => one.store === store).length
      mismatch.inc({ store }, found)
      wrong.set({ store }, found)
    }
    if (isRight) this.#rightUntil = verdict.newestAt
    const shown = verdict.wrong.slice(0, SHOWN)
    if (shown.length > 0)
      log.error({ rounds: verdict.rounds, revision: verdict.revision, wrong: shown }, 'the canary is wrong')
    this.#report = {
      ...verdict,
      wrong: shown,
      at: new Date(nowMs()).toISOString(),
      rightUntil: this.#rightUntil,
    }
  }
}
