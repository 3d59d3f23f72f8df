/**
 * creditRisk (C-27), 0 to 100: what is open, weighted by how long it is overdue. Each taka that is not due counts 0, 1-30
 * days overdue 25, 31-60 50, 61-90 75, more than 90 100; the score is the average over all open taka. So 100 = all of it is
 * more than 90 days late, and whatever of it becomes due or later never lowers the score. What is not applied of payments
 * counts on neither side. At the end of the window, the same in all of them; null where nothing is open. Only for the day
 * asked for: the window before and the year before have none.
 * Example: 600 not due, 200 at 1-30 days, 200 beyond 90: (200 x 25 + 200 x 100) / 1,000 = 25.
 * Source: requirement table C-27 (no formula in the seed); weights are ours, published here.
 */
import type { Amount } from '../../values/amount.ts'
import { type Definition, nothing, ratio } from './kit.ts'

/** By bucket of DEFAULT_EDGES. */
export const RISK_WEIGHTS = [0n, 25n, 50n, 75n, 100n] as const
const NAMES = ['notDue', 'overdue1To30', 'overdue31To60', 'overdue61To90', 'overdue91'] as const

export function creditRiskOf(buckets: readonly Amount[], history: boolean) {
  const open = buckets.reduce((sum, amount) => sum + amount, 0n)
  const weighted = buckets.reduce((sum, amount, i) => sum + amount * (RISK_WEIGHTS[i] ?? 0n), 0n)
  return ratio(weighted, open, history)
}

export const creditRisk: Definition = {
  name: 'creditRisk',
  unit: 'score',
  compute: (c) => (c.aging === null ? nothing('no_history') : creditRiskOf(c.aging, c.history)),
  inputs: ({ aging }, _, text) =>
    aging === null ? {} : Object.fromEntries(NAMES.map((name, i) => [name, text(aging[i] ?? 0n)])),
}
