/** Owns the state of a tenant: its settings after the last event, and whether its processing is stopped. PURE. */
import type { DomainEvent, TenantState } from '../kernel/events.ts'

export type TenantEvent = DomainEvent<
  'TenantRegistered' | 'TenantSettingsChanged' | 'TenantProcessingStopped' | 'TenantRebuildRequested'
>

export function evolveTenant(state: TenantState | null, event: TenantEvent): TenantState {
  switch (event.type) {
    case 'TenantRegistered':
    case 'TenantSettingsChanged':
      return state?.stopped === undefined ? event.data : { ...event.data, stopped: state.stopped }
    case 'TenantProcessingStopped':
      return { ...known(state, event), stopped: event.data.reason }
    case 'TenantRebuildRequested': {
      const { stopped: _, ...settings } = known(state, event)
      return settings
    }
  }
}

function known(state: TenantState | null, event: TenantEvent): TenantState {
  if (state) return state
  throw new Error(`a tenant can't begin with ${event.type}`)
}
