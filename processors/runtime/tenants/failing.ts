/**
 * Tenants whose handlers throw one event after the other. Only a report: nothing is stopped by itself. Owns the counts,
 * bounded; they are of this process and not part of the state.
 */
import { messageOf } from '../errors.ts'

export interface FailingTenant {
  readonly tenant: string
  /** Failures in a row. */
  readonly failures: number
  readonly message: string
}

const TENANTS_MAX = 1_000
/** A line at so many failures in a row, and at each tenfold. */
export const ALARM_AT = 10

export class FailingTenants {
  readonly #counts = new Map<string, FailingTenant>()
  #alarms: FailingTenant[] = []
  /** Those that went well again since they were asked for. */
  #well: string[] = []

  get size(): number {
    return this.#counts.size
  }

  add(tenant: string, error: unknown): void {
    const before = this.#counts.get(tenant)
    if (before === undefined && this.#counts.size >= TENANTS_MAX) return
    const failing = { tenant, failures: (before?.failures ?? 0) + 1, message: messageOf(error) }
    this.#counts.set(tenant, failing)
    if (isAlarm(failing.failures)) this.#alarms.push(failing)
  }

  /** An event of it went well. */
  delete(tenant: string): void {
    const before = this.#counts.get(tenant)
    if (before === undefined) return
    this.#counts.delete(tenant)
    if (before.failures >= ALARM_AT) this.#well.push(tenant)
  }

  /** Since the last call. */
  news(): { readonly alarms: readonly FailingTenant[]; readonly well: readonly string[] } {
    const news = { alarms: this.#alarms, well: this.#well }
    this.#alarms = []
    this.#well = []
    return news
  }

  get hasNews(): boolean {
    return this.#alarms.length > 0 || this.#well.length > 0
  }
}

const isAlarm = (failures: number): boolean =>
  failures >= ALARM_AT && 10 ** Math.floor(Math.log10(failures) + 1e-9) === failures
