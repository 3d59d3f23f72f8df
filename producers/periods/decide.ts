/**
 * Owns the rules of closing. PURE.
 * P1: a period closes forward and reopens backward; neither twice. P2: a closed fiscal year stays closed: corrections
 *     belong to the year in which they are made. P3: a fiscal year is closed once, after its last day, and after the years
 *     before it. P4: its closing entry takes every income and expense account to zero and the result to retained
 *     earnings, on the year's last day: the next year begins with balance accounts only.
 */
import { type Amount, RATE_ONE } from '../../schemas/values/amount.ts'
import {
  type EpochDay,
  fiscalYearName,
  firstOfFiscalYear,
  formatDay,
  parseDay,
} from '../../schemas/values/calendar.ts'
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Facts, TenantSettings } from '../kernel/events.ts'
import { generatedNumber } from '../kernel/numbers.ts'
import type { AccountSums } from '../kernel/session.ts'
import type { Chart } from '../ledger/chart.ts'
import { type DraftLine, type Entry, entryOf, journalId } from '../ledger/journal.ts'
import type { ClosePeriod, ReopenPeriod } from './commands.ts'
import type { LedgerState } from './evolve.ts'

export function decideClose(
  command: ClosePeriod,
  { chart, today }: Facts & { readonly chart: Chart },
): readonly DomainEvent<'PeriodClosed'>[] {
  const { through, reason } = command
  const last = chart.closedThrough
  if (last !== null && through <= last) {
    throw refuseField(
      'nothing_changed',
      '/through',
      `the books are closed through ${formatDay(last)} already`,
    )
  }
  if (through > today) {
    throw refuseField('date_order', '/through', `${formatDay(through)} is still to come: close what is over`)
  }
  return [{ type: 'PeriodClosed', data: { through, reason } }]
}

export function decideReopen(
  command: ReopenPeriod,
  { chart }: { readonly chart: Chart },
): readonly DomainEvent<'PeriodReopened'>[] {
  const { through, reason } = command
  const { closedThrough: last, yearsClosedThrough: years } = chart
  if (last === null || through >= last) {
    const now = last === null ? 'no period is closed' : `the books are closed through ${formatDay(last)} only`
    throw refuseField('nothing_changed', '/through', `${now}: name an earlier day that stays closed`)
  }
  if (years !== null && through < years) {
    throw refuseField(
      'fiscal_year_closed',
      '/through',
      `the fiscal years through ${formatDay(years)} are closed for good: post the correction on a later day`,
    )
  }
  return [{ type: 'PeriodReopened', data: { through, reason } }]
}

export interface FiscalYear {
  readonly name: string
  readonly from: EpochDay
  readonly to: EpochDay
}

/** First and last day of a fiscal year by its name; undefined when no year of the tenant has this name. */
export function fiscalYearOf(name: string, { fiscalYearStart }: TenantSettings): FiscalYear | undefined {
  const start = /^(\d{4})(?:-\d{2})?$/.exec(name)?.[1]
  if (start === undefined) return undefined
  const from = parseDay(`${start}-${fiscalYearStart}`)
  if (fiscalYearName(from, fiscalYearStart) !== name) return undefined
  // A year and a few days on is in the next one, whatever the year's length.
  return { name, from, to: firstOfFiscalYear(from + 370, fiscalYearStart) - 1 }
}

export interface CloseYearFacts extends Facts {
  readonly chart: Chart
  readonly sums: readonly AccountSums[]
  readonly serial: number
}

const isResult = (chart: Chart, accountId: string): boolean =>
  ['INCOME', 'EXPENSE'].includes(chart.account(accountId)?.accountClass ?? '')

/** Debits less credits of the year's income and expense accounts. */
const resultsOf = ({ chart, sums }: CloseYearFacts): readonly AccountSums[] =>
  sums.filter(({ accountId, within }) => within !== 0n && isResult(chart, accountId))

const netIncomeOf = (results: readonly AccountSums[]): Amount =>
  results.reduce((sum, { within }) => sum - within, 0n)

const closingId = (year: FiscalYear): string =>
  journalId({ type: 'ledger', id: year.name, version: 1, index: 0 })

export function decideCloseYear(
  state: LedgerState | null,
  year: FiscalYear,
  facts: CloseYearFacts,
): readonly DomainEvent<'FiscalYearClosed'>[] {
  const { chart, sums, today } = facts
  if (state) throw new Refusal('fiscal_year_closed', `fiscal year ${year.name} is closed already`)
  if (year.to >= today) {
    throw new Refusal(
      'fiscal_year_not_over',
      `fiscal year ${year.name} ends on ${formatDay(year.to)}: close it when that day is over`,
    )
  }
  const later = chart.yearsClosedThrough
  if (later !== null && later > year.to) {
    throw new Refusal(
      'fiscal_year_order',
      `a later fiscal year is closed already, through ${formatDay(later)}`,
    )
  }
  if (sums.some(({ accountId, before }) => before !== 0n && isResult(chart, accountId))) {
    throw new Refusal(
      'fiscal_year_order',
      `income or expenses from before ${formatDay(year.from)} are not closed: close the fiscal year before first`,
    )
  }
  const results = resultsOf(facts)
  const data = {
    fiscalYear: year.name,
    from: year.from,
    to: year.to,
    netIncome: netIncomeOf(results),
    journalId: results.length === 0 ? '' : closingId(year),
  }
  return [{ type: 'FiscalYearClosed', data }]
}

/** P4: the closing entry and its id; none when the year moved no income and no expense. */
export function closingEntry(
  year: FiscalYear,
  facts: CloseYearFacts,
): { readonly id: string; readonly data: Entry } | undefined {
  const { chart, tenant, serial } = facts
  const results = resultsOf(facts)
  if (results.length === 0) return undefined
  const line = (accountId: string, balance: Amount): DraftLine => {
    const amount = balance < 0n ? -balance : balance
    return { accountId, debit: balance > 0n ? amount : 0n, credit: balance < 0n ? amount : 0n, amount }
  }
  const lines = results
    .toSorted((a, b) => (a.accountId < b.accountId ? -1 : 1))
    .map(({ accountId, within }) => line(accountId, -within))
  const net = netIncomeOf(results)
  if (net !== 0n) lines.push(line(chart.accountOf('retained-earnings'), -net))
  const head = {
    journalNumber: generatedNumber('journal', year.name, serial),
    entryDate: year.to,
    kind: 'CLOSING',
    description: `Close of fiscal year ${year.name}`,
    currency: tenant.currency,
    fxRate: RATE_ONE,
    source: { type: 'ledger', id: year.name, version: 1, index: 0 },
  } as const
  return { id: closingId(year), data: entryOf(head, lines, chart, tenant) }
}
