/**
 * Owns the rules of customers. PURE.
 * C1: its number is unique per tenant. C2: who is not active gets no new invoices; what was sold can still be paid, credited
 *     and written off.
 */
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Facts, Payload } from '../kernel/events.ts'
import { amountIn } from '../kernel/fields.ts'
import { addressOf } from '../kernel/identity-fields.ts'
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
    tin: command.tin,
    bin: command.bin,
    nid: command.nid,
    ...addressOf(command),
    segment: command.segment,
    salespersonId: command.salespersonId,
    kycStatus: command.kycStatus,
    loyaltyPoints: command.loyaltyPoints,
    active: command.active,
  }
}

function refuseTaken(number: string, facts: CustomerFacts): void {
  if (facts.numberOwner !== undefined && facts.numberOwner !== facts.id) {
    throw refuseField(
      'number_taken',
      '/customerNumber',
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

/** The customer of a new document, at `/customerId`. */
export function refuseMissingCustomer(
  customer: CustomerState | undefined,
  customerId: string,
): asserts customer is CustomerState {
  if (customer) return
  throw refuseField(
    'reference_not_found',
    '/customerId',
    `customer ${customerId} does not exist: create it first`,
  )
}
