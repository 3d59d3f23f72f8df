/**
 * totalExpenses (C-2): net amounts of approved expenses by expense date, less those of cancelled ones from the day of the
 * cancelling. What bills and the ledger alone say is in netIncome. Example: rent 400 and 500, 500 cancelled in the
 * window: 400. Source: requirement table C-2.
 */
import { amount, type Definition } from './kit.ts'

export const totalExpenses: Definition = {
  name: 'totalExpenses',
  unit: 'currency',
  isFlow: true,
  compute: (c) => amount(c.sums.expenses),
  inputs: (c, _, text) => ({ approvedExpenses: text(c.sums.expenses) }),
}
