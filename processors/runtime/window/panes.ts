/**
 * Daily panes of a key, by months, so that an update touches one small value and a window reads few of them. PURE.
 *
 * P1: a month holds the days whose value is not zero, ascending; the index holds the months that have such a day, with
 * their totals. So equal contents are equal values, and the first day is found at once. P2: a value lies on its effective
 * day, past or future, and is never late; which days count is asked at reading time. P3: a window over panes is the
 * difference of two running sums, so any window of days costs the same. P4: running sums are remembered per immutable
 * month value: a month that did not change is summed once.
 */
import type { EpochDay } from '../../../schemas/values/calendar.ts'
import type { Group } from './accumulate.ts'
import type { DayRange } from './spans.ts'

const DAY_MS = 86_400_000

export interface MonthPanes<V> {
  readonly days: readonly EpochDay[]
  readonly values: readonly V[]
}

export interface PaneIndex<V> {
  /** year x 12 + month, from 0. */
  readonly months: readonly number[]
  readonly totals: readonly V[]
}

/** Where the panes of one key are kept. */
export interface PaneStores<V> {
  index(): PaneIndex<V> | undefined
  setIndex(index: PaneIndex<V>): void
  month(month: number): MonthPanes<V> | undefined
  /** null = nothing left of it. */
  setMonth(month: number, panes: MonthPanes<V> | null): void
}

export type ReadablePanes<V> = Pick<PaneStores<V>, 'index' | 'month'>

/** Sums of panes. */
export interface PaneSums<V> {
  /** First day with a value; null without any. */
  readonly firstDay: EpochDay | null
  /** Sum of all days up to and including `day`. */
  through(day: EpochDay): V
}

export const monthOf = (day: EpochDay): number => {
  const date = new Date(day * DAY_MS)
  return date.getUTCFullYear() * 12 + date.getUTCMonth()
}

/** Position of `value`, or of the first larger one. */
function positionOf(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Sets, inserts or removes the entry at `key` of two parallel sorted lists. */
function withEntry<V>(
  keys: readonly number[],
  values: readonly V[],
  key: number,
  value: V | null,
): [readonly number[], readonly V[]] {
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

export class DailyPanes<V> {
  readonly #group: Group<V>
  /** P4. */
  readonly #sums = new WeakMap<MonthPanes<V>, V[]>()

  constructor(group: Group<V>) {
    this.#group = group
  }

  #valueAt(keys: readonly number[], values: readonly V[], key: number): V {
    const at = positionOf(keys, key)
    return (keys[at] === key ? values[at] : undefined) ?? this.#group.zero
  }

  /** Adds values to days; `changes` ascend by day. True when there were any. */
  apply(changes: readonly (readonly [EpochDay, V])[], stores: PaneStores<V>): boolean {
    if (changes.length === 0) return false
    const { zero, add, isZero } = this.#group
    let index: PaneIndex<V> = stores.index() ?? { months: [], totals: [] }
    for (let i = 0; i < changes.length; ) {
      const key = monthOf(changes[i]?.[0] ?? 0)
      let month: MonthPanes<V> = stores.month(key) ?? { days: [], values: [] }
      let total = this.#valueAt(index.months, index.totals, key)
      for (; i < changes.length; i++) {
        const [day, value] = changes[i] ?? [0, zero]
        if (monthOf(day) !== key) break
        const sum = add(this.#valueAt(month.days, month.values, day), value)
        const [days, values] = withEntry(month.days, month.values, day, isZero(sum) ? null : sum)
        month = { days, values }
        total = add(total, value)
      }
      const empty = month.days.length === 0
      stores.setMonth(key, empty ? null : month)
      const [months, totals] = withEntry(index.months, index.totals, key, empty ? null : total)
      index = { months, totals }
    }
    stores.setIndex(index)
    return true
  }

  /** Reads a month only when a window begins or ends in it. */
  sums(stores: ReadablePanes<V>): PaneSums<V> {
    const { zero, add } = this.#group
    const index: PaneIndex<V> = stores.index() ?? { months: [], totals: [] }
    const before: V[] = [zero]
    for (const [i, total] of index.totals.entries()) before.push(add(before[i] ?? zero, total))
    const first = index.months[0]
    return {
      firstDay: first === undefined ? null : (stores.month(first)?.days[0] ?? null),
      through: (day) => {
        const key = monthOf(day)
        const at = positionOf(index.months, key)
        const sum = before[at] ?? zero
        const month = index.months[at] === key ? stores.month(key) : undefined
        if (month === undefined) return sum
        const last = positionOf(month.days, day + 1) - 1
        return last < 0 ? sum : add(sum, this.#runningSums(month)[last] ?? zero)
      },
    }
  }

  /** P3. */
  over({ from, to }: DayRange, sums: PaneSums<V>): V {
    return this.#group.remove(sums.through(to), sums.through(from - 1))
  }

  #runningSums(month: MonthPanes<V>): V[] {
    let sums = this.#sums.get(month)
    if (sums === undefined) {
      let sum = this.#group.zero
      sums = month.values.map((value) => (sum = this.#group.add(sum, value)))
      this.#sums.set(month, sums)
    }
    return sums
  }
}
