/**
 * totalRevenue (C-1): subtotals of the invoices of the window that have nothing open, by invoice date, less those of credit
 *   notes that are wholly applied, by credit date: the seed's "paid invoices".
 * netRevenue: subtotals of approved invoices of the window, less cancellations and credit notes: what was sold, paid or not.
 * averageTransactionValue (C-38) = netRevenue / invoices; null with `zero_denominator` without an invoice.
 * Example: invoices of 1,000 (paid) and 2,000 (open) without VAT: totalRevenue 1,000, netRevenue 3,000, average 1,500.
 * Source: requirement tables C-1, C-38 and Z-15 (cash and accrual revenue are two figures).
 */
import { SCALE } from '../../values/amount.ts'
import { amount, type Definition, ratio } from './kit.ts'

export const totalRevenue: Definition = {
  name: 'totalRevenue',
  unit: 'currency',
  isFlow: true,
  compute: (c) => amount(c.sums.paidRevenue),
  inputs: (c, _, text) => ({ paidInvoices: text(c.sums.paidRevenue) }),
}

export const netRevenue: Definition = {
  name: 'netRevenue',
  unit: 'currency',
  isFlow: true,
  compute: (c) => amount(c.sums.netRevenue),
  inputs: (c, _, text) => ({ invoiced: text(c.sums.netRevenue), invoices: String(c.sums.invoices) }),
}

export const averageTransactionValue: Definition = {
  name: 'averageTransactionValue',
  unit: 'currency',
  compute: (c) => ratio(c.sums.netRevenue, BigInt(c.sums.invoices) * 10n ** BigInt(SCALE), c.history),
  inputs: (c, _, text) => ({ netRevenue: text(c.sums.netRevenue), invoices: String(c.sums.invoices) }),
}
