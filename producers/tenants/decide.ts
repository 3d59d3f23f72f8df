/**
 * Owns the rules of tenants. PURE.
 * T1: the base currency never changes: every document carries a rate to it.
 * T2: a stop and a rebuild change no setting. They are for the processors, which obey them at their place in the log.
 */
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, TenantSettings, TenantState } from '../kernel/events.ts'
import type { ChangeTenant, RebuildTenant, RegisterTenant, StopTenant } from './commands.ts'

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
  if (!state) throw unknownTenant()
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

const unknownTenant = (): Refusal =>
  new Refusal('tenant_not_found', 'the tenant does not exist: register it first')

export function decideStop(
  state: TenantState | null,
  command: StopTenant,
): readonly DomainEvent<'TenantProcessingStopped'>[] {
  if (!state) throw unknownTenant()
  if (state.stopped !== undefined)
    throw new Refusal('nothing_changed', `its processing is stopped already: ${state.stopped}`)
  return [{ type: 'TenantProcessingStopped', data: { reason: command.reason } }]
}

/** Also of a tenant that is not stopped: after its handlers were corrected. */
export function decideRebuild(
  state: TenantState | null,
  command: RebuildTenant,
): readonly DomainEvent<'TenantRebuildRequested'>[] {
  if (!state) throw unknownTenant()
  return [{ type: 'TenantRebuildRequested', data: { reason: command.reason ?? '' } }]
}
