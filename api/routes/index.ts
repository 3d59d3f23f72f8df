/** Every operation that is served. */
import type { Operation } from '../http/operation.ts'
import type { Services } from '../services.ts'
import { customers } from './customers.ts'
import { daily } from './daily.ts'
import { demoSession } from './demo-session.ts'
import { expenses } from './expenses.ts'
import { financeDashboard } from './finance-dashboard.ts'
import { invoices } from './invoices.ts'
import { kpiExplain } from './kpi-explain.ts'
import { kpiHistory } from './kpi-history.ts'
import { kpis } from './kpis.ts'
import { payments } from './payments.ts'
import { receivablesAging } from './receivables-aging.ts'
import { receivablesOpen } from './receivables-open.ts'
import { tenant } from './tenant.ts'

export const operationsOf = (services: Services): readonly Operation[] => [
  tenant(services),
  kpis(services),
  kpiHistory(services),
  kpiExplain(services),
  daily(services),
  receivablesAging(services),
  receivablesOpen(services),
  financeDashboard(services),
  ...customers(services),
  ...invoices(services),
  ...payments(services),
  ...expenses(services),
  ...(services.demoToken ? [demoSession(services, services.demoToken)] : []),
]
