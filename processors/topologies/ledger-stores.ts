/**
 * Stores of the general ledger's figures: by tenant and month, and the months of a tenant. A row is sparse: place and
 * amount of each figure that is not zero, by place, so a company that uses ten accounts pays for ten.
 */
import { type LedgerFigures, NO_LEDGER } from '../../schemas/rules/ledger-figures.ts'
import type { LedgerIndex, LedgerMonth } from '../domain/ledger.ts'
import type { StoreSpec } from '../runtime/topology.ts'
import { arrayCodec } from './array-codec.ts'

type Row = (number | string)[]

const rowOf = (figures: LedgerFigures): Row =>
  figures.flatMap((amount, place) => (amount === 0n ? [] : [place, String(amount)]))

function figuresOf(row: Row): LedgerFigures {
  const figures = [...NO_LEDGER]
  for (let i = 0; i < row.length; i += 2) figures[Number(row[i])] = BigInt(row[i + 1] ?? 0)
  return figures
}

export const LEDGER_MONTHS: StoreSpec<LedgerMonth> = {
  name: 'ledger',
  cells: 512,
  codec: arrayCodec<LedgerMonth, [number[], Row[]]>(
    ({ days, values }) => [[...days], values.map(rowOf)],
    ([days, values]) => ({ days, values: values.map(figuresOf) }),
  ),
}

export const LEDGER_INDEX: StoreSpec<LedgerIndex> = {
  name: 'ledger-index',
  cells: 128,
  codec: arrayCodec<LedgerIndex, [number[], Row[]]>(
    ({ months, totals }) => [[...months], totals.map(rowOf)],
    ([months, totals]) => ({ months, totals: totals.map(figuresOf) }),
  ),
}
