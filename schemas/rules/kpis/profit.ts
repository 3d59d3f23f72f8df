/**
 * netProfit (C-3) = totalRevenue - totalExpenses; profitMargin (C-4) = netProfit / totalRevenue x 100, null with
 * `zero_denominator` without revenue. Both on paid invoices, as the seed has them; the accrual pair is netIncome and
 * netProfitMargin. Example: revenue 3,000, expenses 1,000: 2,000 and 66.67 %. Source: requirement tables C-3, C-4.
 */
import type { Amount } from '../../values/amount.ts'
import { amount, type Definition, type Period, ratio } from './kit.ts'

const profitOf = (p: Period): Amount => p.sums.paidRevenue - p.sums.expenses

const inputs: Definition['inputs'] = (c, _, text) => ({
  totalRevenue: text(c.sums.paidRevenue),
  totalExpenses: text(c.sums.expenses),
})

export const netProfit: Definition = {
  name: 'netProfit',
  unit: 'currency',
  isFlow: true,
  compute: (c) => amount(profitOf(c)),
  inputs,
}

export const profitMargin: Definition = {
  name: 'profitMargin',
  unit: 'percent',
  compute: (c) => ratio(profitOf(c) * 100n, c.sums.paidRevenue, c.history),
  inputs,
}
