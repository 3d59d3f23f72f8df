/**
 * Days in ascending order with running sums of what moved on them. PURE. D1: a sum through a day costs one search,
 * however many days there are. D2: history begins on the first day with a movement: a day on which everything cancels
 * out is none.
 */
import type { EpochDay } from '../values/calendar.ts'

/** Sums by day. */
export interface DaySums<V> {
  /** First day with a movement; null without any. */
  readonly firstDay: EpochDay | null
  /** Sum of all days up to and including `day`. */
  through(day: EpochDay): V
}

/** Values that add up. */
export interface Summing<V> {
  readonly zero: V
  readonly add: (sum: V, value: V) => V
  readonly isZero: (value: V) => boolean
}

export class DaySeries<V> implements DaySums<V> {
  readonly #days: EpochDay[] = []
  readonly #sums: V[] = []
  readonly #zero: V

  /** Throws RangeError when the days do not ascend. */
  constructor(days: Iterable<readonly [EpochDay, V]>, { zero, add, isZero }: Summing<V>) {
    this.#zero = zero
    let sum = zero
    let last = Number.NEGATIVE_INFINITY
    for (const [day, value] of days) {
      if (day <= last) throw new RangeError(`days of a series must ascend: day ${day} after ${last}`)
      last = day
      if (isZero(value)) continue
      sum = add(sum, value)
      this.#days.push(day)
      this.#sums.push(sum)
    }
  }

  get firstDay(): EpochDay | null {
    return this.#days[0] ?? null
  }

  through(day: EpochDay): V {
    let low = 0
    let high = this.#days.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#days[middle] ?? 0) <= day) low = middle + 1
      else high = middle
    }
    return this.#sums[low - 1] ?? this.#zero
  }
}

/** Windows share many of their end days: each is summed once. */
export function remembering<V>(source: DaySums<V>): DaySums<V> {
  const known = new Map<EpochDay, V>()
  return {
    firstDay: source.firstDay,
    through(day) {
      let sum = known.get(day)
      if (sum === undefined) known.set(day, (sum = source.through(day)))
      return sum
    },
  }
}
