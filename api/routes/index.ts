/** Every operation that is served. */
import type { Operation } from '../http/operation.ts'
import type { Services } from '../services.ts'
import { daily } from './daily.ts'
import { demoSession } from './demo-session.ts'
import { kpis } from './kpis.ts'
import { receivablesAging } from './receivables-aging.ts'
import { receivablesOpen } from './receivables-open.ts'
import { tenant } from './tenant.ts'

export const operationsOf = (services: Services): readonly Operation[] => [
  tenant(services),
  kpis(services),
  daily(services),
  receivablesAging(services),
  receivablesOpen(services),
  ...(services.demoToken ? [demoSession(services, services.demoToken)] : []),
]
