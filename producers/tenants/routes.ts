/** Owns the operations of tenants. Operators alone; the tenant is named in the body or the path. */
import type { Operation } from '../kernel/operation.ts'
import { type ChangeTenant, changeTenant, type RegisterTenant, registerTenant } from './commands.ts'
import { decideChange, decideRegister } from './decide.ts'

export const registerOperation: Operation<RegisterTenant> = {
  name: 'tenant.register',
  summary: 'Registers a tenant with its zone, base currency and fiscal year',
  path: '/v1/tenants',
  role: 'operator',
  aggregate: 'tenant',
  creates: true,
  money: false,
  schema: registerTenant,
  idOf: (command) => command.id,
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

export const tenantOperations: readonly Operation[] = [registerOperation, changeOperation]
