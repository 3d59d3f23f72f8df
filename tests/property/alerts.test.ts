/**
 * Alerts against naive oracles: crossings of random walks (one alert per crossing, whatever the hysteresis and the
 * cool-down), the projected balance day by day, what is owed recomputed from all events, and C-46 of random
 * companies at every step of the stream.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { addToHistogram, EMPTY_HISTOGRAM, flatten } from '../../processors/domain/histogram.ts'
import {
  foldOutlook,
  isOfOutlook,
  NO_OUTLOOK,
  type OutlookStores,
} from '../../processors/domain/payables-due.ts'
import { TEST_CODEC, TestDriver } from '../../processors/runtime/testing/driver.ts'
import { dueOf } from '../../processors/topologies/alert-readings.ts'
import { LIVE_ALERTS } from '../../processors/topologies/alert-stores.ts'
import { buildTopologies } from '../../processors/topologies/index.ts'
import type { AlertRaised, FinanceEvent } from '../../schemas/generated/records.ts'
import { projectCash } from '../../schemas/rules/alerts/cash-flow.ts'
import { stepOf, UNWATCHED, type Watch } from '../../schemas/rules/alerts/crossing.ts'
import { type AlertRule, BUILT_IN_RULES } from '../../schemas/rules/alerts/rules.ts'
import {
  bill,
  billApproval,
  billCancellation,
  billDue,
  billWriteOff,
  journal,
  paidExpense,
  payout,
  payoutAllocation,
  payoutFailure,
  payoutReversal,
} from '../unit/domain/alert-events.ts'
import { company, runs, TODAY } from './finance-company.ts'
import { Oracle } from './finance-oracle.ts'

const MINUTE = 60_000
const [base] = BUILT_IN_RULES

describe('crossings of a random walk', () => {
  /** Written down once more, in numbers and with a list of what happened, not as a state machine. */
  function naive(
    values: readonly number[],
    o: { above: boolean; threshold: number; clear: number; coolDown: number },
  ): string[] {
    const sign = o.above ? 1 : -1
    const events: string[] = []
    values.forEach((value, minute) => {
      const raises = events.filter((one) => one.startsWith('raise')).length
      const clears = events.filter((one) => one.startsWith('clear')).length
      const last = events.findLast((one) => one.startsWith('raise'))?.split(' ')[1]
      const past = sign * (value - o.threshold) > 0
      const back = sign * (value - o.clear) <= 0
      if (raises > clears) {
        if (back) events.push(`clear ${minute}`)
      } else if (past && (last === undefined || minute - Number(last) >= o.coolDown)) {
        events.push(`raise ${minute}`)
      }
    })
    return events
  }

  it('give one alert per crossing, as the naive count does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -6, max: 6 }), { maxLength: 80 }),
        fc.boolean(),
        fc.integer({ min: -3, max: 3 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 0, max: 12 }),
        (steps, above, threshold, width, coolDown) => {
          const clear = above ? threshold - width : threshold + width
          let at = 0
          const values = steps.map((step) => (at = Math.max(-9, Math.min(9, at + step))))
          const rule: AlertRule = {
            ...(base as AlertRule),
            operator: above ? 'ABOVE' : 'BELOW',
            threshold: String(threshold),
            clearLevel: String(clear),
            coolDownMinutes: coolDown,
          }
          let watch: Watch = UNWATCHED
          const found: string[] = []
          values.forEach((value, minute) => {
            const reading = { numerator: BigInt(value) * 3n, denominator: 3n, text: '' }
            const { kind } = stepOf(rule, watch, reading, minute * MINUTE)
            if (kind === 'raise') watch = { alertId: 'a', raisedAt: minute * MINUTE }
            if (kind === 'clear') watch = { ...watch, alertId: null }
            if (kind === 'raise' || kind === 'clear') found.push(`${kind} ${minute}`)
          })
          expect(found).toEqual(naive(values, { above, threshold, clear, coolDown }))
        },
      ),
      runs(400),
    )
  })
})

describe('the projected balance', () => {
  const items = fc.array(fc.tuple(fc.integer({ min: -300, max: 60 }), fc.integer({ min: 1, max: 500 })), {
    maxLength: 12,
  })
  it('is the lowest of thirty-one days that are added up one by one', () => {
    fc.assert(
      fc.property(
        items,
        items,
        fc.integer({ min: -300, max: 900 }),
        fc.nat(300),
        fc.nat(300),
        (receivables, payables, cash, unapplied, prepaid) => {
          const today = TODAY
          const histogram = (list: readonly (readonly [number, number])[]) =>
            dueOf(
              list.reduce((all, [day, n]) => addToHistogram(all, today + day, BigInt(n)), EMPTY_HISTOGRAM),
            )
          const found = projectCash({
            today,
            cash: BigInt(cash),
            receivables: histogram(receivables),
            payables: histogram(payables),
            unapplied: BigInt(unapplied),
            prepaid: BigInt(prepaid),
          })
          const by = (list: readonly (readonly [number, number])[], day: number) =>
            list.reduce((sum, [due, n]) => (due <= day ? sum + n : sum), 0)
          const balances = Array.from(
            { length: 31 },
            (_, day) =>
              cash + Math.max(0, by(receivables, day) - unapplied) - Math.max(0, by(payables, day) - prepaid),
          )
          const short = balances.findIndex((one) => one < 0)
          expect([found.lowest, found.shortageOn]).toEqual([
            BigInt(Math.min(...balances)),
            short === -1 ? null : today + short,
          ])
        },
      ),
      runs(400),
    )
  })
})

