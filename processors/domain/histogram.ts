/**
 * Amounts by day, immutable and sorted. PURE. Aging of a customer or of a whole tenant is a walk over these few days
 * instead of over all of its invoices.
 *
 * H1: days ascend and no amount is 0, so equal contents are equal values. H2: amounts are open amounts: one below 0
 * means that something was taken away twice, which is a bug and throws. H3: a change copies one block of at most
 * 256 days and the list of blocks, never the rest.
 */
import type { Amount } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'

export interface Block {
  readonly days: readonly EpochDay[]
  readonly amounts: readonly Amount[]
}

export interface Histogram {
  /** day >> 8 of each block. */
  readonly keys: readonly number[]
  readonly blocks: readonly Block[]
}

const BLOCK_BITS = 8

export const EMPTY_HISTOGRAM: Histogram = { keys: [], blocks: [] }

/** Position of `value`, or of the first larger one. */
export function positionOf(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}

const replaced = <T>(list: readonly T[], at: number, value: T): T[] => {
  const copy = list.slice()
  copy[at] = value
  return copy
}

const inserted = <T>(list: readonly T[], at: number, value: T): T[] => {
  const copy = list.slice()
  copy.splice(at, 0, value)
  return copy
}

const removed = <T>(list: readonly T[], at: number): T[] => {
  const copy = list.slice()
  copy.splice(at, 1)
  return copy
}

function addToBlock(block: Block, day: EpochDay, delta: Amount): Block {
  const at = positionOf(block.days, day)
  const found = block.days[at] === day
  const amount = (found ? (block.amounts[at] ?? 0n) : 0n) + delta
  if (amount < 0n) throw new Error(`open amount of day ${day} would fall to ${amount}`)
  if (found && amount === 0n) return { days: removed(block.days, at), amounts: removed(block.amounts, at) }
  if (found) return { days: block.days, amounts: replaced(block.amounts, at, amount) }
  return { days: inserted(block.days, at, day), amounts: inserted(block.amounts, at, amount) }
}

/** Throws Error when the amount of the day would fall below 0 (H2). */
export function addToHistogram(histogram: Histogram, day: EpochDay, delta: Amount): Histogram {
  if (delta === 0n) return histogram
  const key = day >> BLOCK_BITS
  const at = positionOf(histogram.keys, key)
  const found = histogram.keys[at] === key
  const block = addToBlock(
    (found ? histogram.blocks[at] : undefined) ?? { days: [], amounts: [] },
    day,
    delta,
  )
  if (block.days.length === 0) {
    return { keys: removed(histogram.keys, at), blocks: removed(histogram.blocks, at) }
  }
  if (found) return { keys: histogram.keys, blocks: replaced(histogram.blocks, at, block) }
  return { keys: inserted(histogram.keys, at, key), blocks: inserted(histogram.blocks, at, block) }
}

/** Calls `visit` for each day in ascending order. */
export function eachDay(histogram: Histogram, visit: (day: EpochDay, amount: Amount) => void): void {
  for (const { days, amounts } of histogram.blocks) {
    for (let i = 0; i < days.length; i++) visit(days[i] ?? 0, amounts[i] ?? 0n)
  }
}

/** Flat form for storing: days and amounts in parallel. */
export function flatten(histogram: Histogram): { days: EpochDay[]; amounts: Amount[] } {
  const days: EpochDay[] = []
  const amounts: Amount[] = []
  eachDay(histogram, (day, amount) => {
    days.push(day)
    amounts.push(amount)
  })
  return { days, amounts }
}

/** Inverse of `flatten`. */
export function unflatten(days: readonly EpochDay[], amounts: readonly Amount[]): Histogram {
  const keys: number[] = []
  const blocks: { days: EpochDay[]; amounts: Amount[] }[] = []
  for (let i = 0; i < days.length; i++) {
    const day = days[i] ?? 0
    if (keys.at(-1) !== day >> BLOCK_BITS) {
      keys.push(day >> BLOCK_BITS)
      blocks.push({ days: [], amounts: [] })
    }
    blocks.at(-1)?.days.push(day)
    blocks.at(-1)?.amounts.push(amounts[i] ?? 0n)
  }
  return { keys, blocks }
}
