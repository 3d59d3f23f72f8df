/**
 * debtToEquity (C-10) = debt / equity at the end of the window. Debt: short-term, current part of long-term, long-term;
 * what is owed to vendors and the state is no debt here. Equity = assets - liabilities, so profit that no year's close
 * has moved yet is in it. Null without equity, `not_meaningful` where it is negative.
 * Example: loans 500, assets 1,600, liabilities 600: 500 / 1,000 = 0.5. Source: requirement table C-10.
 */
import { led, onLedger, ratio } from './kit.ts'

export const debtToEquity = onLedger(
  { name: 'debtToEquity', unit: 'ratio', shows: ['debt', 'closingEquity'] },
  (p) => ratio(led(p, 'debt'), led(p, 'closingEquity'), true),
)