class Cells<V> {
  readonly map = new Map<string, V>()
  get(key: string): V | undefined {
    return this.map.get(key)
  }
  set(key: string, value: V): void {
    this.map.set(key, value)
  }
  delete(key: string): void {
    this.map.delete(key)
  }
}

/** What is owed, from all events at once. */
function owed(events: readonly FinanceEvent[]): { cash: number; prepaid: number; due: [number, number][] } {
  const find = (type: string, id?: string) =>
    events.filter((e) => e.type === type && (id === undefined || e.data.aggregateId === id))
  const n = (amount: bigint) => Number(amount) / 10_000
  const ended = (id: string) =>
    find('VendorPaymentReversed', id).length + find('VendorPaymentFailed', id).length > 0
  let cash = 0
  let prepaid = 0
  const settled = new Map<string, number>()
  for (const e of find('VendorPaymentSent')) {
    if (e.type !== 'VendorPaymentSent' || ended(e.data.aggregateId)) continue
    cash -= n(e.data.amount)
    const more = find('VendorPaymentAllocated', e.data.aggregateId).flatMap((one) =>
      one.type === 'VendorPaymentAllocated' ? one.data.allocations : [],
    )
    let left = n(e.data.amount)
    for (const { billId, amount } of [...e.data.allocations, ...more]) {
      left -= n(amount)
      settled.set(billId, (settled.get(billId) ?? 0) + n(amount))
    }
    prepaid += Math.max(0, left)
  }
  for (const e of find('ExpenseApproved')) {
    if (e.type !== 'ExpenseApproved' || e.data.paidFromAccountId === null) continue
    cash -= n(e.data.total)
  }
  for (const e of find('JournalEntryPosted')) {
    if (e.type !== 'JournalEntryPosted' || e.data.sourceType !== '') continue
    for (const line of e.data.lines)
      if (['CASH', 'BANK', 'MFS'].includes(line.accountSubtype)) cash += n(line.debit) - n(line.credit)
  }
  const due = new Map<number, number>()
  for (const e of events) {
    const id = e.data.aggregateId
    const isBill = e.type === 'BillApproved' || (e.type === 'BillReceived' && e.data.status === 'APPROVED')
    if (!isBill || find('BillCancelled', id).length > 0) continue
    if (e.type !== 'BillApproved' && e.type !== 'BillReceived') continue
    let pay = settled.get(id) ?? 0
    for (const one of find('BillWrittenOff', id)) if (one.type === 'BillWrittenOff') pay += n(one.data.amount)
    pay += n(e.data.tdsWithheld)
    const parts = e.data.instalments.map(({ dueDate, amount }) => [dueDate, n(amount)] as [number, number])
    if (parts.length === 0) parts.push([e.data.dueDate, n(e.data.total)])
    parts.sort(([a], [b]) => a - b)
    for (const one of find('BillDueDateChanged', id)) {
      const last = parts.at(-1)
      if (one.type === 'BillDueDateChanged' && last !== undefined) last[0] = one.data.dueDate
      parts.sort(([a], [b]) => a - b)
    }
    for (const [day, amount] of parts) {
      const open = Math.max(0, amount - pay)
      pay = Math.max(0, pay - amount)
      if (open > 0) due.set(day, (due.get(day) ?? 0) + open)
    }
  }
  return { cash, prepaid, due: [...due].sort(([a], [b]) => a - b) }
}

