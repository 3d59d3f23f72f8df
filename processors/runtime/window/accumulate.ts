/**
 * What accumulates in a window, apart from which window and when. PURE. Values in state are immutable: `add` gives a new
 * one. A group can take back what it added, so that edits and voids are retractions, and a sum over days is the
 * difference of two running sums; what has no way back (a maximum, a sketch) is an accumulator alone.
 */

export interface Accumulator<V, A> {
  readonly zero: A
  readonly add: (sum: A, value: V) => A
}

export interface RetractingAccumulator<V, A> extends Accumulator<V, A> {
  /** The opposite of `add`. */
  readonly remove: (sum: A, value: V) => A
}

/** Values that add up, in any order, and whose sums are values. */
export interface Group<V> extends RetractingAccumulator<V, V> {
  readonly isZero: (value: V) => boolean
}

export const SUM: Group<bigint> = {
  zero: 0n,
  add: (sum, value) => sum + value,
  remove: (sum, value) => sum - value,
  isZero: (value) => value === 0n,
}

export interface Tally {
  readonly count: number
  readonly sum: bigint
}

/** How many, and how much. */
export const TALLY: RetractingAccumulator<bigint, Tally> = {
  zero: { count: 0, sum: 0n },
  add: ({ count, sum }, value) => ({ count: count + 1, sum: sum + value }),
  remove: ({ count, sum }, value) => ({ count: count - 1, sum: sum - value }),
}
