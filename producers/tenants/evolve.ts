/** Owns the state of a tenant: its settings after the last event. PURE. */
import { type DomainEvent, type TenantSettings, unexpectedEvent } from '../kernel/events.ts'

export function evolveTenant(_state: TenantSettings | null, event: DomainEvent): TenantSettings {
  switch (event.type) {
    case 'TenantRegistered':
    case 'TenantSettingsChanged':
      return event.data
    default:
      return unexpectedEvent('tenant', event)
  }
}
