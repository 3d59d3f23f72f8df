/**
 * netIncome and netProfitMargin (C-21), accrual: income - expenses of the general ledger by posting date, without entries
 * that close a year; netProfitMargin = netIncome / net revenue of the ledger x 100.
 * A tenant without a ledger by the day asked for has the nearest thing that documents say: netRevenue - totalExpenses,
 * over netRevenue. The inputs tell which of the two it is (ledgerRevenue, or netRevenue).
 * Null: `zero_denominator` without revenue; on the ledger `no_history` for a window before it begins.
 * Example: sales 800, cost 600, rent 100, interest 20: 80, and 10 % of 800.
 * Sources: requirement table C-21; ratios use accrual figures (finance table of definitions: net profit / revenue).
 */
import type { Amount } from '../../values/amount.ts'
import { amount, type Definition, led, nothing, type Period, type Raw, ratio } from './kit.ts'

const byDocuments = (p: Period): Amount => p.sums.netRevenue - p.sums.expenses

const either = (p: Period, ledger: () => Raw, documents: () => Raw): Raw =>
  !p.onLedger ? documents() : p.ledger.history ? ledger() : nothing('no_history')

const documentInputs: Definition['inputs'] = (c, _, text) => ({
  netRevenue: text(c.sums.netRevenue),
  totalExpenses: text(c.sums.expenses),
})

export const netIncome: Definition = {
  name: 'netIncome',
  unit: 'currency',
  isFlow: true,
  compute: (c) =>
    either(
      c,
      () => amount(led(c, 'netIncome')),
      () => amount(byDocuments(c)),
    ),
  inputs: (c, p, text) =>
    c.onLedger ? { netIncome: text(led(c, 'netIncome')) } : documentInputs(c, p, text),
}

export const netProfitMargin: Definition = {
  name: 'netProfitMargin',
  unit: 'percent',
  compute: (c) =>
    either(
      c,
      () => ratio(led(c, 'netIncome') * 100n, led(c, 'ledgerRevenue'), true),
      () => ratio(byDocuments(c) * 100n, c.sums.netRevenue, c.history),
    ),
  inputs: (c, p, text) =>
    c.onLedger
      ? { netIncome: text(led(c, 'netIncome')), ledgerRevenue: text(led(c, 'ledgerRevenue')) }
      : documentInputs(c, p, text),
}
