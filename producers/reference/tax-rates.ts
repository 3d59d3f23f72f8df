/**
 * Owns which tax rate holds on a day: reference data first, else the defaults in code. PURE.
 * T1: of the rates of one kind and code, the one with the latest first day that has come decides alone: a newer rate
 *     ends the older, and after its own last day there is none. So a correction is one command on one aggregate, and no
 *     older rate comes back into force unseen.
 * T2: where reference data has no rate that began by that day, the default holds.
 */
import type { TaxRateKind, TaxRates } from '../../schemas/rules/tax-rates.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import type { TaxRateState } from './decide.ts'

/** Counter of the changes of tax rates (finance.counters, kind `reference`). */
export const TAX_RATES = 'tax-rates'

/** Rates written before there were kinds are VAT. */
export const taxKindOf = (state: Pick<TaxRateState, 'kind'>): TaxRateKind =>
  state.kind === 'UNKNOWN' ? 'VAT' : state.kind

export function withReference(reference: readonly TaxRateState[], defaults: TaxRates): TaxRates {
  const byCode = new Map<string, TaxRateState[]>()
  for (const one of reference.toSorted((a, b) => a.validFrom - b.validFrom)) {
    const key = `${taxKindOf(one)} ${one.code}`
    byCode.set(key, [...(byCode.get(key) ?? []), one])
  }
  return {
    rateOn(kind: TaxRateKind, code: string, day: EpochDay) {
      const found = byCode.get(`${kind} ${code}`)?.findLast((one) => one.validFrom <= day)
      if (!found) return defaults.rateOn(kind, code, day)
      if (found.validTo !== null && found.validTo < day) return undefined
      return { rate: found.rate, perUnit: found.perUnit, creditable: found.creditable }
    },
  }
}
