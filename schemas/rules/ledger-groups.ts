/**
 * What a posted journal entry does to the figures of the general ledger. PURE. The one place that knows which account
 * belongs to which figure; the SQL of ClickHouse is written from the same tables (sinks/clickhouse/ledger-figures.ts).
 *
 * G1: every line has one group, by the subtype of its account inside its class; a subtype that is not known here goes by
 *     the class alone, on the careful side: an asset is not current, a liability is. So nothing is ever left out, and the
 *     groups of all lines sum to zero as debits and credits do.
 * G2: a group's figure is debits - credits. Income and expenses of an entry of kind CLOSING are no flow of profit: they
 *     count as equity, where the other half of that entry is. So equity is what owners brought in and took out plus all
 *     profit ever made, closed or not, which is assets - liabilities.
 * G3: cash flow by the direct method: an entry with a line on a cash account moves cash by what its other lines say,
 *     each under the activity of its account. The three activities sum to the change of cash, whatever the entry is; a
 *     transfer between cash accounts has no other line and moves nothing. Where an account has no activity (NONE, or an
 *     entry of a source that does not state it) its group has one. Opening balances were brought in: financing.
 * G4: purchases: what an entry without cash puts on payables; principal: what an entry with cash takes off debt. A
 *     reversal takes them back.
 * Worked example: salaries of 100 with tax of 10 deducted, paid by bank: debit operating expense 100, credit tax payable
 * 10, credit cash 90. opex +100, taxPayable -10, cash -90; operating cash flow = -(100 - 10) = -90.
 * Sources: classes as in finance books everywhere; direct method as in IAS 7, 18(a).
 */
import type { Amount } from '../values/amount.ts'

export const ASSET_GROUPS = [
  'cash',
  'marketable',
  'receivables',
  'inventory',
  'otherCurrentAssets',
  'fixedAssets',
  'otherAssets',
] as const
export const LIABILITY_GROUPS = [
  'payables',
  'taxPayable',
  'otherCurrentLiabilities',
  'shortTermDebt',
  'currentLongTermDebt',
  'longTermDebt',
  'otherLiabilities',
] as const
export const PROFIT_GROUPS = [
  'revenue',
  'returns',
  'discount',
  'otherIncome',
  'costOfSales',
  'operatingExpenses',
  'depreciation',
  'amortisation',
  'interest',
  'incomeTax',
  'otherExpenses',
] as const
export const GROUPS = [...ASSET_GROUPS, ...LIABILITY_GROUPS, 'equity', ...PROFIT_GROUPS] as const
export type LedgerGroup = (typeof GROUPS)[number]

/** Group of an account by the subtype within its class (G1). */
export const SUBTYPE_GROUPS: Readonly<Record<string, Readonly<Record<string, LedgerGroup>>>> = {
  ASSET: {
    CASH: 'cash',
    BANK: 'cash',
    MFS: 'cash',
    MARKETABLE_SECURITIES: 'marketable',
    RECEIVABLE: 'receivables',
    ALLOWANCE: 'receivables',
    INVENTORY: 'inventory',
    TAX_RECEIVABLE: 'otherCurrentAssets',
    OTHER_CURRENT_ASSET: 'otherCurrentAssets',
    FIXED_ASSET: 'fixedAssets',
    ACCUMULATED_DEPRECIATION: 'fixedAssets',
    OTHER_ASSET: 'otherAssets',
  },
  LIABILITY: {
    PAYABLE: 'payables',
    TAX_PAYABLE: 'taxPayable',
    OTHER_CURRENT_LIABILITY: 'otherCurrentLiabilities',
    SHORT_TERM_DEBT: 'shortTermDebt',
    CURRENT_PART_OF_LONG_TERM_DEBT: 'currentLongTermDebt',
    LONG_TERM_DEBT: 'longTermDebt',
    OTHER_LIABILITY: 'otherLiabilities',
  },
  EQUITY: { EQUITY: 'equity', RETAINED_EARNINGS: 'equity' },
  INCOME: { REVENUE: 'revenue', RETURNS: 'returns', DISCOUNT: 'discount', OTHER_INCOME: 'otherIncome' },
  EXPENSE: {
    COGS: 'costOfSales',
    OPERATING_EXPENSE: 'operatingExpenses',
    DEPRECIATION: 'depreciation',
    AMORTISATION: 'amortisation',
    INTEREST_EXPENSE: 'interest',
    INCOME_TAX: 'incomeTax',
    OTHER_EXPENSE: 'otherExpenses',
  },
}

