/**
 * Cash flow statement, direct and indirect, from sums of accounts. PURE.
 *
 * Cash is what stands on accounts of activity `cash`. An entry that touches cash moves it by -(sum of its other lines); each
 * other line stands under the activity of its account, so a transfer between two cash accounts is nothing. Opening balances
 * are no flow: the cash in them is brought in, between opening and closing.
 *   direct      C(a) = -(debits less credits of account a in entries that touch cash), by activity of a
 *   indirect    operating = net profit
 *               - C(a) of income and expense accounts of investing and financing, which stand there
 *               + N(a) of balance accounts of investing and financing: what entries without cash moved on them (depreciation,
 *                 assets bought on credit); N(a) = -(all that moved) - C(a)
 *               + the change of the other balance accounts (receivables, stock, payables, taxes)
 *               investing and financing are as in the direct method
 * Why they agree: entries without cash balance among themselves, so the N of all accounts sum to 0.
 * Worked example: sales 100 on credit, 60 of it received; depreciation 10; rent 40 paid: direct +60 - 40 = 20; indirect: net
 * profit 50, depreciation +10, receivables -40 = 20.
 * F1: operating + investing + financing = closing - opening - brought in, exactly: `partsEqualChange`. F2: both methods give
 *     one operating total: `methodsAgree`. Only entries that are unbalanced can break them.
 * Source: IAS 7.18 (both methods), IAS 7.21 (gross by class of receipt and payment).
 */
import type { Amount } from '../../values/amount.ts'
import { ACTIVITIES, type Activity, activityOf, KINDS, kindOf, type Title } from './kinds.ts'
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

export interface CashColumn {
  readonly accounts: Column
  /** By account, cash accounts too: debits less credits of the lines of entries that touch cash, opening balances left out. */
  readonly cash: ReadonlyMap<string, Amount>
}

export interface CashFlow {
  readonly sections: readonly StatementSection[]
  readonly opening: readonly Amount[]
  readonly broughtIn: readonly Amount[]
  /** Sum of the three parts. */
  readonly change: readonly Amount[]
  readonly closing: readonly Amount[]
  readonly netProfit: readonly Amount[]
  readonly partsEqualChange: readonly boolean[]
  readonly methodsAgree: readonly boolean[]
}

export const ACTIVITY_TITLES: Readonly<Record<Activity, Title>> = {
  operating: { title: 'Operating activities', titleBn: 'পরিচালন কার্যক্রম' },
  investing: { title: 'Investing activities', titleBn: 'বিনিয়োগ কার্যক্রম' },
  financing: { title: 'Financing activities', titleBn: 'অর্থায়ন কার্যক্রম' },
}

const GROUPS = {
  elsewhere: {
    key: 'shownElsewhere',
    title: 'Results shown under investing and financing',
    titleBn: 'বিনিয়োগ ও অর্থায়নে দেখানো ফলাফল',
  },
  nonCash: { key: 'nonCash', title: 'Items without cash', titleBn: 'নগদবিহীন দফা' },
  workingCapital: {
    key: 'workingCapital',
    title: 'Changes of working capital',
    titleBn: 'চলতি মূলধনের পরিবর্তন',
  },
} as const

const OTHER = { key: 'OTHER', title: 'Other accounts', titleBn: 'অন্যান্য হিসাব' }

export const isCash = (account: AccountSums): boolean => activityOf(account) === 'cash'

const isResult = ({ accountClass }: AccountSums): boolean =>
  accountClass === 'INCOME' || accountClass === 'EXPENSE'

const sumOf = (accounts: Column, amountOf: (account: AccountSums) => Amount): Amount =>
  accounts.reduce((sum, account) => sum + amountOf(account), 0n)

export function cashFlow(columns: readonly CashColumn[], method: 'direct' | 'indirect'): CashFlow {
  const count = columns.length
  const all = columns.map(({ accounts }) => accounts)
  /** C. */
  const paid = ({ id }: AccountSums, column: number): Amount => -(columns[column]?.cash.get(id) ?? 0n)
  const lines = (
    when: (account: AccountSums) => boolean,
    amountOf: (account: AccountSums, column: number) => Amount,
  ) => linesOf(all, (account, column) => (when(account) ? amountOf(account, column) : undefined))
  const direct = (activity: Activity): StatementSection => {
    const kinds = [
      ...KINDS.map((kind) => ({ ...kind, key: kind.subtype, kind })),
      { ...OTHER, kind: undefined },
    ]
    const groups = kinds.map(({ kind, key, title, titleBn }) =>
      groupOf(
        { key, title, titleBn },
        lines((one) => activityOf(one) === activity && kindOf(one.accountClass, one.subtype) === kind, paid),
        count,
      ),
    )
    return sectionOf({ key: activity, ...ACTIVITY_TITLES[activity] }, groups, count)
  }
  const indirect = (): readonly StatementGroup[] => {
    const operating = (one: AccountSums) => activityOf(one) === 'operating'
    const elsewhere = (one: AccountSums) => !operating(one) && !isCash(one)
    return [
      groupOf(
        GROUPS.elsewhere,
        lines(
          (one) => isResult(one) && elsewhere(one),
          (one, i) => -paid(one, i),
        ),
        count,
      ),
      groupOf(
        GROUPS.nonCash,
        lines(
          (one) => !isResult(one) && elsewhere(one),
          (one, i) => -one.moved - paid(one, i),
        ),
        count,
      ),
      groupOf(
        GROUPS.workingCapital,
        lines(
          (one) => !isResult(one) && operating(one),
          (one) => -one.moved,
        ),
        count,
      ),
    ]
  }
  // Without opening balances of the middle of a year: their results made no cash here.
  const netProfit = all.map((accounts) => sumOf(accounts.filter(isResult), (one) => -one.moved))
  const byActivity = ACTIVITIES.map(direct)
  const [operating, ...others] = byActivity
  const adjusted = sectionOf({ key: 'operating', ...ACTIVITY_TITLES.operating }, indirect(), count)
  const indirectTotals = added([netProfit, adjusted.totals], count)
  const cash = all.map((accounts) => accounts.filter(isCash))
  const opening = cash.map((accounts) => sumOf(accounts, (one) => one.opening))
  const broughtIn = cash.map((accounts) => sumOf(accounts, (one) => one.opened))
  const moved = cash.map((accounts) => sumOf(accounts, (one) => one.moved))
  const change = added(
    byActivity.map(({ totals }) => totals),
    count,
  )
  return {
    sections: method === 'direct' ? byActivity : [{ ...adjusted, totals: indirectTotals }, ...others],
    opening,
    broughtIn,
    change,
    closing: added([opening, broughtIn, moved], count),
    netProfit,
    partsEqualChange: change.map((amount, i) => amount === moved[i]),
    methodsAgree: indirectTotals.map((amount, i) => amount === operating?.totals[i]),
  }
}
