/**
 * The comparison that always runs: a few tenants a round, all of them in turn, with counts for the alarm. Owns its pace.
 * Refuses: mending, and stopping because a store is away: that round is lost, the next one comes.
 * L1: what is unsettled is no mismatch; it is counted apart, since a store that stays behind shows there.
 */
import { messageOf } from '../../platform/errors.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { Signal } from '../../platform/signal.ts'
import { reconcileTenant, type ReconcileParts, type Verdict } from './reconcile.ts'

export interface LoopOptions {
  readonly parts: ReconcileParts
  readonly metrics: Metrics
  readonly log: Log
  readonly roundMs?: number
  readonly tenantsPerRound?: number
}

const SHOWN = 100

export class ReconcileLoop {
  readonly #options: LoopOptions
  readonly #counts
  readonly #last = new Map<string, Verdict>()
  #next = 0
  #rounds = 0
  #failure: string | undefined
  #stopped = false
  readonly #wake = new Signal()
  #running: Promise<void> | undefined

  constructor(options: LoopOptions) {
    this.#options = options
    const { metrics } = options
    this.#counts = {
      figures: metrics.counter('reconcile_figures_total', 'Figures that were compared.'),
      mismatch: metrics.counter(
        'reconcile_mismatch_total',
        'Figures that a store says differently from the others.',
        ['store'],
      ),
      unsettled: metrics.counter('reconcile_unsettled_total', 'Comparisons in which a store was behind.'),
    }
    for (const store of ['stream', 'redis', 'clickhouse', 'event_store', 'journal_lines', 'identity'])
      this.#counts.mismatch.inc({ store }, 0)
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake.wake()
    await this.#running
  }

  /** Throws while rounds fail. */
  check(): void {
    if (this.#failure !== undefined) throw new Error(this.#failure)
  }

  /** What the newest comparisons found, tenants with findings first. */
  report(): { readonly rounds: number; readonly tenants: readonly Verdict[] } {
    const weight = (v: Verdict): number => v.mismatches.length + v.broken.length + v.unsettled.length
    const tenants = [...this.#last.values()].sort((a, b) => weight(b) - weight(a)).slice(0, SHOWN)
    return { rounds: this.#rounds, tenants }
  }

  async #run(): Promise<void> {
    const { log, roundMs = 20_000 } = this.#options
    while (!this.#stopped) {
      try {
        await this.#round()
        this.#failure = undefined
      } catch (error) {
        this.#failure = `the last round of the comparison failed: ${messageOf(error)}`
        log.warn({ err: error }, 'a round of the comparison failed, the next one comes')
      }
      this.#rounds++
      await this.#wake.wait(roundMs)
    }
  }

  async #round(): Promise<void> {
    const { parts, tenantsPerRound = 3 } = this.#options
    for (let partition = 0; partition < parts.partitions; partition++) await parts.results.look(partition)
    const { tenants } = parts.results
    for (let i = 0; i < Math.min(tenantsPerRound, tenants.length) && !this.#stopped; i++) {
      const tenant = tenants[this.#next++ % tenants.length]
      if (tenant !== undefined) this.#note(await reconcileTenant(parts, tenant))
    }
  }

  #note(verdict: Verdict): void {
    const { log } = this.#options
    const { figures, mismatch, unsettled } = this.#counts
    this.#last.set(verdict.tenantId, verdict)
    figures.inc(verdict.figures)
    if (verdict.unsettled.length > 0) unsettled.inc()
    for (const { odd } of verdict.mismatches) for (const store of odd) mismatch.inc({ store })
    if (verdict.broken.length > 0) mismatch.inc({ store: 'identity' }, verdict.broken.length)
    if (verdict.mismatches.length > 0 || verdict.broken.length > 0)
      log.error(
        { tenantId: verdict.tenantId, mismatches: verdict.mismatches.slice(0, 10), broken: verdict.broken },
        'the stores do not agree',
      )
  }
}
