/**
 * returnOnAssets (C-11) = net income x 365 / days / average assets x 100; returnOnEquity (C-12) the same over average
 * equity. Averages of two points (K5); equity = assets - liabilities. Null with `zero_denominator`; `not_meaningful` over
 * negative equity. Example: net income 80 in 73 days, assets 1,500 before and 1,700 at the end, equity 900 and 1,100:
 * 80 x 5 / 1,600 = 25 %, 400 / 1,000 = 40 %. Source: requirement tables C-11, C-12.
 */
import type { LedgerInputName } from '../ledger-inputs.ts'
import { led, ledgerDays, onLedger, ratio, twice } from './kit.ts'

const returnOn = (name: string, opening: LedgerInputName, closing: LedgerInputName) =>
  onLedger({ name, unit: 'percent', shows: ['netIncome', opening, closing, 'days'] }, (p) =>
    ratio(led(p, 'netIncome') * 73_000n, twice(p, opening, closing) * ledgerDays(p), true),
  )

export const returnOnAssets = returnOn('returnOnAssets', 'openingAssets', 'closingAssets')
export const returnOnEquity = returnOn('returnOnEquity', 'openingEquity', 'closingEquity')
