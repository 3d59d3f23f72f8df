/**
 * Owns the rules of reference data. PURE. An aggregate is one rate by one first day (`USD/BDT@2025-07-01`,
 * `standard@2025-07-01`, `TDS/contract@2026-07-01`): setting it again corrects it with the next version.
 * R1: a tax is a fraction or an amount per unit, never both. Which of several rates holds: tax-rates.ts.
 */
import { RATE_ONE } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Payload } from '../kernel/events.ts'
import { quantityOf, rateOf } from '../kernel/fields.ts'
import type { SetFxRate, SetTaxRate } from './commands.ts'

export type FxRateState = Payload<'FxRateSet'>
export type TaxRateState = Payload<'TaxRateSet'>

export const fxRateId = (command: SetFxRate): string =>
  `${command.baseCurrency}/${command.quoteCurrency}@${formatDay(command.validFrom)}`
/** VAT has no kind in its id: it was there before there were kinds. */
export const taxRateId = ({ kind, code, validFrom }: SetTaxRate): string =>
  `${kind === 'VAT' ? '' : `${kind}/`}${code}@${formatDay(validFrom)}`

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

/** R1. */
function taxOf({ kind, rate, perUnit }: SetTaxRate): { rate: bigint; perUnit: bigint | null } {
  if (rate !== undefined && perUnit !== null) {
    throw refuseField('validation_failed', '/perUnit', 'a tax is a fraction or an amount per unit: state one')
  }
  if (perUnit === null) {
    if (rate === undefined) throw refuseField('validation_failed', '/rate', 'state rate, or perUnit')
    // Supplementary duty on tobacco, drinks and cars is several times the value.
    const maxRate = kind === 'SD' ? 50n * RATE_ONE : RATE_ONE
    return { rate: rateOf(rate, '/rate', { zero: true, maxRate }), perUnit: null }
  }
  if (kind !== 'VAT' && kind !== 'SD') {
    throw refuseField('validation_failed', '/perUnit', `${kind} is a fraction, not an amount per unit`)
  }
  return { rate: 0n, perUnit: quantityOf(perUnit, '/perUnit') }
}

export function decideTaxRate(
  state: TaxRateState | null,
  command: SetTaxRate,
): readonly DomainEvent<'TaxRateSet'>[] {
  if (command.validTo !== null && command.validTo < command.validFrom) {
    throw refuseField('date_order', '/validTo', 'the last day is before the first')
  }
  const data = { ...command, ...taxOf(command) }
  if (same(state, data)) throw new Refusal('nothing_changed', `${taxRateId(command)} has this rate already`)
  return [{ type: 'TaxRateSet', data }]
}

export const evolveFxRate = (_state: FxRateState | null, event: DomainEvent<'FxRateSet'>): FxRateState =>
  event.data

export const evolveTaxRate = (_state: TaxRateState | null, event: DomainEvent<'TaxRateSet'>): TaxRateState =>
  event.data
