/**
 * What the KPIs are written with: the figures of a period, exact ratios, and the form of a definition. PURE. A KPI is one
 * Definition in a file of this folder and its place in registry.ts.
 *
 * K1: exact integers until one division per ratio, which is rounded half away from zero at 8 decimals.
 * K2: a zero denominator gives null with `zero_denominator` (`no_history` where no day of the period has history), never
 *     0; a negative one gives the value with `not_meaningful`.
 * K3: history starts on the first day with a movement; a window that begins before it is `partial`, and days that a
 *     figure is divided by or scaled with are those of the history only.
 * K4: what is figured from the general ledger is null with `no_history` where the ledger has none: a tenant whose
 *     sources publish documents alone gets the KPIs of documents, and no zero that looks like a figure.
 * K5: an average of a balance is that of two points: before the first day and at the end of the last one.
 */
import { type Amount, divideRounded, SCALE } from '../../values/amount.ts'
import type { Figures } from '../figures.ts'
import { subtractFigures } from '../figures.ts'
import type { FigureSource } from '../figures.ts'
import { type LedgerFigures, type LedgerSource, subtractLedger } from '../ledger-figures.ts'
import { inputOf, LEDGER_INPUTS, type LedgerInputName } from '../ledger-inputs.ts'
import type { EpochDay } from '../../values/calendar.ts'

export type MeasureReason = 'zero_denominator' | 'no_history' | 'not_meaningful'

const RATIO_SCALE = 8
const RATIO_UNIT = 10n ** BigInt(RATIO_SCALE)

/** A measure before it becomes text: units of 10^-scale. */
export interface Raw {
  readonly value: bigint | null
  readonly scale: number
  readonly reason: MeasureReason | null
}

/** The general ledger in a period. */
export interface LedgerPeriod {
  readonly sums: LedgerFigures
  readonly opening: LedgerFigures
  readonly closing: LedgerFigures
  readonly days: number
  readonly history: boolean
  /** Inputs that were summed up before: many KPIs share them. */
  readonly known: Map<LedgerInputName, Amount>
}

/** Figures of a window, with the balances at its ends. */
export interface Period {
  readonly sums: Figures
  readonly opening: Figures
  readonly closing: Figures
  /** Days that count: of the window, or of the history inside it (K3). */
  readonly days: number
  readonly history: boolean
  readonly ledger: LedgerPeriod
  /** Profit comes from the ledger: the tenant has one by the day asked for. */
  readonly onLedger: boolean
  /** Open amounts by bucket of DEFAULT_EDGES at the end; null where it was not kept. */
  readonly aging: readonly Amount[] | null
}

export interface PeriodSources {
  readonly series: FigureSource
  readonly ledger: LedgerSource
  readonly onLedger: boolean
}

const daysOf = (first: EpochDay | null, from: EpochDay, to: EpochDay) => {
  const history = first !== null && first <= to
  return { history, days: to - (history ? Math.max(from, first) : from) + 1 }
}

export function periodOf(
  { series, ledger, onLedger }: PeriodSources,
  from: EpochDay,
  to: EpochDay,
  aging: readonly Amount[] | null = null,
): Period {
  const [before, end] = [series.through(from - 1), series.through(to)]
  const [opening, closing] = [ledger.through(from - 1), ledger.through(to)]
  return {
    sums: subtractFigures(end, before),
    opening: before,
    closing: end,
    ...daysOf(series.firstDay, from, to),
    ledger: {
      sums: subtractLedger(closing, opening),
      opening,
      closing,
      ...daysOf(ledger.firstDay, from, to),
      known: new Map(),
    },
    onLedger,
    aging,
  }
}

type Inputs = Readonly<Record<string, string>>

export interface Definition {
  readonly name: string
  /** `currency` stands for the base currency's code. */
  readonly unit: 'currency' | 'percent' | 'days' | 'ratio' | 'score'
  /** A sum over the days of the window: a target of it grows with its days. */
  readonly isFlow?: true
  readonly compute: (current: Period, previous: Period) => Raw
  readonly inputs: (current: Period, previous: Period, text: (value: Amount) => string) => Inputs
}

export const amount = (value: Amount): Raw => ({ value, scale: SCALE, reason: null })
export const nothing = (reason: MeasureReason): Raw => ({ value: null, scale: RATIO_SCALE, reason })

/** K1, K2. */
export function ratio(numerator: bigint, denominator: bigint, history: boolean): Raw {
  if (denominator === 0n) return nothing(history ? 'zero_denominator' : 'no_history')
  const value = divideRounded(numerator * RATIO_UNIT, denominator)
  return { value, scale: RATIO_SCALE, reason: denominator < 0n ? 'not_meaningful' : null }
}

export const abs = (value: bigint): bigint => (value < 0n ? -value : value)

export const growth = (current: bigint, previous: bigint, history: boolean): Raw =>
  ratio((current - previous) * 100n, abs(previous), history)

/** An input of the ledger in a period. */
export function led({ ledger }: Period, name: LedgerInputName): Amount {
  let value = ledger.known.get(name)
  if (value === undefined) {
    const input = LEDGER_INPUTS[name]
    value = inputOf(input, input.over === 'window' ? ledger.sums : ledger[input.over])
    ledger.known.set(name, value)
  }
  return value
}

export const ledgerDays = ({ ledger }: Period): bigint => BigInt(ledger.days)

interface LedgerDefinition {
  readonly name: string
  readonly unit: Definition['unit']
  readonly isFlow?: true
  /** Shown in this order. `days`: those that the figure was scaled with. */
  readonly shows: readonly (LedgerInputName | 'days')[]
}

const shown =
  (names: LedgerDefinition['shows']): Definition['inputs'] =>
  (period, _, text) =>
    period.ledger.history
      ? Object.fromEntries(
          names.map((name) => [name, name === 'days' ? String(period.ledger.days) : text(led(period, name))]),
        )
      : {}

/** A KPI of the ledger (K4). */
export const onLedger = (
  { shows, ...head }: LedgerDefinition,
  compute: (period: Period) => Raw,
): Definition => ({
  ...head,
  compute: (period) => (period.ledger.history ? compute(period) : nothing('no_history')),
  inputs: shown(shows),
})

/** An amount of the ledger: the inputs shown, added up. */
export const ledgerAmount = (name: string, shows: readonly LedgerInputName[], isFlow?: true): Definition =>
  onLedger({ name, unit: 'currency', shows, ...(isFlow === undefined ? {} : { isFlow }) }, (period) =>
    amount(shows.reduce((sum, input) => sum + led(period, input), 0n)),
  )

/** Twice the average of a balance (K5): a factor of 2 belongs on the other side of the division. */
export const twice = (period: Period, opening: LedgerInputName, closing: LedgerInputName): Amount =>
  led(period, opening) + led(period, closing)
