/** Owns the state of a tenant: its settings after the last event. PURE. */
import type { DomainEvent, TenantSettings } from '../kernel/events.ts'

export type TenantEvent = DomainEvent<'TenantRegistered' | 'TenantSettingsChanged'>

export const evolveTenant = (_state: TenantSettings | null, event: TenantEvent): TenantSettings => event.data
