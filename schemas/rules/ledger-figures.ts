/**
 * What the general ledger moved on the days of a company. PURE. One number per figure of ledger-groups.ts, in ten-
 * thousandths of the base currency; a balance is the sum of all days up to one.
 */
import type { Amount } from '../values/amount.ts'
import type { EpochDay } from '../values/calendar.ts'
import { DaySeries, type DaySums, type Summing } from './day-series.ts'
import { eachLedgerFigure, LEDGER_FIGURES, type LedgerEntry, ledgerPlace } from './ledger-groups.ts'

/** One amount per figure, in the order of LEDGER_FIGURES. */
export type LedgerFigures = readonly Amount[]

export type LedgerSource = DaySums<LedgerFigures>

export const NO_LEDGER: LedgerFigures = LEDGER_FIGURES.map(() => 0n)

export const addLedger = (a: LedgerFigures, b: LedgerFigures): LedgerFigures =>
  a.map((value, i) => value + (b[i] ?? 0n))
export const subtractLedger = (a: LedgerFigures, b: LedgerFigures): LedgerFigures =>
  a.map((value, i) => value - (b[i] ?? 0n))
export const isLedgerZero = (figures: LedgerFigures): boolean => figures.every((value) => value === 0n)

export const LEDGER_SUMS: Summing<LedgerFigures> = {
  zero: NO_LEDGER,
  add: addLedger,
  isZero: isLedgerZero,
}

export const EMPTY_LEDGER: LedgerSource = { firstDay: null, through: () => NO_LEDGER }

/** What an entry adds to the figures of its day. */
export function ledgerFiguresOf(entry: LedgerEntry): LedgerFigures {
  const figures = [...NO_LEDGER]
  eachLedgerFigure(entry, (name, amount) => {
    const at = ledgerPlace(name)
    figures[at] = (figures[at] ?? 0n) + amount
  })
  return figures
}

/** Days in ascending order. */
export class LedgerSeries extends DaySeries<LedgerFigures> {
  constructor(days: Iterable<readonly [EpochDay, LedgerFigures]>) {
    super(days, LEDGER_SUMS)
  }
}
