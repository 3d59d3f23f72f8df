/**
 * The working capital block (C-29), at the end of the window, from the ledger:
 * tradeWorkingCapital = receivables - payables: what the seed calls net; operatingWorkingCapital = receivables + inventory
 *   - payables (Z-18); netWorkingCapital = current assets - current liabilities. Receivables are less the allowance.
 * Example: receivables 200, inventory 300, payables 150, cash 100, other current liabilities 90: 50, 350 and 360.
 * Sources: requirement tables C-29, Z-18; finance table of definitions (net working capital = CA - CL).
 */
import { amount, led, onLedger } from './kit.ts'

export const tradeWorkingCapital = onLedger(
  { name: 'tradeWorkingCapital', unit: 'currency', shows: ['ledgerReceivables', 'closingPayables'] },
  (p) => amount(led(p, 'ledgerReceivables') - led(p, 'closingPayables')),
)

export const operatingWorkingCapital = onLedger(
  {
    name: 'operatingWorkingCapital',
    unit: 'currency',
    shows: ['ledgerReceivables', 'closingInventory', 'closingPayables'],
  },
  (p) => amount(led(p, 'ledgerReceivables') + led(p, 'closingInventory') - led(p, 'closingPayables')),
)

export const netWorkingCapital = onLedger(
  { name: 'netWorkingCapital', unit: 'currency', shows: ['currentAssets', 'currentLiabilities'] },
  (p) => amount(led(p, 'currentAssets') - led(p, 'currentLiabilities')),
)
