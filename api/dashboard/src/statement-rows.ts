/**
 * The rows of a statement as the page shows them, in order. Amounts are the server's; nothing here calculates.
 * S1: every row has one amount per column.
 */
import type { Money } from './api.ts'
import type { Language } from './format.ts'
import { type Label, translate } from './i18n.ts'

interface Titled {
  readonly key: string
  readonly title: string
  readonly titleBn: string
  readonly totals: readonly Money[]
}
interface Group extends Titled {
  readonly accounts: readonly {
    readonly accountId: string
    readonly code: string
    readonly name: string
    readonly nameBn: string | null
    readonly amounts: readonly Money[]
  }[]
}
interface Section extends Titled {
  readonly groups: readonly Group[]
}

export interface StatementAnswer {
  readonly currency: string
  readonly columns: readonly { readonly asOf?: string; readonly from?: string; readonly to?: string }[]
  readonly sections: readonly Section[]
  readonly totals?: Readonly<Record<string, readonly Money[]>>
  readonly unclosedResult?: Readonly<Record<'earlierYears' | 'currentYear', readonly Money[]>>
  readonly unclassified?: Group
  readonly netProfit?: readonly Money[]
  readonly opening?: readonly Money[]
  readonly broughtIn?: readonly Money[]
  readonly change?: readonly Money[]
  readonly closing?: readonly Money[]
  readonly balanced?: readonly boolean[] | Readonly<Record<string, readonly boolean[]>>
}

export const STATEMENTS = ['balance-sheet', 'profit-and-loss', 'cash-flow'] as const
export type StatementName = (typeof STATEMENTS)[number]

export interface Row {
  readonly key: string
  /** heading: no amounts; line: an account; only: one that is its group; sub: of a group; total: of a section; grand: of the statement. */
  readonly kind: 'heading' | 'line' | 'only' | 'sub' | 'total' | 'grand'
  readonly code?: string
  readonly text: string
  readonly amounts: readonly Money[]
}

/** After which section a subtotal of profit and loss stands. */
const SUBTOTALS: Readonly<Record<string, readonly string[]>> = {
  deductions: ['netRevenue'],
  costOfSales: ['grossProfit'],
  depreciation: ['operatingProfit'],
  otherExpenses: ['ebit'],
  interest: ['profitBeforeTax'],
  incomeTax: ['netProfit'],
}

const isZero = (amounts: readonly Money[]): boolean =>
  amounts.every(({ amount }) => /^-?0(\.0+)?$/.test(amount))

export function rowsOf(name: StatementName, answer: StatementAnswer, language: Language): Row[] {
  const titleOf = (one: Titled) => (language === 'bn' ? one.titleBn : one.title)
  const named = (kind: Row['kind'], label: Label, amounts: readonly Money[] | undefined): Row[] =>
    amounts === undefined ? [] : [{ key: label, kind, text: translate(language, label), amounts }]
  const groupRows = (group: Group, alone: boolean): Row[] => [
    ...(alone
      ? []
      : [{ key: `g-${group.key}`, kind: 'sub' as const, text: titleOf(group), amounts: group.totals }]),
    ...group.accounts.map((one) => ({
      key: one.accountId,
      kind: alone ? ('only' as const) : ('line' as const),
      code: one.code,
      text: language === 'bn' ? (one.nameBn ?? one.name) : one.name,
      amounts: one.amounts,
    })),
  ]
  const sectionRows = (section: Section, before: readonly Row[] = [], after: readonly Row[] = []): Row[] =>
    section.groups.length === 0 && before.length === 0 && after.length === 0
      ? []
      : [
          { key: `h-${section.key}`, kind: 'heading', text: titleOf(section), amounts: [] },
          ...before,
          ...section.groups.flatMap((group) => groupRows(group, group.accounts.length === 1)),
          ...after,
          {
            key: section.key,
            kind: 'total',
            text: translate(language, 'sumOf', { name: titleOf(section) }),
            amounts: section.totals,
          },
        ]
  const { sections, totals = {} } = answer
  switch (name) {
    case 'balance-sheet': {
      const open = answer.unclosedResult
      const result = [
        ...(open && !isZero(open.earlierYears) ? named('only', 'earlierYears', open.earlierYears) : []),
        ...named('only', 'currentYear', open?.currentYear),
      ]
      const grand = (label: Label) => named('grand', label, totals[label])
      const of = (...keys: readonly string[]) =>
        sections.filter(({ key }) => keys.includes(key)).flatMap((one) => sectionRows(one))
      const equity = sections
        .filter(({ key }) => key === 'equity')
        // With the open result, equity is the total below: its accounts alone have no sum of their own here.
        .flatMap((one) => sectionRows(one, [], result).filter(({ kind }) => kind !== 'total'))
      const nowhere = answer.unclassified?.accounts.length ? groupRows(answer.unclassified, false) : []
      return [
        ...of('currentAssets', 'nonCurrentAssets'),
        ...grand('assets'),
        ...of('currentLiabilities', 'nonCurrentLiabilities'),
        ...grand('liabilities'),
        ...equity,
        ...grand('equity'),
        ...grand('liabilitiesAndEquity'),
        ...nowhere,
      ]
    }
    case 'profit-and-loss':
      return sections.flatMap((one) => [
        ...sectionRows(one),
        ...(SUBTOTALS[one.key] ?? []).flatMap((label) => named('grand', label as Label, totals[label])),
      ])
    case 'cash-flow': {
      const isIndirect = sections[0]?.groups.some(({ key }) => ['workingCapital', 'nonCash'].includes(key))
      const start = isIndirect ? named('only', 'netProfitOfPeriod', answer.netProfit) : []
      return [
        ...sections.flatMap((one) => sectionRows(one, one.key === 'operating' ? start : [])),
        ...named('grand', 'cashChange', answer.change),
        ...named('only', 'cashOpening', answer.opening),
        ...(isZero(answer.broughtIn ?? []) ? [] : named('only', 'cashBroughtIn', answer.broughtIn)),
        ...named('grand', 'cashClosing', answer.closing),
      ]
    }
  }
}

/** Whether all checks of all columns hold; undefined where a statement has none. */
export function holds({ balanced }: StatementAnswer): boolean | undefined {
  if (balanced === undefined) return undefined
  return (Array.isArray(balanced) ? [balanced] : Object.values(balanced)).flat().every(Boolean)
}
