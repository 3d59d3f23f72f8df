/**
 * assetTurnover (C-13) = net revenue x 365 / days / average assets, two points. Null without assets.
 * Example: revenue 800 in 73 days, assets 1,500 and 1,700: 800 x 5 / 1,600 = 2.5. Source: requirement table C-13.
 */
import { led, ledgerDays, onLedger, ratio, twice } from './kit.ts'

export const assetTurnover = onLedger(
  {
    name: 'assetTurnover',
    unit: 'ratio',
    shows: ['ledgerRevenue', 'openingAssets', 'closingAssets', 'days'],
  },
  (p) =>
    ratio(led(p, 'ledgerRevenue') * 730n, twice(p, 'openingAssets', 'closingAssets') * ledgerDays(p), true),
)
