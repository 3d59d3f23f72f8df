/**
 * Daily figures of a tenant: the daily panes of the engine's window library (runtime/window/panes.ts), filled with the
 * figures of finance. PURE. Figures lie on their effective day, in the past or in the future; which of them count is
 * asked at reading time.
 */
import {
  addFigures,
  type Figures,
  type FigureSource,
  hasMovement,
  NO_FIGURES,
  subtractFigures,
} from '../../schemas/rules/kpis.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import type { Group } from '../runtime/window/accumulate.ts'
import {
  DailyPanes,
  type MonthPanes,
  type PaneIndex,
  type PaneStores,
  type ReadablePanes,
} from '../runtime/window/panes.ts'

export type MonthFigures = MonthPanes<Figures>
export type FigureIndex = PaneIndex<Figures>

export const FIGURES: Group<Figures> = {
  zero: NO_FIGURES,
  add: addFigures,
  remove: subtractFigures,
  isZero: (figures) => !hasMovement(figures),
}

const PANES = new DailyPanes(FIGURES)

export type MutableFigures = { -readonly [K in keyof Figures]: Figures[K] }

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

/** Writes the changes of one event into the months and the index. */
export const applyFigures = (changes: FigureChanges, stores: PaneStores<Figures>): boolean =>
  PANES.apply(changes.entries(), stores)

/** The stored months as the source of KPIs. */
export const figureSource = (stores: ReadablePanes<Figures>): FigureSource => PANES.sums(stores)
