/** Owns what all money documents share: their currency and its rate to the tenant's base currency. PURE. */
import { RATE_ONE } from '../../schemas/values/amount.ts'
import { refuseField } from './errors.ts'
import { type MoneyInput, rateOf } from './fields.ts'

/** 10 million units of base currency for one. */
const FX_MAX = 10_000_000n * RATE_ONE

export interface DocumentCurrency {
  readonly currency: string
  readonly fxRate: bigint
}

/** The currency stated by the document, else by its first money, else the tenant's. */
export function documentCurrency(
  command: { readonly currency?: string | undefined; readonly fxRate?: string | undefined },
  firstMoney: MoneyInput | undefined,
  base: string,
): DocumentCurrency {
  const stated = typeof firstMoney === 'object' ? firstMoney.currency : undefined
  const currency = command.currency ?? stated ?? base
  if (currency === base) {
    if (command.fxRate !== undefined && rateOf(command.fxRate, '/fxRate', bounds) !== RATE_ONE) {
      throw refuseField(
        'validation_failed',
        '/fxRate',
        `the document is in the base currency ${base}: its rate is 1`,
      )
    }
    return { currency, fxRate: RATE_ONE }
  }
  if (command.fxRate === undefined) {
    throw refuseField(
      'fx_rate_required',
      '/fxRate',
      `the document is in ${currency} and the books in ${base}: say how many ${base} one ${currency} is`,
    )
  }
  return { currency, fxRate: rateOf(command.fxRate, '/fxRate', bounds) }
}
const bounds = { zero: false, maxRate: FX_MAX }

/** The document is in another currency than the books. */
export const isForeign = (
  document: { readonly currency: string } | null | undefined,
  tenant: { readonly currency: string },
): boolean => document != null && document.currency !== tenant.currency
