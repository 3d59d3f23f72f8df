/** Every operation that is served. */
import type { Operation } from '../http/operation.ts'
import type { Services } from '../services.ts'
import { accounts } from './accounts.ts'
import { alertRules, alerts } from './alerts.ts'
import { achievements } from './achievements.ts'
import { bills } from './bills.ts'
import { cashFlowItems, cashFlowPosition } from './cash-flow.ts'
import { creditNotes } from './credit-notes.ts'
import { customers } from './customers.ts'
import { daily } from './daily.ts'
import { demoSession } from './demo-session.ts'
import { expenses } from './expenses.ts'
import { financeDashboard } from './finance-dashboard.ts'
import { invoices } from './invoices.ts'
import { journalEntries } from './journal-entries.ts'
import { kpiBreakdown } from './kpi-breakdown.ts'
import { kpiExplain } from './kpi-explain.ts'
import { kpiHistory } from './kpi-history.ts'
import { kpis } from './kpis.ts'
import { generalLedger, trialBalance } from './ledger-reports.ts'
import { payablesAging } from './payables-aging.ts'
import { payablesOpen } from './payables-open.ts'
import { payments } from './payments.ts'
import { products } from './products.ts'
import { receivablesAging } from './receivables-aging.ts'
import { receivablesOpen } from './receivables-open.ts'
import { balanceSheetReport, cashFlowReport, profitAndLossReport } from './statements.ts'
import { stockRoutes } from './stock.ts'
import { targets } from './targets.ts'
import { tenant } from './tenant.ts'
import { vendors } from './vendors.ts'

export const operationsOf = (services: Services): readonly Operation[] => [
  tenant(services),
  kpis(services),
  kpiHistory(services),
  kpiExplain(services),
  kpiBreakdown(services),
  daily(services),
  receivablesAging(services),
  receivablesOpen(services),
  payablesAging(services),
  payablesOpen(services),
  financeDashboard(services),
  trialBalance(services),
  generalLedger(services),
  balanceSheetReport(services),
  profitAndLossReport(services),
  cashFlowReport(services),
  cashFlowPosition(services),
  cashFlowItems(services),
  ...accounts(services),
  ...journalEntries(services),
  ...customers(services),
  ...vendors(services),
  ...products(services),
  ...invoices(services),
  ...creditNotes(services),
  ...bills(services),
  ...payments(services),
  ...expenses(services),
  ...stockRoutes(services),
  ...targets(services),
  ...alerts(services),
  alertRules(services),
  achievements(services),
  ...(services.demoToken ? [demoSession(services, services.demoToken)] : []),
]
