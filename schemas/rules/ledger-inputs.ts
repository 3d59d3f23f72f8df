/**
 * The figures of the general ledger by the names under which KPIs show them as inputs. PURE. Each is a sum of figures
 * over days, so that a reader can sum the same journal lines and get the same number (/v1/kpis/{name}/explain).
 */
import type { Amount } from '../values/amount.ts'
import type { LedgerFigures } from './ledger-figures.ts'
import {
  ASSET_GROUPS,
  DEBT_GROUPS,
  type LedgerFigure,
  ledgerPlace,
  LIABILITY_GROUPS,
  PROFIT_GROUPS,
} from './ledger-groups.ts'

export interface LedgerInput {
  readonly of: readonly LedgerFigure[]
  /** Side that counts as above zero. Figures of flows (cash flow, purchases, principal) are above zero as they are. */
  readonly side: 'debit' | 'credit'
  /** Days: of the window, or a balance before its first day or at its end. */
  readonly over: 'window' | 'opening' | 'closing'
}

const CURRENT_ASSETS = ASSET_GROUPS.slice(0, 5)
const CURRENT_LIABILITIES = LIABILITY_GROUPS.slice(0, 5)
const without = (...left: readonly string[]): readonly LedgerFigure[] =>
  PROFIT_GROUPS.filter((group) => !left.includes(group))

const debit = (over: LedgerInput['over'], ...of: readonly LedgerFigure[]): LedgerInput => ({
  of,
  side: 'debit',
  over,
})
const credit = (over: LedgerInput['over'], ...of: readonly LedgerFigure[]): LedgerInput => ({
  of,
  side: 'credit',
  over,
})

export const LEDGER_INPUTS = {
  ledgerRevenue: credit('window', 'revenue', 'returns', 'discount'),
  costOfSales: debit('window', 'costOfSales'),
  operatingIncome: credit('window', ...without('interest', 'incomeTax')),
  earnings: credit('window', ...without('interest', 'incomeTax', 'depreciation', 'amortisation')),
  netIncome: credit('window', ...PROFIT_GROUPS),
  interest: debit('window', 'interest'),
  incomeTax: debit('window', 'incomeTax'),
  depreciationAndAmortisation: debit('window', 'depreciation', 'amortisation'),
  purchases: debit('window', 'purchases'),
  principalRepaid: debit('window', 'principal'),
  operatingCash: debit('window', 'operating'),
  investingCash: debit('window', 'investing'),
  financingCash: debit('window', 'financing'),
  openingCash: debit('opening', 'cash'),
  closingCash: debit('closing', 'cash'),
  quickAssets: debit('closing', 'cash', 'marketable', 'receivables'),
  currentAssets: debit('closing', ...CURRENT_ASSETS),
  openingAssets: debit('opening', ...ASSET_GROUPS),
  closingAssets: debit('closing', ...ASSET_GROUPS),
  currentLiabilities: credit('closing', ...CURRENT_LIABILITIES),
  debt: credit('closing', ...DEBT_GROUPS),
  openingEquity: credit('opening', 'equity', ...PROFIT_GROUPS),
  closingEquity: credit('closing', 'equity', ...PROFIT_GROUPS),
  ledgerReceivables: debit('closing', 'receivables'),
  openingInventory: debit('opening', 'inventory'),
  closingInventory: debit('closing', 'inventory'),
  openingPayables: credit('opening', 'payables'),
  closingPayables: credit('closing', 'payables'),
} as const satisfies Readonly<Record<string, LedgerInput>>
export type LedgerInputName = keyof typeof LEDGER_INPUTS

/** The amount of an input out of the sums that it is over. */
export function inputOf({ of, side }: LedgerInput, sums: LedgerFigures): Amount {
  let sum = 0n
  for (const figure of of) sum += sums[ledgerPlace(figure)] ?? 0n
  return side === 'debit' ? sum : -sum
}
