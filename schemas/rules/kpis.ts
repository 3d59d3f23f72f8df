/**
 * KPIs of the windows as of a day. PURE. One rule for the processor, the API and the sinks. What each KPI is, is in its own
 * file (kpis/, in the order of kpis/registry.ts); here is what they have in common:
 * `previous` = the same KPI in the window before; `lastYear` = the same KPI in the same window a year before (29 February:
 * 28 February), its window before included where it compares; changes are percent of the older value, null where there is
 * none or it was 0. A window that begins before the history of the documents or of the ledger is `partial`.
 */
import { type Amount, formatAmount, formatDecimal, SCALE } from '../values/amount.ts'
import { type EpochDay, yearBefore } from '../values/calendar.ts'
import { remembering } from './day-series.ts'
import type { FigureSource } from './figures.ts'
import {
  type Definition,
  growth,
  type MeasureReason,
  type Period,
  periodOf,
  type PeriodSources,
  type Raw,
} from './kpis/kit.ts'
import { DEFINITIONS } from './kpis/registry.ts'
import { EMPTY_LEDGER, type LedgerSource } from './ledger-figures.ts'
import { type WindowName, type WindowRange, WINDOWS, windowRange } from './windows.ts'

export * from './figures.ts'
export type { MeasureReason } from './kpis/kit.ts'

export interface MeasureResult {
  readonly name: string
  /** Decimal text; null with a reason. */
  readonly value: string | null
  /** Currency code, `percent`, `days`, `ratio` or `score`. */
  readonly unit: string
  readonly reason: MeasureReason | null
  readonly previous: string | null
  /** Percent; null where there is nothing to compare with or it was 0. */
  readonly change: string | null
  readonly inputs: Readonly<Record<string, string>>
  readonly lastYear: string | null
  readonly changeLastYear: string | null
}

export interface WindowResult {
  readonly window: WindowName
  readonly from: EpochDay
  readonly to: EpochDay
  readonly partial: boolean
  readonly measures: readonly MeasureResult[]
}

/** Names of the measures, in the order of every WindowResult. */
export const MEASURES: readonly string[] = DEFINITIONS.map((d) => d.name)

export interface KpiInput {
  readonly series: FigureSource
  /** The general ledger; absent = the tenant has none. */
  readonly ledger?: LedgerSource
  /** Open receivables by bucket of DEFAULT_EDGES at the end of asOf; absent = not known. */
  readonly aging?: readonly Amount[]
  readonly asOf: EpochDay
  /** MM-DD. */
  readonly fiscalYearStart: string
  /** Base currency. */
  readonly currency: string
}

/** All windows as of a day. */
export function computeKpis(input: KpiInput): WindowResult[] {
  const known = {
    ...input,
    series: remembering(input.series),
    ledger: remembering(input.ledger ?? EMPTY_LEDGER),
  }
  const written = writer(input.currency)
  return WINDOWS.map((window) => computeWindow(window, known, written))
}

function sourcesOf({ series, ledger = EMPTY_LEDGER, asOf }: KpiInput): PeriodSources {
  return { series, ledger, onLedger: ledger.firstDay !== null && ledger.firstDay <= asOf }
}

/** A period with the one that it is compared with. */
interface Compared {
  readonly now: Period
  readonly before: Period
}

function compared(
  sources: PeriodSources,
  range: WindowRange,
  aging: readonly Amount[] | null = null,
): Compared {
  return {
    now: periodOf(sources, range.from, range.to, aging),
    before: periodOf(sources, range.previousFrom, range.previousTo),
  }
}

/** Amounts and ratios as text; equal ones are made once. */
function writer(currency: string) {
  const texts = new Map<Amount, string>()
  const ratios = new Map<bigint, string>()
  const once = (known: Map<bigint, string>, value: bigint, make: () => string): string => {
    let text = known.get(value)
    if (text === undefined) known.set(value, (text = make()))
    return text
  }
  const text = (value: Amount): string => once(texts, value, () => formatAmount(value, currency))
  const show = ({ value, scale }: Raw): string | null => {
    if (value === null) return null
    return scale === SCALE ? text(value) : once(ratios, value, () => formatDecimal(value, scale, scale))
  }
  return { text, show }
}

const changeOf = (now: Raw, then: Raw): Raw =>
  now.value === null || then.value === null
    ? { value: null, scale: now.scale, reason: null }
    : growth(now.value, then.value, true)

const unitOf = ({ unit }: Definition, currency: string): string => (unit === 'currency' ? currency : unit)

/** One window as of a day. */
export function computeWindow(
  window: WindowName,
  input: KpiInput,
  { text, show } = writer(input.currency),
): WindowResult {
  const { series, ledger = EMPTY_LEDGER, aging = null, asOf, fiscalYearStart, currency } = input
  const sources = sourcesOf(input)
  const range = windowRange(window, asOf, fiscalYearStart)
  const older = windowRange(window, range.previousTo, fiscalYearStart)
  const current = compared(sources, range, aging)
  const beforeThat = periodOf(sources, older.previousFrom, older.previousTo)
  const lastYear = compared(sources, windowRange(window, yearBefore(asOf), fiscalYearStart))
  const measures = DEFINITIONS.map((d): MeasureResult => {
    const now = d.compute(current.now, current.before)
    const then = d.compute(current.before, beforeThat)
    const year = d.compute(lastYear.now, lastYear.before)
    return {
      name: d.name,
      value: show(now),
      unit: unitOf(d, currency),
      reason: now.reason,
      previous: show(then),
      change: show(changeOf(now, then)),
      inputs: d.inputs(current.now, current.before, text),
      lastYear: show(year),
      changeLastYear: show(changeOf(now, year)),
    }
  })
  const starts = sources.onLedger ? [series.firstDay, ledger.firstDay] : [series.firstDay]
  const partial = starts.some((first) => first === null || range.from < first)
  return { window, from: range.from, to: range.to, partial, measures }
}

/** A measure over days of one's own choice, e.g. those of a target so far; undefined = no such measure. */
export function computeMeasure(
  name: string,
  input: KpiInput,
  from: EpochDay,
  to: EpochDay,
):
  | { readonly value: string | null; readonly raw: Raw; readonly isFlow: boolean; readonly unit: string }
  | undefined {
  const definition = DEFINITIONS.find((d) => d.name === name)
  if (definition === undefined) return undefined
  const length = to - from
  const range = { from, to, previousFrom: from - 1 - length, previousTo: from - 1 }
  const { now, before } = compared(sourcesOf(input), range, to === input.asOf ? (input.aging ?? null) : null)
  const raw = definition.compute(now, before)
  const unit = unitOf(definition, input.currency)
  return { value: writer(input.currency).show(raw), raw, isFlow: definition.isFlow === true, unit }
}
