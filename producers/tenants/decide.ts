/**
 * Owns the rules of tenants. PURE.
 * T1: the base currency never changes: every document carries a rate to it.
 */
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, TenantSettings } from '../kernel/events.ts'
import type { ChangeTenant, RegisterTenant } from './commands.ts'

export function decideRegister(
  state: TenantSettings | null,
  command: RegisterTenant,
): readonly DomainEvent<'TenantRegistered'>[] {
  if (state) throw new Refusal('already_exists', `tenant ${command.id} exists already`)
  const { zone, currency, fiscalYearStart } = command
  return [
    { type: 'TenantRegistered', data: { name: command.name ?? command.id, zone, currency, fiscalYearStart } },
  ]
}

export function decideChange(
  state: TenantSettings | null,
  command: ChangeTenant,
): readonly DomainEvent<'TenantSettingsChanged'>[] {
  if (!state) throw new Refusal('tenant_not_found', 'the tenant does not exist: register it first')
  if (command.currency !== undefined && command.currency !== state.currency) {
    throw refuseField(
      'currency_fixed',
      '/currency',
      `the base currency is ${state.currency} for good: documents carry rates to it`,
    )
  }
  const next: TenantSettings = {
    name: command.name ?? state.name,
    zone: command.zone ?? state.zone,
    currency: state.currency,
    fiscalYearStart: command.fiscalYearStart ?? state.fiscalYearStart,
  }
  if (
    next.name === state.name &&
    next.zone === state.zone &&
    next.fiscalYearStart === state.fiscalYearStart
  ) {
    throw new Refusal('nothing_changed', 'all settings have these values already')
  }
  return [{ type: 'TenantSettingsChanged', data: next }]
}
