/**
 * Owns the rules of reference data. PURE. An aggregate is one rate by one first day (`USD/BDT@2025-07-01`,
 * `standard@2025-07-01`): setting it again corrects it with the next version.
 */
import { RATE_ONE } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Payload } from '../kernel/events.ts'
import { rateOf } from '../kernel/fields.ts'
import type { SetFxRate, SetTaxRate } from './commands.ts'

export type FxRateState = Payload<'FxRateSet'>
export type TaxRateState = Payload<'TaxRateSet'>

export const fxRateId = (command: SetFxRate): string =>
  `${command.baseCurrency}/${command.quoteCurrency}@${formatDay(command.validFrom)}`
export const taxRateId = (command: SetTaxRate): string => `${command.code}@${formatDay(command.validFrom)}`

const same = (a: object | null, b: object): boolean =>
  a !== null && Object.entries(b).every(([key, value]) => (a as Record<string, unknown>)[key] === value)

export function decideFxRate(
  state: FxRateState | null,
  command: SetFxRate,
): readonly DomainEvent<'FxRateSet'>[] {
  if (command.baseCurrency === command.quoteCurrency) {
    throw refuseField('validation_failed', '/quoteCurrency', 'a currency has no rate to itself')
  }
  const data = {
    ...command,
    rate: rateOf(command.rate, '/rate', { zero: false, maxRate: 10_000_000n * RATE_ONE }),
  }
  if (same(state, data)) throw new Refusal('nothing_changed', `${fxRateId(command)} has this rate already`)
  return [{ type: 'FxRateSet', data }]
}

export function decideTaxRate(
  state: TaxRateState | null,
  command: SetTaxRate,
): readonly DomainEvent<'TaxRateSet'>[] {
  if (command.validTo !== null && command.validTo < command.validFrom) {
    throw refuseField('date_order', '/validTo', 'the last day is before the first')
  }
  const data = { ...command, rate: rateOf(command.rate, '/rate', { zero: true, maxRate: RATE_ONE }) }
  if (same(state, data)) throw new Refusal('nothing_changed', `${taxRateId(command)} has this rate already`)
  return [{ type: 'TaxRateSet', data }]
}

export const evolveFxRate = (_state: FxRateState | null, event: DomainEvent<'FxRateSet'>): FxRateState =>
  event.data

export const evolveTaxRate = (_state: TaxRateState | null, event: DomainEvent<'TaxRateSet'>): TaxRateState =>
  event.data
