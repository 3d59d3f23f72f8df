/** All KPIs, in the order in which every window has them. Adding one: its file here, its line in this list, its test. */
import { assetTurnover } from './asset-turnover.ts'
import { cashConversionCycle } from './cash-conversion-cycle.ts'
import {
  financingCashFlow,
  investingCashFlow,
  netCashFlow,
  operatingCashFlow,
  operatingCashFlowRatio,
} from './cash-flow.ts'
import { cashPosition, cashReceived } from './cash.ts'
import { debtServiceCoverage, interestCoverage } from './coverage.ts'
import { creditRisk } from './credit-risk.ts'
import { netIncome, netProfitMargin } from './earnings.ts'
import { ebitda } from './ebitda.ts'
import { totalExpenses } from './expenses.ts'
import { customerGrowthRate, expenseGrowthRate, revenueGrowthRate } from './growth.ts'
import { dio, inventory, inventoryTurnover } from './inventory.ts'
import type { Definition } from './kit.ts'
import { debtToEquity } from './leverage.ts'
import { currentRatio, quickRatio, workingCapitalRatio } from './liquidity.ts'
import { grossProfitMargin, operatingProfitMargin } from './margins.ts'
import { dpo, payables, payablesTurnover } from './payables.ts'
import { netProfit, profitMargin } from './profit.ts'
import { dso, receivables, receivablesTurnover } from './receivables.ts'
import { returnOnAssets, returnOnEquity } from './returns.ts'
import { averageTransactionValue, netRevenue, totalRevenue } from './revenue.ts'
import { netWorkingCapital, operatingWorkingCapital, tradeWorkingCapital } from './working-capital.ts'

export const DEFINITIONS: readonly Definition[] = [
  // Of documents.
  totalRevenue,
  netRevenue,
  totalExpenses,
  netProfit,
  profitMargin,
  netIncome,
  netProfitMargin,
  cashReceived,
  receivables,
  dso,
  receivablesTurnover,
  revenueGrowthRate,
  expenseGrowthRate,
  averageTransactionValue,
  customerGrowthRate,
  creditRisk,
  // Of the general ledger.
  cashPosition,
  currentRatio,
  quickRatio,
  workingCapitalRatio,
  debtToEquity,
  returnOnAssets,
  returnOnEquity,
  assetTurnover,
  payables,
  dpo,
  payablesTurnover,
  inventory,
  dio,
  inventoryTurnover,
  cashConversionCycle,
  grossProfitMargin,
  operatingProfitMargin,
  ebitda,
  interestCoverage,
  debtServiceCoverage,
  operatingCashFlow,
  investingCashFlow,
  financingCashFlow,
  netCashFlow,
  operatingCashFlowRatio,
  tradeWorkingCapital,
  operatingWorkingCapital,
  netWorkingCapital,
]
