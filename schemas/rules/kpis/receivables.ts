/**
 * receivables: balance of the customers' documents at the end, what is not applied taken off: the control account.
 * dso (C-6) = (receivables before the first day + at the end) / 2 / sales x days; sales include VAT, as receivables do.
 * receivablesTurnover (C-15) = 365 / dso. Null without sales (`zero_denominator`); days are those with history (K3).
 * Example: receivables 95,000 before and 105,000 at the end, sales 800,000 in 365 days: dso = 100,000 / 800,000 x 365 =
 * 45.625 days, receivablesTurnover = 8.
 * Sources: two-point averages as ERPNext's avg_ratio_balance; DSO() of Oracle Hyperion.
 */
import { amount, type Definition, type Period, type Raw, ratio } from './kit.ts'

const both = (p: Period): bigint => p.opening.receivables + p.closing.receivables

export const dsoOf = (p: Period): Raw => ratio(both(p) * BigInt(p.days), p.sums.sales * 2n, p.history)

/** 365 / dso as one division; null where dso is. */
const turnoverOf = (p: Period): Raw =>
  p.sums.sales === 0n ? dsoOf(p) : ratio(730n * p.sums.sales, both(p) * BigInt(p.days), p.history)

const inputs: Definition['inputs'] = (c, _, text) => ({
  openingReceivables: text(c.opening.receivables),
  closingReceivables: text(c.closing.receivables),
  sales: text(c.sums.sales),
  days: String(c.days),
})

export const receivables: Definition = {
  name: 'receivables',
  unit: 'currency',
  compute: (c) => amount(c.closing.receivables),
  // The value itself first: its documents are those that the number is made of.
  inputs: (c, _, text) => ({
    closingReceivables: text(c.closing.receivables),
    openingReceivables: text(c.opening.receivables),
    movement: text(c.sums.receivables),
  }),
}

export const dso: Definition = { name: 'dso', unit: 'days', compute: (c) => dsoOf(c), inputs }

export const receivablesTurnover: Definition = {
  name: 'receivablesTurnover',
  unit: 'ratio',
  compute: (c) => turnoverOf(c),
  inputs,
}
