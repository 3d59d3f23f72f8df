/**
 * cashConversionCycle (C-16) = dso + dio - dpo of the same window, each with two-point averages. Null where one of the
 * three is, with its reason: a company without stock or cost of sales has no such cycle.
 * Example: 45.625 + 60.83333333 - 48.66666667 = 57.79166666 days. Source: requirement table C-16.
 */
import { formatDecimal } from '../../values/amount.ts'
import { dioOf } from './inventory.ts'
import { type Definition, nothing, type Period, type Raw } from './kit.ts'
import { dpoOf } from './payables.ts'
import { dsoOf } from './receivables.ts'

const partsOf = (p: Period) => ({ dso: dsoOf(p), dio: dioOf(p), dpo: dpoOf(p) })

function cycleOf(p: Period): Raw {
  if (!p.ledger.history) return nothing('no_history')
  const { dso, dio, dpo } = partsOf(p)
  const missing = [dso, dio, dpo].find(({ value }) => value === null)
  if (missing) return missing
  const value = (dso.value ?? 0n) + (dio.value ?? 0n) - (dpo.value ?? 0n)
  const warned = [dso, dio, dpo].some(({ reason }) => reason === 'not_meaningful')
  return { value, scale: dso.scale, reason: warned ? 'not_meaningful' : null }
}

export const cashConversionCycle: Definition = {
  name: 'cashConversionCycle',
  unit: 'days',
  compute: (c) => cycleOf(c),
  inputs: (c) =>
    c.ledger.history
      ? Object.fromEntries(
          Object.entries(partsOf(c)).flatMap(([name, { value, scale }]) =>
            value === null ? [] : [[name, formatDecimal(value, scale, scale)]],
          ),
        )
      : {},
}
