/**
 * Owns the tax rates that this process remembers, for all tenants.
 * M1: never stale: each transaction reads the counter of their changes with everything else it reads, and a counter that
 *     moved has the table read again before anything is decided.
 */
import type { PoolClient } from 'pg'
import { defaultTaxRates, type TaxRates } from '../../schemas/rules/tax-rates.ts'
import { withReference } from '../reference/tax-rates.ts'
import { readTaxRates } from './store.ts'

export class TaxRateTable {
  #remembered: { readonly version: number; readonly rates: TaxRates } | undefined

  /** The rates that hold now; `version` as the transaction read it. */
  async at(version: number, client: PoolClient): Promise<TaxRates> {
    if (this.#remembered?.version !== version) {
      // What is read now may be newer than `version`: then the next transaction reads it once more.
      this.#remembered = { version, rates: withReference(await readTaxRates(client), defaultTaxRates) }
    }
    return this.#remembered.rates
  }
}
