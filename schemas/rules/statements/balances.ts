/**
 * Balance sheet and profit and loss from sums of accounts. PURE.
 *
 * Balance of an account at the end of a column = opening + opened + closed + moved, debits less credits; liabilities, equity
 * and income are shown with the opposite sign. Equity includes the result that no closing entry has taken to retained
 * earnings yet, shown apart: of earlier fiscal years (opening balances of income and expense accounts; a column begins with
 * its fiscal year) and of this one.
 * Profit and loss of a column = what its days moved, opening balances of the middle of a year included, closing entries left
 * out: they move the result, they make none.
 *   netRevenue = revenue + deductions (below zero)         grossProfit = netRevenue - cost of sales
 *   operatingProfit = grossProfit - operating expenses - depreciation and amortisation
 *   ebit = operatingProfit + other income - other expenses = net profit + tax + interest; ebitda = ebit + depreciation
 *   profitBeforeTax = ebit - interest                      netProfit = profitBeforeTax - income tax
 * Worked example: sales 100 on credit with VAT 15, 60 of it paid, rent 40 paid, capital 1,000 paid in: cash 1,020,
 * receivables 55 = VAT 15 + capital 1,000 + result of the year 60.
 * B1: assets = liabilities + equity, exactly; `balanced` says whether it is so. Only entries that are unbalanced, or accounts
 *     without a class, can break it.
 */
import type { Amount } from '../../values/amount.ts'
import { BALANCE_SECTIONS, KINDS, kindOf, RESULT_SECTIONS, type SectionKind } from './kinds.ts'
import {
  type AccountSums,
  added,
  type Column,
  groupOf,
  linesOf,
  sectionOf,
  type StatementGroup,
  type StatementSection,
} from './tree.ts'

export interface BalanceSheet {
  readonly sections: readonly StatementSection[]
  readonly unclosedEarlier: readonly Amount[]
  readonly unclosedCurrent: readonly Amount[]
  readonly assets: readonly Amount[]
  readonly liabilities: readonly Amount[]
  /** Accounts of equity and the result that is not closed. */
  readonly equity: readonly Amount[]
  /** Accounts without a class; debits less credits. */
  readonly unclassified: StatementGroup
  readonly balanced: readonly boolean[]
}

export type ResultTotal =
  | 'netRevenue'
  | 'grossProfit'
  | 'operatingProfit'
  | 'ebit'
  | 'ebitda'
  | 'profitBeforeTax'
  | 'netProfit'

export interface ProfitAndLoss {
  readonly sections: readonly StatementSection[]
  readonly totals: Readonly<Record<ResultTotal, readonly Amount[]>>
}

export const balanceAt = ({ opening, opened, closed, moved }: AccountSums): Amount =>
  opening + opened + closed + moved

const isResult = ({ accountClass }: AccountSums): boolean =>
  accountClass === 'INCOME' || accountClass === 'EXPENSE'

/** What an account adds to the result of a column's days. */
export const resultOf = ({ opened, moved }: AccountSums): Amount => -(opened + moved)

const sumOf = (accounts: Column, amountOf: (account: AccountSums) => Amount): Amount =>
  accounts.reduce((sum, account) => sum + amountOf(account), 0n)

const UNCLASSIFIED = { key: 'unclassified', title: 'Accounts without a class', titleBn: 'শ্রেণিহীন হিসাব' }

/** Accounts of a section by subtype, in its natural sign. */
function placed(
  kind: SectionKind,
  columns: readonly Column[],
  amountOf: (account: AccountSums) => Amount,
): StatementSection {
  const sign = kind.side === 'assets' || kind.side === 'expenses' ? 1n : -1n
  const groups = KINDS.filter((one) => one.section === kind.key).map((one) =>
    groupOf(
      { key: one.subtype, title: one.title, titleBn: one.titleBn },
      linesOf(columns, (account) =>
        kindOf(account.accountClass, account.subtype) === one ? sign * amountOf(account) : undefined,
      ),
      columns.length,
    ),
  )
  return sectionOf(kind, groups, columns.length)
}

/** Each column begins with a fiscal year and ends with the day of its balances. */
export function balanceSheet(columns: readonly Column[]): BalanceSheet {
  const count = columns.length
  const sections = BALANCE_SECTIONS.map((kind) => placed(kind, columns, balanceAt))
  const side = (name: SectionKind['side']) =>
    added(
      sections.filter((_, i) => BALANCE_SECTIONS[i]?.side === name).map(({ totals }) => totals),
      count,
    )
  const results = columns.map((accounts) => accounts.filter(isResult))
  const unclosedEarlier = results.map((accounts) => -sumOf(accounts, ({ opening }) => opening))
  const unclosedCurrent = results.map((accounts) => -sumOf(accounts, (one) => balanceAt(one) - one.opening))
  const [assets, liabilities] = [side('assets'), side('liabilities')]
  const equity = added([side('equity'), unclosedEarlier, unclosedCurrent], count)
  const unclassified = groupOf(
    UNCLASSIFIED,
    linesOf(columns, (account) =>
      kindOf(account.accountClass, account.subtype) === undefined ? balanceAt(account) : undefined,
    ),
    count,
  )
  const balanced = assets.map((amount, i) => amount === (liabilities[i] ?? 0n) + (equity[i] ?? 0n))
  return { sections, unclosedEarlier, unclosedCurrent, assets, liabilities, equity, unclassified, balanced }
}

export function profitAndLoss(columns: readonly Column[]): ProfitAndLoss {
  const count = columns.length
  const sections = RESULT_SECTIONS.map((kind) => placed(kind, columns, (account) => -resultOf(account)))
  const of = (key: string, sign: 1n | -1n = 1n) =>
    (sections.find((one) => one.key === key)?.totals ?? []).map((amount) => sign * amount)
  const plus = (...lists: readonly (readonly Amount[])[]) => added(lists, count)
  const netRevenue = plus(of('revenue'), of('deductions'))
  const grossProfit = plus(netRevenue, of('costOfSales', -1n))
  const operatingProfit = plus(grossProfit, of('operatingExpenses', -1n), of('depreciation', -1n))
  const ebit = plus(operatingProfit, of('otherIncome'), of('otherExpenses', -1n))
  const ebitda = plus(ebit, of('depreciation'))
  const profitBeforeTax = plus(ebit, of('interest', -1n))
  const netProfit = plus(profitBeforeTax, of('incomeTax', -1n))
  return {
    sections,
    totals: { netRevenue, grossProfit, operatingProfit, ebit, ebitda, profitBeforeTax, netProfit },
  }
}
