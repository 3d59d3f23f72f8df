/**
 * Accounts put into sections and groups with sums, for one or several columns. PURE. Owns the shape of a statement.
 * T1: all amounts of one column are at one index, in every line, group and section. T2: a group is the sum of its lines, a
 *     section of its groups. T3: an account that is zero in every column has no line.
 */
import type { Amount } from '../../values/amount.ts'
import type { Title } from './kinds.ts'

/** An account with its sums of a column: debits less credits, base currency. */
export interface AccountSums {
  readonly id: string
  readonly code: string
  readonly name: string
  readonly nameBn: string
  readonly accountClass: string
  readonly subtype: string
  readonly cashFlow: string
  /** Of all days before the column's first. */
  readonly opening: Amount
  /** Of the column's days: opening balances, closing entries of fiscal years, and all else. */
  readonly opened: Amount
  readonly closed: Amount
  readonly moved: Amount
}

export interface StatementLine {
  readonly account: AccountSums
  readonly amounts: readonly Amount[]
}

export interface StatementGroup extends Title {
  readonly key: string
  readonly lines: readonly StatementLine[]
  readonly totals: readonly Amount[]
}

export interface StatementSection extends Title {
  readonly key: string
  readonly groups: readonly StatementGroup[]
  readonly totals: readonly Amount[]
}

export type Column = readonly AccountSums[]

/** Column by column. */
export const added = (lists: readonly (readonly Amount[])[], columns: number): Amount[] =>
  Array.from({ length: columns }, (_, i) => lists.reduce((sum, list) => sum + (list[i] ?? 0n), 0n))

const isZero = (amounts: readonly Amount[]): boolean => amounts.every((one) => one === 0n)

const byCode = (a: StatementLine, b: StatementLine): number =>
  a.account.code === b.account.code
    ? a.account.id < b.account.id
      ? -1
      : 1
    : a.account.code < b.account.code
      ? -1
      : 1

/** Lines of the accounts that `amountOf` gives anything for, by code (T3). The newest column names an account. */
export function linesOf(
  columns: readonly Column[],
  amountOf: (account: AccountSums, column: number) => Amount | undefined,
): StatementLine[] {
  const lines = new Map<string, { account: AccountSums; amounts: Amount[] }>()
  columns.forEach((accounts, index) => {
    for (const account of accounts) {
      const amount = amountOf(account, index)
      if (amount === undefined) continue
      const line = lines.get(account.id) ?? { account, amounts: columns.map(() => 0n) }
      lines.set(account.id, line)
      line.amounts[index] = (line.amounts[index] ?? 0n) + amount
    }
  })
  return [...lines.values()].filter(({ amounts }) => !isZero(amounts)).sort(byCode)
}

export const groupOf = (
  { key, title, titleBn }: Title & { readonly key: string },
  lines: readonly StatementLine[],
  columns: number,
): StatementGroup => ({
  key,
  title,
  titleBn,
  lines,
  totals: added(
    lines.map(({ amounts }) => amounts),
    columns,
  ),
})

/** Empty groups are left out. */
export function sectionOf(
  { key, title, titleBn }: Title & { readonly key: string },
  groups: readonly StatementGroup[],
  columns: number,
): StatementSection {
  const filled = groups.filter(({ lines }) => lines.length > 0)
  return {
    key,
    title,
    titleBn,
    groups: filled,
    totals: added(
      filled.map(({ totals }) => totals),
      columns,
    ),
  }
}
