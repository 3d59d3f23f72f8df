/**
 * At the end of the window, from the ledger:
 * currentRatio (C-8) = current assets / current liabilities; workingCapitalRatio (C-17) is the same number under its other
 *   textbook name (Z-17). quickRatio (C-9) = (cash + marketable securities + receivables less allowance) / current liabilities.
 * Current assets: cash, marketable securities, net receivables, inventory, other current assets. Current liabilities:
 * payables, taxes, other current liabilities, short-term debt, the current part of long-term debt.
 * Null without current liabilities (`zero_denominator`; the seed's 0 would say "cannot pay").
 * Example: cash 100, receivables 200, inventory 300, current liabilities 240: current 2.5, quick 1.25.
 * Source: requirement tables C-8, C-9, C-17, Z-17.
 */
import { led, onLedger, ratio } from './kit.ts'

const currentAs = (name: string) =>
  onLedger({ name, unit: 'ratio', shows: ['currentAssets', 'currentLiabilities'] }, (p) =>
    ratio(led(p, 'currentAssets'), led(p, 'currentLiabilities'), true),
  )

export const currentRatio = currentAs('currentRatio')
export const workingCapitalRatio = currentAs('workingCapitalRatio')

export const quickRatio = onLedger(
  { name: 'quickRatio', unit: 'ratio', shows: ['quickAssets', 'currentLiabilities'] },
  (p) => ratio(led(p, 'quickAssets'), led(p, 'currentLiabilities'), true),
)
