/**
 * Daily figures of a tenant, by months, so that an update touches one small value and a KPI reads few of them. PURE.
 *
 * F1: a month holds the days that have a movement, ascending; the index holds the months that have such a day, with
 * their totals. So equal contents are equal values and the first day of history is the first day there. F2: figures lie
 * on their effective day, in the past or in the future; which of them count is asked at reading time.
 * F3: running sums are remembered per immutable month value: a month that did not change is summed once.
 */
import {
  addFigures,
  type Figures,
  type FigureSource,
  hasMovement,
  NO_FIGURES,
} from '../../schemas/rules/kpis.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { positionOf } from './histogram.ts'

const DAY_MS = 86_400_000

export interface MonthFigures {
  readonly days: readonly EpochDay[]
  readonly figures: readonly Figures[]
}

export interface FigureIndex {
  /** year x 12 + month, from 0. */
  readonly months: readonly number[]
  readonly totals: readonly Figures[]
}

export const EMPTY_INDEX: FigureIndex = { months: [], totals: [] }
const EMPTY_MONTH: MonthFigures = { days: [], figures: [] }

export type MutableFigures = { -readonly [K in keyof Figures]: Figures[K] }

export const monthOf = (day: EpochDay): number => {
  const date = new Date(day * DAY_MS)
  return date.getUTCFullYear() * 12 + date.getUTCMonth()
}

/** Changes of days that one event makes, gathered before they are written. */
export class FigureChanges {
  readonly #days = new Map<EpochDay, MutableFigures>()

  at(day: EpochDay): MutableFigures {
    let figures = this.#days.get(day)
    if (figures === undefined) this.#days.set(day, (figures = { ...NO_FIGURES }))
    return figures
  }

  /** Days with a change, ascending. */
  entries(): [EpochDay, Figures][] {
    const changed = [...this.#days].filter(([, figures]) => hasMovement(figures))
    return changed.length > 1 ? changed.sort(([a], [b]) => a - b) : changed
  }
}

/** Sets, inserts or removes the entry at `key` of two parallel sorted lists. */
function withEntry(
  keys: readonly number[],
  values: readonly Figures[],
  key: number,
  value: Figures | null,
): [readonly number[], readonly Figures[]] {
  const at = positionOf(keys, key)
  const found = keys[at] === key
  if (value === null && !found) return [keys, values]
  const newValues = values.slice()
  if (found && value !== null) {
    newValues[at] = value
    return [keys, newValues]
  }
  const newKeys = keys.slice()
  if (value === null) {
    newKeys.splice(at, 1)
    newValues.splice(at, 1)
  } else {
    newKeys.splice(at, 0, key)
    newValues.splice(at, 0, value)
  }
  return [newKeys, newValues]
}

function entryOf(keys: readonly number[], values: readonly Figures[], key: number): Figures {
  const at = positionOf(keys, key)
  return (keys[at] === key ? values[at] : undefined) ?? NO_FIGURES
}

export interface FigureStores {
  index(): FigureIndex | undefined
  setIndex(index: FigureIndex): void
  month(month: number): MonthFigures | undefined
  /** null = nothing left of it. */
  setMonth(month: number, figures: MonthFigures | null): void
}

/** Writes the changes of one event into the months and the index (F1). */
export function applyFigures(changes: FigureChanges, stores: FigureStores): boolean {
  const entries = changes.entries()
  if (entries.length === 0) return false
  let index = stores.index() ?? EMPTY_INDEX
  for (let i = 0; i < entries.length; ) {
    const key = monthOf(entries[i]?.[0] ?? 0)
    let month = stores.month(key) ?? EMPTY_MONTH
    let total = entryOf(index.months, index.totals, key)
    for (; i < entries.length; i++) {
      const entry = entries[i]
      if (entry === undefined || monthOf(entry[0]) !== key) break
      const sum = addFigures(entryOf(month.days, month.figures, entry[0]), entry[1])
      const [days, figures] = withEntry(month.days, month.figures, entry[0], hasMovement(sum) ? sum : null)
      month = { days, figures }
      total = addFigures(total, entry[1])
    }
    const empty = month.days.length === 0
    stores.setMonth(key, empty ? null : month)
    const [months, totals] = withEntry(index.months, index.totals, key, empty ? null : total)
    index = { months, totals }
  }
  stores.setIndex(index)
  return true
}

const sumsOfMonth = new WeakMap<MonthFigures, Figures[]>()

function runningSums(month: MonthFigures): Figures[] {
  let sums = sumsOfMonth.get(month)
  if (sums === undefined) {
    let sum = NO_FIGURES
    sums = month.figures.map((figures) => (sum = addFigures(sum, figures)))
    sumsOfMonth.set(month, sums)
  }
  return sums
}

/** The stored months as the source of KPIs. Reads a month only when a window begins or ends in it. */
export function figureSource(stores: Pick<FigureStores, 'index' | 'month'>): FigureSource {
  const index = stores.index() ?? EMPTY_INDEX
  const before: Figures[] = [NO_FIGURES]
  for (const [i, total] of index.totals.entries()) before.push(addFigures(before[i] ?? NO_FIGURES, total))
  const first = index.months[0]
  return {
    firstDay: first === undefined ? null : (stores.month(first)?.days[0] ?? null),
    through(day) {
      const key = monthOf(day)
      const at = positionOf(index.months, key)
      const sum = before[at] ?? NO_FIGURES
      if (index.months[at] !== key) return sum
      const month = stores.month(key) ?? EMPTY_MONTH
      const last = positionOf(month.days, day + 1) - 1
      return last < 0 ? sum : addFigures(sum, runningSums(month)[last] ?? NO_FIGURES)
    },
  }
}
