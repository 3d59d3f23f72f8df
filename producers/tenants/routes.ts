/** Owns the operations of tenants. Operators alone; the tenant is named in the body or the path. */
import type { Operation } from '../kernel/operation.ts'
import { CHART_COUNTER } from '../ledger/chart.ts'
import { defaultChart } from '../ledger/default-chart.ts'
import {
  type ChangeTenant,
  changeTenant,
  type RebuildTenant,
  rebuildTenant,
  type RegisterTenant,
  registerTenant,
  type StopTenant,
  stopTenant,
} from './commands.ts'
import { decideChange, decideRebuild, decideRegister, decideStop } from './decide.ts'

export const registerOperation: Operation<RegisterTenant> = {
  name: 'tenant.register',
  summary: 'Registers a tenant with its zone, base currency and fiscal year, and its chart of accounts',
  path: '/v1/tenants',
  role: 'operator',
  aggregate: 'tenant',
  creates: true,
  money: false,
  schema: registerTenant,
  idOf: (command) => command.id,
  ledger: 'changes',
  counters: () => [CHART_COUNTER],
  follows: () => defaultChart(),
  decide: (session, { id, command }) => decideRegister(session.state('tenant', id), command),
}

export const changeOperation: Operation<ChangeTenant> = {
  name: 'tenant.change',
  summary: 'Changes settings of a tenant',
  path: '/v1/tenants/:id/settings',
  role: 'operator',
  aggregate: 'tenant',
  creates: false,
  money: false,
  schema: changeTenant,
  decide: (session, { id, command }) => decideChange(session.state('tenant', id), command),
}

export const stopOperation: Operation<StopTenant> = {
  name: 'tenant.stop',
  summary: 'Stops the processing of a tenant: its results stay as they are until a rebuild; commands go on',
  path: '/v1/tenants/:id/stop',
  role: 'operator',
  aggregate: 'tenant',
  creates: false,
  money: false,
  schema: stopTenant,
  decide: (session, { id, command }) => decideStop(session.state('tenant', id), command),
}

export const rebuildOperation: Operation<RebuildTenant> = {
  name: 'tenant.rebuild',
  summary: 'Builds the results of a tenant anew from all of its events; a stopped tenant goes on then',
  path: '/v1/tenants/:id/rebuild',
  role: 'operator',
  aggregate: 'tenant',
  creates: false,
  money: false,
  schema: rebuildTenant,
  decide: (session, { id, command }) => decideRebuild(session.state('tenant', id), command),
}

export const tenantOperations: readonly Operation[] = [
  registerOperation,
  changeOperation,
  stopOperation,
  rebuildOperation,
]
