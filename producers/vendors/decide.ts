/**
 * Owns the rules of vendors. PURE.
 * V1: a vendor has a TIN. V2: its number is unique per tenant. V3: a bank account names its bank, and a mobile banking
 *     number its provider. V4: what is not active gets no new bills and expenses; what it is owed can still be paid.
 */
import { isDeepStrictEqual } from 'node:util'
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Facts, Payload } from '../kernel/events.ts'
import { addressOf } from '../kernel/identity-fields.ts'
import type { CreateVendor, UpdateVendor } from './commands.ts'

export type VendorState = Payload<'VendorCreated'>

export interface VendorFacts extends Facts {
  readonly id: string
  /** Id that holds the vendor number, where it is taken. */
  readonly numberOwner: string | undefined
}

function fieldsOf(command: UpdateVendor, vendorNumber: string): VendorState {
  if (command.bankAccount !== null && command.bankName === null) {
    throw refuseField('validation_failed', '/bankName', 'a bank account needs its bank: state bankName')
  }
  if ((command.mobileBanking === null) !== (command.mobileBankingProvider === null)) {
    const missing = command.mobileBanking === null ? 'mobileBanking' : 'mobileBankingProvider'
    throw refuseField('validation_failed', `/${missing}`, `number and provider go together: state ${missing}`)
  }
  return { ...command, ...addressOf(command), vendorNumber }
}

function refuseTaken(number: string, facts: VendorFacts): void {
  if (facts.numberOwner !== undefined && facts.numberOwner !== facts.id) {
    throw refuseField(
      'number_taken',
      '/vendorNumber',
      `vendor number ${number} belongs to vendor ${facts.numberOwner}: choose another`,
    )
  }
}

export function decideCreate(
  state: VendorState | null,
  command: CreateVendor,
  facts: VendorFacts,
): readonly DomainEvent<'VendorCreated'>[] {
  if (state) throw new Refusal('already_exists', `vendor ${facts.id} exists already`)
  const { id: _id, vendorNumber: given, ...fields } = command
  const number = given ?? facts.id
  refuseTaken(number, facts)
  return [{ type: 'VendorCreated', data: fieldsOf(fields, number) }]
}

export function decideUpdate(
  state: VendorState | null,
  command: UpdateVendor,
  facts: VendorFacts,
): readonly DomainEvent<'VendorUpdated'>[] {
  if (!state) throw new Refusal('vendor_not_found', `vendor ${facts.id} does not exist`)
  const number = command.vendorNumber ?? state.vendorNumber
  refuseTaken(number, facts)
  const data = fieldsOf(command, number)
  if (isDeepStrictEqual(data, state)) {
    throw new Refusal('nothing_changed', `vendor ${facts.id} has these values already`)
  }
  return [{ type: 'VendorUpdated', data }]
}

/** The vendor of a new document, at `/vendorId`. */
export function refuseMissingVendor(
  vendor: VendorState | undefined,
  vendorId: string,
): asserts vendor is VendorState {
  if (vendor) return
  throw refuseField('reference_not_found', '/vendorId', `vendor ${vendorId} does not exist: create it first`)
}

/** V4 */
export function refuseInactiveVendor({ active }: VendorState, vendorId: string, what: string): void {
  if (active) return
  throw refuseField('vendor_inactive', '/vendorId', `vendor ${vendorId} is not active: no new ${what}`)
}
