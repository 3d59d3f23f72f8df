/**
 * revenueGrowthRate and expenseGrowthRate (C-23) = (current - previous) / |previous| x 100, of netRevenue and totalExpenses;
 * previous = the window before. customerGrowthRate (C-24) = (customers at the end - before the first day) / before x 100; a
 * customer counts from the date of its first approved invoice on. Null where there is nothing to grow from.
 * Example: 3,000 after 2,000: 50 %; 12 customers after 10: 20 %. Source: requirement tables C-23, C-24.
 */
import { type Definition, growth } from './kit.ts'

export const revenueGrowthRate: Definition = {
  name: 'revenueGrowthRate',
  unit: 'percent',
  compute: (c, p) => growth(c.sums.netRevenue, p.sums.netRevenue, p.history),
  inputs: (c, p, text) => ({
    netRevenue: text(c.sums.netRevenue),
    previousNetRevenue: text(p.sums.netRevenue),
  }),
}

export const expenseGrowthRate: Definition = {
  name: 'expenseGrowthRate',
  unit: 'percent',
  compute: (c, p) => growth(c.sums.expenses, p.sums.expenses, p.history),
  inputs: (c, p, text) => ({
    totalExpenses: text(c.sums.expenses),
    previousTotalExpenses: text(p.sums.expenses),
  }),
}

export const customerGrowthRate: Definition = {
  name: 'customerGrowthRate',
  unit: 'percent',
  compute: (c) => growth(BigInt(c.closing.customers), BigInt(c.opening.customers), c.history),
  inputs: (c) => ({
    openingCustomers: String(c.opening.customers),
    closingCustomers: String(c.closing.customers),
  }),
}
