/**
 * Cash flow of the window by the direct method (C-42; ledger-groups.ts, G3): operatingCashFlow, investingCashFlow,
 * financingCashFlow, and netCashFlow, their sum, which is the change of cash.
 * operatingCashFlowRatio (C-18) = operating cash flow x 365 / days / current liabilities at the end; null without any.
 * Example: from customers 300, to vendors 120, a machine 100, a loan of 50 in 73 days, current liabilities 450:
 * 180, -100, 50, 130; ratio 180 x 5 / 450 = 2. Sources: IAS 7; requirement tables C-18, C-42.
 */
import { led, ledgerAmount, ledgerDays, onLedger, ratio } from './kit.ts'

export const operatingCashFlow = ledgerAmount('operatingCashFlow', ['operatingCash'], true)
export const investingCashFlow = ledgerAmount('investingCashFlow', ['investingCash'], true)
export const financingCashFlow = ledgerAmount('financingCashFlow', ['financingCash'], true)
export const netCashFlow = ledgerAmount(
  'netCashFlow',
  ['operatingCash', 'investingCash', 'financingCash'],
  true,
)

export const operatingCashFlowRatio = onLedger(
  {
    name: 'operatingCashFlowRatio',
    unit: 'ratio',
    shows: ['operatingCash', 'currentLiabilities', 'days'],
  },
  (p) => ratio(led(p, 'operatingCash') * 365n, led(p, 'currentLiabilities') * ledgerDays(p), true),
)
