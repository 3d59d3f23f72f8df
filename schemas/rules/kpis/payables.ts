/**
 * payables: balance of the payables accounts of the ledger at the end.
 * dpo (C-7) = (payables before the first day + at the end) / 2 / purchases x days. Purchases are what entries without cash
 * put on payables, VAT included as in payables; a company that buys nothing on credit in the window has its cost of sales
 * instead. payablesTurnover = 365 / dpo. Null with `zero_denominator` where there is neither.
 * Example: payables 70,000 and 90,000, purchases 600,000 in 365 days: 80,000 / 600,000 x 365 = 48.67 days; turnover 7.5.
 * Sources: requirement table C-7; finance table of definitions (purchases, else cost of sales).
 */
import { led, ledgerAmount, ledgerDays, onLedger, type Period, type Raw, ratio, twice } from './kit.ts'

export const bought = (p: Period): bigint => led(p, 'purchases') || led(p, 'costOfSales')
const both = (p: Period): bigint => twice(p, 'openingPayables', 'closingPayables')

export const dpoOf = (p: Period): Raw => ratio(both(p) * ledgerDays(p), bought(p) * 2n, true)

const shows = ['openingPayables', 'closingPayables', 'purchases', 'costOfSales', 'days'] as const

export const payables = ledgerAmount('payables', ['closingPayables'])
export const dpo = onLedger({ name: 'dpo', unit: 'days', shows }, dpoOf)
export const payablesTurnover = onLedger({ name: 'payablesTurnover', unit: 'ratio', shows }, (p) =>
  bought(p) === 0n ? dpoOf(p) : ratio(730n * bought(p), both(p) * ledgerDays(p), true),
)
