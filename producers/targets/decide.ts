/**
 * Owns the rules of targets. PURE. A target is one measure of one slice over one period: setting it again changes its
 * amount, or brings it back after it was withdrawn. Periods may overlap: a year has a target, and so has each month.
 */
import { createHash } from 'node:crypto'
import { fitsCurrency, minorDigits, parseDecimal } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Facts, Payload } from '../kernel/events.ts'
import type { SetTarget } from './commands.ts'

export type TargetState = Payload<'TargetSet'>

/** Slices hold any text, ids don't: a slice is in the id as its hash. */
export function targetId({ measure, slice, from, to }: SetTarget): string {
  const part = slice === '' ? '' : `/${createHash('sha256').update(slice).digest('hex').slice(0, 32)}`
  return `${measure}${part}@${formatDay(from)}:${formatDay(to)}`
}

export function decideSet(
  state: TargetState | null,
  command: SetTarget,
  facts: Facts,
): readonly DomainEvent<'TargetSet'>[] {
  const { from, to, unit } = command
  if (to < from) {
    throw refuseField(
      'date_order',
      '/to',
      `the last day ${formatDay(to)} is before the first ${formatDay(from)}`,
    )
  }
  const amount = amountOf(command, facts.tenant.currency)
  if (state && !state.withdrawn && state.amount === amount && state.unit === unit) {
    throw new Refusal('nothing_changed', `${targetId(command)} has this target already`)
  }
  return [{ type: 'TargetSet', data: { ...command, amount, withdrawn: false } }]
}

function amountOf({ amount: written, unit }: SetTarget, currency: string): bigint {
  let amount: bigint
  try {
    amount = parseDecimal(written)
  } catch {
    throw refuseField('validation_failed', '/amount', `${written} has more than 4 decimals`)
  }
  if (unit === 'currency' && !fitsCurrency(amount, currency)) {
    throw refuseField(
      'validation_failed',
      '/amount',
      `${written} has more than the ${minorDigits(currency)} decimals of ${currency}`,
    )
  }
  return amount
}

export function decideWithdraw(state: TargetState | null, id: string): readonly DomainEvent<'TargetSet'>[] {
  if (!state) throw new Refusal('target_not_found', `target ${id} does not exist`)
  if (state.withdrawn) throw new Refusal('target_withdrawn', `target ${id} is withdrawn already`)
  return [{ type: 'TargetSet', data: { ...state, withdrawn: true } }]
}

export const evolveTarget = (_state: TargetState | null, event: DomainEvent<'TargetSet'>): TargetState =>
  event.data
