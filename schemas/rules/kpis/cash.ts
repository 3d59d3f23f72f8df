/**
 * cashReceived: receipts of the window less reversals and failures. cashPosition (C-5): closing balance of the cash, bank
 * and mobile-money accounts of the ledger at the end of the window. Example: opening 500, received 300, paid 450: 350.
 * Source: requirement table C-5 (opening + net = closing).
 */
import { amount, type Definition, led, onLedger } from './kit.ts'

export const cashReceived: Definition = {
  name: 'cashReceived',
  unit: 'currency',
  isFlow: true,
  compute: (c) => amount(c.sums.cashIn),
  inputs: (c, _, text) => ({ receipts: text(c.sums.cashIn) }),
}

export const cashPosition = onLedger(
  {
    name: 'cashPosition',
    unit: 'currency',
    shows: ['closingCash', 'openingCash', 'operatingCash', 'investingCash', 'financingCash'],
  },
  (p) => amount(led(p, 'closingCash')),
)
