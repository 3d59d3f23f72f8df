/** Owns the rules of customers. PURE. */
import { Refusal } from '../kernel/errors.ts'
import type { DomainEvent, Facts, Payload } from '../kernel/events.ts'
import { amountIn } from '../kernel/fields.ts'
import type { CreateCustomer, UpdateCustomer } from './commands.ts'

export type CustomerState = Payload<'CustomerCreated'>

export interface CustomerFacts extends Facts {
  readonly id: string
  /** Id that holds the customer number, where it is taken. */
  readonly numberOwner: string | undefined
}

function fieldsOf(
  command: CreateCustomer | UpdateCustomer,
  number: string,
  facts: CustomerFacts,
): CustomerState {
  const { name, nameBn, currency, paymentTermsDays, email, phone, country } = command
  const creditLimit =
    command.creditLimit === null ? null : amountIn(command.creditLimit, facts.tenant.currency, '/creditLimit')
  return {
    customerNumber: number,
    name,
    nameBn,
    currency,
    paymentTermsDays,
    creditLimit,
    email,
    phone,
    country,
  }
}

function refuseTaken(number: string, facts: CustomerFacts): void {
  if (facts.numberOwner !== undefined && facts.numberOwner !== facts.id) {
    throw new Refusal(
      'number_taken',
      `customer number ${number} belongs to customer ${facts.numberOwner}: choose another`,
    )
  }
}

export function decideCreate(
  state: CustomerState | null,
  command: CreateCustomer,
  facts: CustomerFacts,
): readonly DomainEvent<'CustomerCreated'>[] {
  if (state) throw new Refusal('already_exists', `customer ${facts.id} exists already`)
  const number = command.customerNumber ?? facts.id
  refuseTaken(number, facts)
  return [{ type: 'CustomerCreated', data: fieldsOf(command, number, facts) }]
}

export function decideUpdate(
  state: CustomerState | null,
  command: UpdateCustomer,
  facts: CustomerFacts,
): readonly DomainEvent<'CustomerUpdated'>[] {
  if (!state) throw new Refusal('customer_not_found', `customer ${facts.id} does not exist`)
  const number = command.customerNumber ?? state.customerNumber
  refuseTaken(number, facts)
  const data = fieldsOf(command, number, facts)
  if ((Object.keys(data) as (keyof CustomerState)[]).every((key) => data[key] === state[key])) {
    throw new Refusal('nothing_changed', `customer ${facts.id} has these values already`)
  }
  return [{ type: 'CustomerUpdated', data }]
}
