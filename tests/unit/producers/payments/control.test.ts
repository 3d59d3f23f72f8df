/** The control account of either side, by small examples: what is a gain to receivables is a loss to payables. */
import { describe, expect, it } from '@jest/globals'
import type { Allocation } from '../../../../producers/payments/allocations.ts'
import { type Control, exactPostings, type Item, type View } from '../../../../producers/payments/control.ts'
import { formatDecimal, RATE_ONE } from '../../../../schemas/values/amount.ts'

const rate = (units: bigint) => units * RATE_ONE
const settled = (amount: bigint, fromDay: number, toDay: number | null = null): Allocation => ({
  sourceType: 'payment',
  sourceId: 'p',
  sourceVersion: 1,
  targetType: 'bill',
  targetId: 'b',
  amount: amount * 10_000n,
  fromDay,
  toDay,
})
const item = (units: bigint, amount: bigint, allocations: readonly Allocation[], from = 1): Item => ({
  fxRate: rate(units),
  amount: amount * 10_000n,
  from,
  to: null,
  allocations,
})
const control = (role: Control['role']): Control => ({
  role,
  base: 'BDT',
  party: { type: role === 'receivables' ? 'customer' : 'vendor', id: 'x' },
})
const told = (role: Control['role'], before: View, after: View) =>
  exactPostings([], before, after, control(role), { number: 'N-1', description: 'd' }).map((posting) => [
    posting.entryDate,
    ...posting.lines.map((line) => `${line.side} ${line.role} ${formatDecimal(line.amount, 2)}`),
  ])

const viewOf = (documentRate: bigint, sourceRate: bigint, allocations: readonly Allocation[]): View => ({
  documents: [item(documentRate, 100n, allocations)],
  sources: [item(sourceRate, 100n, allocations)],
  links: allocations.map((allocation) => ({
    allocation,
    documentRate: rate(documentRate),
    sourceRate: rate(sourceRate),
  })),
})

describe('an allocation at another rate', () => {
  it.each<[Control['role'], bigint, readonly string[]]>([
    ['receivables', 112n, ['debit receivables 200.00', 'credit fx-gain 200.00']],
    ['receivables', 109n, ['debit receivables -100.00', 'credit fx-loss -100.00']],
    ['payables', 112n, ['credit payables 200.00', 'debit fx-loss 200.00']],
    ['payables', 109n, ['credit payables -100.00', 'debit fx-gain -100.00']],
  ])('of %s, bought at 110 and settled at %s', (role, sourceRate, lines) => {
    expect(told(role, viewOf(110n, sourceRate, []), viewOf(110n, sourceRate, [settled(100n, 5)]))).toEqual([
      [5, ...lines],
    ])
  })

  it('that ends posts the same back on that day, and nothing where it never stood', () => {
    const stood = viewOf(110n, 112n, [settled(100n, 5)])
    expect(told('payables', stood, viewOf(110n, 112n, [settled(100n, 5, 9)]))).toEqual([
      [9, 'credit payables -200.00', 'debit fx-loss -200.00'],
    ])
    expect(told('payables', viewOf(110n, 112n, []), viewOf(110n, 112n, [settled(100n, 5, 5)]))).toEqual([])
  })

  it('posts nothing at one rate', () => {
    expect(told('receivables', viewOf(110n, 110n, []), viewOf(110n, 110n, [settled(40n, 5)]))).toEqual([])
  })
})

it('a poisha of conversion is rounding, on the day on which it comes', () => {
  // At 0.333: 0.40 is 0.1332 -> 0.13, 0.11 is 0.03663 -> 0.04: 0.09 in all. With 0.01 settled 0.39 is 0.12987 -> 0.13 and
  // 0.10 is 0.0333 -> 0.03: 0.10.
  const viewOf_ = (allocations: readonly Allocation[]): View => ({
    documents: [{ ...item(1n, 0n, allocations), fxRate: 33_300_000n, amount: 4_000n }],
    sources: [{ ...item(1n, 0n, allocations), fxRate: 33_300_000n, amount: 1_100n }],
    links: allocations.map((allocation) => ({
      allocation,
      documentRate: 33_300_000n,
      sourceRate: 33_300_000n,
    })),
  })
  const part = { ...settled(0n, 3, 7), amount: 100n }
  expect(told('receivables', viewOf_([]), viewOf_([part]))).toEqual([
    [3, 'debit receivables 0.01', 'credit rounding 0.01'],
    [7, 'debit receivables -0.01', 'credit rounding -0.01'],
  ])
})