describe('what a random company owes', () => {
  const day = fc.integer({ min: TODAY - 60, max: TODAY + 60 })
  const amount = fc.integer({ min: 1, max: 90 })
  const chain = fc
    .record({
      id: fc.uuid(),
      draft: fc.boolean(),
      total: fc.integer({ min: 10, max: 300 }),
      tds: fc.constantFrom(0, 0, 5),
      split: fc.boolean(),
      due: day,
      later: day,
      moves: fc.array(fc.constantFrom('approve', 'cancel', 'due', 'write-off'), { maxLength: 3 }),
      off: amount,
    })
    .map(({ id, draft, total, tds, split, due, later, moves, off }) => {
      const parts = split
        ? ([
            [due, 5],
            [due + 20, total - 5],
          ] as const)
        : []
      const o = { due, total, tds, parts }
      const events: FinanceEvent[] = [bill(id, { ...o, status: draft ? 'DRAFT' : 'APPROVED' })]
      let isDraft = draft
      for (const move of moves) {
        if (move === 'approve' && isDraft) {
          events.push(billApproval(id, o))
          isDraft = false
        } else if (move === 'cancel' && events.at(-1)?.type !== 'BillCancelled') {
          events.push(billCancellation(id, due))
          break
        } else if (move === 'due' && !isDraft) events.push(billDue(id, later))
        else if (move === 'write-off' && !isDraft) events.push(billWriteOff(id, due, off))
      }
      return events
    })
  const scenario = fc.array(chain, { minLength: 1, maxLength: 5 }).chain((bills) => {
    const ids = bills.map(([first]) => first?.data.aggregateId ?? '')
    const to = fc.constantFrom(...ids)
    const money = fc
      .record({
        id: fc.uuid(),
        amount,
        to,
        also: to,
        given: amount,
        end: fc.constantFrom('', 'back', 'fail'),
      })
      .map(({ id, amount: paid, to: first, also, given, end }) => {
        const events = [payout(id, { date: TODAY, amount: paid, to: { [first]: Math.min(paid, 30) } })]
        if (given < 30) events.push(payoutAllocation(id, TODAY, { [also]: given }))
        if (end === 'back') events.push(payoutReversal(id, TODAY))
        if (end === 'fail') events.push(payoutFailure(id, TODAY))
        return events
      })
    const other = fc.oneof(
      fc
        .tuple(fc.uuid(), amount, fc.boolean())
        .map(([id, total, paid]) => [paidExpense(id, { date: TODAY, total, account: paid ? '1101' : null })]),
      fc
        .tuple(fc.uuid(), fc.integer({ min: -90, max: 90 }), fc.constantFrom('CASH', 'MFS', 'RECEIVABLE'))
        .map(([id, n, subtype]) => [journal(id, { date: TODAY, amount: n, subtype })]),
    )
    return fc
      .tuple(
        fc.array(money, { maxLength: 4 }),
        fc.array(other, { maxLength: 3 }),
        fc.array(fc.nat(), { maxLength: 40 }),
      )
      .map(([payments, others, order]) => interleaved([...bills, ...payments, ...others], order))
  })

  it('is the sum over all of its events, in any order of its documents', () => {
    fc.assert(
      fc.property(scenario, (events) => {
        const outlooks = new Cells<never>()
        const stores = {
          outlooks,
          bills: new Cells(),
          payouts: new Cells(),
          spent: new Cells(),
        } as unknown as OutlookStores
        for (const one of events) if (isOfOutlook(one)) foldOutlook(one, 'BDT', stores)
        const { cash, prepaid, due } = stores.outlooks.get('acme') ?? NO_OUTLOOK
        const { days, amounts } = flatten(due)
        expect({
          cash: Number(cash) / 10_000,
          prepaid: Number(prepaid) / 10_000,
          due: days.map((on, i) => [on, Number(amounts[i]) / 10_000]),
        }).toEqual(owed(events))
      }),
      runs(300),
    )
  })
})

/** The chains as one list: each in its own order. */
function interleaved(chains: readonly (readonly FinanceEvent[])[], order: readonly number[]): FinanceEvent[] {
  const left = chains.map((chain) => [...chain])
  const events: FinanceEvent[] = []
  for (let i = 0; left.some((chain) => chain.length > 0); i++) {
    const full = left.filter((chain) => chain.length > 0)
    const next = full[(order[i % Math.max(1, order.length)] ?? 0) % full.length]?.shift()
    if (next !== undefined) events.push(next)
  }
  return events
}

describe('C-46 of a random company', () => {
  const topologies = buildTopologies((type, value) => TEST_CODEC.encode(type, value))
  const DAY = 86_400_000

  it('holds after every event and every midnight exactly when the recomputation says so, and fires once per crossing', () => {
    fc.assert(
      fc.property(company(false), (steps) => {
        // Six in the morning in Dhaka.
        const driver = new TestDriver({ topologies, startMs: TODAY * DAY })
        const seen: FinanceEvent[] = []
        let today = TODAY
        let held = false
        let crossings = 0
        const ids = new Set<string>()
        const look = () => {
          const { due } = new Oracle(seen).aging(today)
          const over90 = due[4] ?? 0n
          const holds = over90 * 5n > due.reduce((sum, one) => sum + one, 0n)
          if (holds && !held) crossings++
          held = holds
          const live = [...driver.entries(LIVE_ALERTS).values()].filter(
            ({ raised }) => raised.ruleId === 'receivables-over-90',
          )
          expect(live).toHaveLength(holds ? 1 : 0)
        }
        for (const step of steps) {
          if (typeof step === 'number') {
            for (let passed = 0; passed < step; passed++) {
              driver.tick(++today * DAY)
              look()
            }
            continue
          }
          const letters = driver.dlq().length
          driver.pipe(step)
          if (driver.dlq().length === letters) seen.push(step)
          look()
        }
        for (const { type, data } of driver.alerts())
          if (type === 'AlertRaised' && (data as AlertRaised).ruleId === 'receivables-over-90')
            ids.add((data as AlertRaised).alertId)
        expect(ids.size).toBe(crossings)
      }),
      runs(40),
    )
  }, 180_000)
})
