/** Owns the operations of reference data. Their events go to every partition, for every tenant. */
import type { Operation } from '../kernel/operation.ts'
import { type SetFxRate, setFxRate, type SetTaxRate, setTaxRate } from './commands.ts'
import { decideFxRate, decideTaxRate, fxRateId, taxRateId } from './decide.ts'
import { TAX_RATES } from './tax-rates.ts'

const fxRate: Operation<SetFxRate> = {
  name: 'fx-rate.set',
  summary: 'Sets the rate of a currency from a day on, for all tenants',
  path: '/v1/reference/fx-rates',
  role: 'operator',
  aggregate: 'fx-rate',
  creates: true,
  overwrites: true,
  money: false,
  schema: setFxRate,
  idOf: fxRateId,
  decide: (session, { id, command }) => decideFxRate(session.state('fx-rate', id), command),
}

const taxRate: Operation<SetTaxRate> = {
  name: 'tax-rate.set',
  summary: 'Sets the rate of a tax code from a day on, for all tenants',
  path: '/v1/reference/tax-rates',
  role: 'operator',
  aggregate: 'tax-rate',
  creates: true,
  overwrites: true,
  money: false,
  schema: setTaxRate,
  idOf: taxRateId,
  counters: () => [{ kind: 'reference', period: TAX_RATES }],
  decide: (session, { id, command }) => decideTaxRate(session.state('tax-rate', id), command),
}

export const referenceOperations: readonly Operation[] = [fxRate, taxRate]
