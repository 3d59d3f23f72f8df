/**
 * What the rules of a tenant read, from the books as they stand: aging, cash flow, KPIs, flows of a day. Owns no state.
 * Each figure is computed once per look, and only when a rule asks for it.
 */
import type { Reading } from '../../schemas/rules/alerts/crossing.ts'
import { type Due, projectCash, type Projection } from '../../schemas/rules/alerts/cash-flow.ts'
import { type AlertRule, FLOWS, isStanding, type StandingMeasure } from '../../schemas/rules/alerts/rules.ts'
import {
  amountReading,
  cashFlowWords,
  measureWords,
  over90Words,
  shareReading,
  type Words,
} from '../../schemas/rules/alerts/words.ts'
import { computeWindow, type FigureSource, type WindowResult } from '../../schemas/rules/kpis.ts'
import type { WindowName } from '../../schemas/rules/windows.ts'
import { type Amount, formatAmount, parseDecimal } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { NO_BALANCE } from '../domain/balances.ts'
import { readableFigures, WHOLE } from '../domain/book.ts'
import { figureSource } from '../domain/figures.ts'
import type { Block, Histogram } from '../domain/histogram.ts'
import { NO_OUTLOOK } from '../domain/payables-due.ts'
import type { Tenant } from '../domain/records.ts'
import type { Context } from '../runtime/topology.ts'
import { OUTLOOKS } from './alert-stores.ts'
import { BALANCES, FIGURE_INDEX, MONTHS } from './stores.ts'

const BLOCK_DAYS = 256
/** Sums of blocks: a block never changes, so its sum is asked for once. */
const SUMS = new WeakMap<Block, Amount>()

function sumOf(block: Block): Amount {
  let sum = SUMS.get(block)
  if (sum === undefined) {
    sum = 0n
    for (const amount of block.amounts) sum += amount
    SUMS.set(block, sum)
  }
  return sum
}

/** A histogram as amounts by due day. */
export function dueOf({ keys, blocks }: Histogram): Due {
  return {
    through(day) {
      let sum = 0n
      for (let b = 0; b < blocks.length; b++) {
        const block = blocks[b] as Block
        const first = (keys[b] ?? 0) * BLOCK_DAYS
        if (first > day) break
        if (first + BLOCK_DAYS - 1 <= day) sum += sumOf(block)
        else for (let i = 0; (block.days[i] ?? day + 1) <= day; i++) sum += block.amounts[i] ?? 0n
      }
      return sum
    },
    daysWithin(from, to) {
      const found: EpochDay[] = []
      for (let b = 0; b < blocks.length; b++) {
        const first = (keys[b] ?? 0) * BLOCK_DAYS
        if (first > to || first + BLOCK_DAYS - 1 <= from) continue
        for (const day of (blocks[b] as Block).days) if (day > from && day <= to) found.push(day)
      }
      return found
    },
  }
}

interface Aging {
  readonly total: Amount
  readonly overdue: Amount
  readonly over90: Amount
}

const FAR = Number.MAX_SAFE_INTEGER - BLOCK_DAYS
const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}

export interface Said {
  readonly reading: Reading | null
  words(): Words
}

export class Readings {
  readonly #tenant: Tenant
  readonly #series: () => FigureSource
  readonly #aging: () => Aging
  readonly #projection: () => Projection
  readonly #windows = new Map<string, WindowResult>()

  constructor(tenantId: string, tenant: Tenant, ctx: Pick<Context, 'store'>) {
    this.#tenant = tenant
    const { today } = tenant
    const balance = once(() => ctx.store(BALANCES).get(`${tenantId}|${WHOLE}`) ?? NO_BALANCE)
    const due = once(() => dueOf(balance().due))
    this.#series = once(() =>
      figureSource(readableFigures(tenantId, ctx.store(FIGURE_INDEX), ctx.store(MONTHS))),
    )
    this.#aging = once(() => ({
      total: due().through(FAR),
      // Age = today - due: 1 and more is past due, 91 and more is over 90.
      overdue: due().through(today - 1),
      over90: due().through(today - 91),
    }))
    this.#projection = once(() => {
      const outlook = ctx.store(OUTLOOKS).get(tenantId) ?? NO_OUTLOOK
      const { openedOn } = outlook
      const receipts = this.#series().through(today).cashIn
      // Receipts up to the opening balances are in those.
      const before = openedOn === null ? 0n : this.#series().through(Math.min(openedOn, today)).cashIn
      return projectCash({
        today,
        cash: outlook.cash + receipts - before,
        receivables: due(),
        unapplied: balance().unapplied,
        payables: dueOf(outlook.due),
        prepaid: outlook.prepaid,
      })
    })
  }

  /** What a rule of a KPI or of a standing measure reads. */
  of(rule: AlertRule): Said {
    return isStanding(rule.measure) ? this.#standing(rule, rule.measure) : this.#kpi(rule)
  }

  #standing(rule: AlertRule, measure: StandingMeasure): Said {
    const { currency, today } = this.#tenant
    const plainly = (amount: Amount): Said => {
      const reading = amountReading(amount, currency)
      return { reading, words: () => measureWords(rule, reading, {}) }
    }
    switch (measure) {
      case 'receivablesTotal':
        return plainly(this.#aging().total)
      case 'receivablesOverdue':
        return plainly(this.#aging().overdue)
      case 'receivablesOver90':
        return plainly(this.#aging().over90)
      case 'receivablesOver90Share': {
        const { over90, total } = this.#aging()
        // Without open invoices none of them is old: an alert clears.
        const reading = shareReading(over90, total) ?? { numerator: 0n, denominator: 1n, text: '0' }
        return { reading, words: () => over90Words(over90, total, reading.text, currency) }
      }
      case 'cashPosition':
        return plainly(this.#projection().cash)
      case 'projectedBalance': {
        const projection = this.#projection()
        return {
          reading: amountReading(projection.lowest, currency),
          words: () => cashFlowWords(projection, today, currency),
        }
      }
    }
  }

  #kpi(rule: AlertRule): Said {
    let result = this.#windows.get(rule.window)
    if (result === undefined) {
      const { today: asOf, fiscalYearStart, currency } = this.#tenant
      result = computeWindow(rule.window as WindowName, {
        series: this.#series(),
        asOf,
        fiscalYearStart,
        currency,
      })
      this.#windows.set(rule.window, result)
    }
    const found = result.measures.find(({ name }) => name === rule.measure)
    if (found === undefined || found.value === null) {
      return { reading: null, words: () => ({ message: '', recommendation: '', inputs: {} }) }
    }
    const reading = {
      numerator: parseDecimal(found.value, 8),
      denominator: 100_000_000n,
      text: found.value,
    }
    return { reading, words: () => measureWords(rule, reading, found.inputs) }
  }

  /** The flow of a day and of the same weekday of so many weeks before; undefined where history is shorter. */
  flow(
    flow: (typeof FLOWS)[number],
    day: EpochDay,
    weeks: number,
  ): { value: Amount; before: Amount[] } | undefined {
    const series = this.#series()
    if (series.firstDay === null || series.firstDay > day - 7 * weeks) return undefined
    const of = (on: EpochDay): Amount => series.through(on)[flow] - series.through(on - 1)[flow]
    return { value: of(day), before: Array.from({ length: weeks }, (_, i) => of(day - 7 * (i + 1))) }
  }

  text(amount: Amount): string {
    return formatAmount(amount, this.#tenant.currency)
  }
}
