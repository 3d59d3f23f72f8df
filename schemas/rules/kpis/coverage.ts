/**
 * interestCoverage (C-26) = operating income (EBIT) / interest of the window; null without interest.
 * debtServiceCoverage (C-25) = (EBITDA - income tax) / (interest + principal repaid) of the window; principal is what was
 * paid off loans, for the ledger knows no plan of instalments; income tax is that of the window's profit. Null without
 * debt service. Example: EBIT 125, interest 20, EBITDA 170, tax 25, principal 38: 6.25 and 145 / 58 = 2.5.
 * Source: requirement tables C-25, C-26.
 */
import { led, onLedger, ratio } from './kit.ts'

export const interestCoverage = onLedger(
  { name: 'interestCoverage', unit: 'ratio', shows: ['operatingIncome', 'interest'] },
  (p) => ratio(led(p, 'operatingIncome'), led(p, 'interest'), true),
)

export const debtServiceCoverage = onLedger(
  {
    name: 'debtServiceCoverage',
    unit: 'ratio',
    shows: ['earnings', 'incomeTax', 'interest', 'principalRepaid'],
  },
  (p) =>
    ratio(led(p, 'earnings') - led(p, 'incomeTax'), led(p, 'interest') + led(p, 'principalRepaid'), true),
)
