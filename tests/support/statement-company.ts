/**
 * A company small enough to work its statements by hand, with the default chart. Above zero is a debit, below a credit.
 * The figures in the tests that use it are from paper, not from code.
 */
import { DEFAULT_CHART } from '../../producers/ledger/default-chart.ts'
import type { AccountSums } from '../../schemas/rules/statements/tree.ts'
import { type Amount, parseDecimal } from '../../schemas/values/amount.ts'
import { type EpochDay, parseDay } from '../../schemas/values/calendar.ts'

export type EntryKind = 'OPENING' | 'CLOSING' | 'DOCUMENT' | 'MANUAL' | 'REVERSAL'

export interface HandEntry {
  readonly id: string
  readonly on: string
  readonly kind: EntryKind
  readonly reverses?: string
  /** By account code. */
  readonly sides: Readonly<Record<string, string>>
}

const entry = (
  id: string,
  on: string,
  sides: HandEntry['sides'],
  kind: EntryKind = 'DOCUMENT',
  reverses?: string,
): HandEntry => ({ id, on, kind, sides, ...(reverses === undefined ? {} : { reverses }) })

/** Fiscal year from 1 July. */
export const COMPANY: readonly HandEntry[] = [
  entry(
    'o1',
    '2025-06-30',
    { '1110': '100000', '1620': '50000', '2500': '-60000', '3100': '-90000' },
    'OPENING',
  ),
  // A wrong opening balance, taken back two days into the year.
  entry('o2', '2025-06-30', { '1102': '5', '3900': '-5' }, 'OPENING'),
  entry('o3', '2025-07-02', { '1102': '-5', '3900': '5' }, 'REVERSAL', 'o2'),
  entry('sale', '2025-07-10', { '1200': '11500', '4010': '-10000', '2210': '-1500' }),
  entry('receipt', '2025-07-20', { '1110': '8000', '1320': '500', '1200': '-8500' }),
  entry('rent', '2025-07-25', { '6100': '2000', '1310': '300', '1110': '-2300' }),
  entry('depreciation', '2025-07-31', { '6800': '400', '1690': '-400' }, 'MANUAL'),
  entry('machine', '2025-08-05', { '1620': '5000', '2100': '-5000' }),
  entry('paid', '2025-08-10', { '2100': '3000', '1110': '-3000' }),
  entry('loan', '2025-08-12', { '2500': '10000', '8010': '600', '1110': '-10600' }, 'MANUAL'),
  entry('transfer', '2025-08-15', { '1101': '1000', '1110': '-1000' }, 'MANUAL'),
  entry('interest', '2025-08-20', { '1101': '50', '7010': '-50' }, 'MANUAL'),
  entry('goods', '2025-08-25', { '1400': '4000', '1110': '-4000' }),
  entry('sold', '2025-08-28', { '5010': '2500', '1400': '-2500' }),
  entry('return', '2025-08-31', { '4100': '200', '2210': '30', '1200': '-230' }),
  entry('dividend', '2025-08-31', { '3200': '700', '1101': '-700' }, 'MANUAL'),
  entry('tax', '2025-08-31', { '8020': '100', '2240': '-100' }, 'MANUAL'),
  entry(
    'close',
    '2026-06-30',
    {
      '4010': '10000',
      '4100': '-200',
      '5010': '-2500',
      '6100': '-2000',
      '6800': '-400',
      '7010': '50',
      '8010': '-600',
      '8020': '-100',
      '3200': '-4250',
    },
    'CLOSING',
  ),
]

export interface PlainLine {
  readonly account: string
  /** Debit less credit. */
  readonly change: Amount
}
export interface PlainEntry {
  readonly day: EpochDay
  readonly origin: 'OPENING' | 'CLOSING' | 'OTHER'
  readonly lines: readonly PlainLine[]
}

export const plainOf = (entries: readonly HandEntry[]): PlainEntry[] => {
  const kinds = new Map(entries.map(({ id, kind }) => [id, kind]))
  return entries.map(({ on, kind, reverses, sides }) => {
    const origin = reverses === undefined ? kind : (kinds.get(reverses) ?? kind)
    return {
      day: parseDay(on),
      origin: origin === 'OPENING' || origin === 'CLOSING' ? origin : 'OTHER',
      lines: Object.entries(sides).map(([account, text]) => ({ account, change: parseDecimal(text) })),
    }
  })
}

export const chartAccount = (code: string) => {
  const found = DEFAULT_CHART.find((one) => one.code === code)
  if (found === undefined) throw new Error(`the default chart has no ${code}`)
  return found
}

/** What SQL sums for a column, summed here entry by entry; `cashIds` of the entries' cash accounts. */
export function columnOf(
  entries: readonly PlainEntry[],
  { from, to }: { readonly from: EpochDay; readonly to: EpochDay },
  cashIds: ReadonlySet<string>,
): { readonly accounts: AccountSums[]; readonly cash: Map<string, Amount> } {
  const sums = new Map<string, { opening: Amount; opened: Amount; closed: Amount; moved: Amount }>()
  const cash = new Map<string, Amount>()
  for (const { day, origin, lines } of entries) {
    if (day > to) continue
    const touches = lines.some(({ account }) => cashIds.has(account))
    for (const { account, change } of lines) {
      const sum = sums.get(account) ?? { opening: 0n, opened: 0n, closed: 0n, moved: 0n }
      sums.set(account, sum)
      if (day < from) sum.opening += change
      else if (origin === 'OPENING') sum.opened += change
      else if (origin === 'CLOSING') sum.closed += change
      else sum.moved += change
      if (day >= from && origin !== 'OPENING' && touches)
        cash.set(account, (cash.get(account) ?? 0n) + change)
    }
  }
  const accounts = Array.from(sums, ([id, sum]) => {
    const { code, name, nameBn, accountClass, subtype, cashFlow } = chartAccount(id)
    return { id, code, name, nameBn: nameBn ?? '', accountClass, subtype, cashFlow, ...sum }
  })
  return { accounts, cash }
}

/** By the chart alone: what the default chart says is cash. */
export const CASH_CODES: ReadonlySet<string> = new Set(
  DEFAULT_CHART.filter(({ cashFlow }) => cashFlow === 'CASH').map(({ code }) => code),
)
