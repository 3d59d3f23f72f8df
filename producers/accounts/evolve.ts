/** Owns the states of an account and of a tenant's posting rules: all their fields after the last event. PURE. */
import { type DomainEvent, type Payload, unexpectedEvent } from '../kernel/events.ts'

export type AccountState = Payload<'AccountCreated'>
export type PostingRulesState = Payload<'PostingRulesSet'>

export type AccountEvent = DomainEvent<'AccountCreated' | 'AccountUpdated' | 'AccountDeactivated'>

export function evolveAccount(state: AccountState | null, event: AccountEvent): AccountState {
  if (event.type !== 'AccountDeactivated') return event.data
  if (!state) return unexpectedEvent('an account that was not created', event)
  return { ...state, active: false }
}

export const evolvePostingRules = (
  _state: PostingRulesState | null,
  event: DomainEvent<'PostingRulesSet'>,
): PostingRulesState => event.data
