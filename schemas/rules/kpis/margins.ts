/**
 * grossProfitMargin (C-19) = (net revenue - cost of sales) / net revenue x 100; operatingProfitMargin (C-20) = operating
 * income / net revenue x 100. Net revenue: sales less returns and discounts, without VAT. Operating income (EBIT) = net
 * income + interest + income tax, so other income and expenses are in it. Null without revenue (`zero_denominator`).
 * Example: sales 820, returns 20, cost 600, rent 100: gross (800 - 600) / 800 = 25 %, operating (800 - 700) / 800 = 12.5 %.
 * Sources: requirement tables C-19, C-20; finance table of definitions (EBIT / revenue).
 */
import { led, onLedger, ratio } from './kit.ts'

export const grossProfitMargin = onLedger(
  { name: 'grossProfitMargin', unit: 'percent', shows: ['ledgerRevenue', 'costOfSales'] },
  (p) => {
    const revenue = led(p, 'ledgerRevenue')
    return ratio((revenue - led(p, 'costOfSales')) * 100n, revenue, true)
  },
)

export const operatingProfitMargin = onLedger(
  { name: 'operatingProfitMargin', unit: 'percent', shows: ['operatingIncome', 'ledgerRevenue'] },
  (p) => ratio(led(p, 'operatingIncome') * 100n, led(p, 'ledgerRevenue'), true),
)