/** Group of an account whose subtype is not known, by its class (G1). */
export const CLASS_GROUPS: Readonly<Record<string, LedgerGroup>> = {
  ASSET: 'otherAssets',
  LIABILITY: 'otherCurrentLiabilities',
  EQUITY: 'equity',
  INCOME: 'revenue',
  EXPENSE: 'operatingExpenses',
}
/** Of an account that states no class either. */
export const UNKNOWN_GROUP: LedgerGroup = 'otherAssets'

export const ACTIVITIES = ['operating', 'investing', 'financing'] as const
export type Activity = (typeof ACTIVITIES)[number]

/** Activity of the groups whose accounts state none (G3); all others are operating. */
export const GROUP_ACTIVITIES: Readonly<Partial<Record<LedgerGroup, Activity>>> = {
  marketable: 'investing',
  fixedAssets: 'investing',
  otherAssets: 'investing',
  shortTermDebt: 'financing',
  currentLongTermDebt: 'financing',
  longTermDebt: 'financing',
  equity: 'financing',
  interest: 'financing',
}

export const DEBT_GROUPS: readonly LedgerGroup[] = ['shortTermDebt', 'currentLongTermDebt', 'longTermDebt']

/** What of an account its lines say. */
export interface AccountKind {
  readonly accountClass: string
  readonly accountSubtype: string
  /** CASH, OPERATING, INVESTING, FINANCING, NONE; empty = not stated. */
  readonly cashFlow: string
}

export interface LedgerLine extends AccountKind {
  readonly debit: Amount
  readonly credit: Amount
}

export interface LedgerEntry {
  readonly kind: string
  readonly lines: readonly LedgerLine[]
}

const ANY_CLASS: Readonly<Record<string, LedgerGroup>> = Object.assign({}, ...Object.values(SUBTYPE_GROUPS))

/** G1. An asset that says of itself that it is cash is, unless its subtype says what it is. */
export function groupOf({ accountClass, accountSubtype, cashFlow }: AccountKind): LedgerGroup {
  const known = (accountClass === '' ? ANY_CLASS : SUBTYPE_GROUPS[accountClass])?.[accountSubtype]
  if (known !== undefined) return known
  if (cashFlow === 'CASH' && (accountClass === 'ASSET' || accountClass === '')) return 'cash'
  return CLASS_GROUPS[accountClass] ?? UNKNOWN_GROUP
}

const STATED: Readonly<Record<string, Activity>> = {
  OPERATING: 'operating',
  INVESTING: 'investing',
  FINANCING: 'financing',
}

/** G3, for a line that is not on a cash account. */
export const activityOf = (kind: string, cashFlow: string, group: LedgerGroup): Activity =>
  kind === 'OPENING' ? 'financing' : (STATED[cashFlow] ?? GROUP_ACTIVITIES[group] ?? 'operating')

const PROFIT: ReadonlySet<LedgerGroup> = new Set<LedgerGroup>(PROFIT_GROUPS)
const DEBT: ReadonlySet<LedgerGroup> = new Set(DEBT_GROUPS)

/** Figures of the ledger, in the order in which they are kept. New ones come last. */
export const LEDGER_FIGURES = [...GROUPS, ...ACTIVITIES, 'purchases', 'principal'] as const
export type LedgerFigure = (typeof LEDGER_FIGURES)[number]

const placeOf = Object.fromEntries(LEDGER_FIGURES.map((name, i) => [name, i])) as Record<LedgerFigure, number>
export const ledgerPlace = (figure: LedgerFigure): number => placeOf[figure]

/** Tells what an entry adds to which figure, one call per line and figure. */
export function eachLedgerFigure(
  { kind, lines }: LedgerEntry,
  add: (figure: LedgerFigure, amount: Amount) => void,
): void {
  const groups = lines.map(groupOf)
  const paid = groups.includes('cash')
  lines.forEach(({ cashFlow, debit, credit }, i) => {
    const group = groups[i] ?? UNKNOWN_GROUP
    const change = debit - credit
    add(kind === 'CLOSING' && PROFIT.has(group) ? 'equity' : group, change)
    if (!paid) {
      if (group === 'payables' && kind !== 'OPENING') add('purchases', -change)
      return
    }
    if (group === 'cash') return
    add(activityOf(kind, cashFlow, group), -change)
    if (!DEBT.has(group) || kind === 'OPENING') return
    if (kind === 'REVERSAL') add('principal', -credit)
    else add('principal', debit)
  })
}
