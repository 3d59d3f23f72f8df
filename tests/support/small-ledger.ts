/** Journal entries in one line each: subtype of the account -> amount, debits above zero. */
import { SUBTYPES } from '../../producers/ledger/default-chart.ts'
import {
  LedgerSeries,
  addLedger,
  ledgerFiguresOf,
  type LedgerFigures,
} from '../../schemas/rules/ledger-figures.ts'
import type { LedgerEntry } from '../../schemas/rules/ledger-groups.ts'
import { parseDecimal } from '../../schemas/values/amount.ts'
import { parseDay } from '../../schemas/values/calendar.ts'

/** `TAX_PAYABLE`, or `SUBTYPE/ACTIVITY` for an account that states its activity. */
export type Sides = Readonly<Record<string, number>>

const CLASS_OF = new Map(
  Object.entries(SUBTYPES).flatMap(([accountClass, subtypes]) =>
    subtypes.map((subtype) => [subtype as string, accountClass] as const),
  ),
)

export const taka = (n: number): bigint => parseDecimal(n.toFixed(2))

export const entry = (sides: Sides, kind = 'MANUAL'): LedgerEntry => ({
  kind,
  lines: Object.entries(sides).map(([name, amount]) => {
    const [subtype = '', cashFlow = ''] = name.split('/')
    return {
      accountClass: CLASS_OF.get(subtype) ?? '',
      accountSubtype: subtype,
      cashFlow,
      debit: amount > 0 ? taka(amount) : 0n,
      credit: amount < 0 ? taka(-amount) : 0n,
    }
  }),
})

export type Posted = readonly [date: string, sides: Sides, kind?: string]

export function ledgerOf(entries: readonly Posted[]): LedgerSeries {
  const days = new Map<number, LedgerFigures>()
  for (const [date, sides, kind] of entries) {
    const figures = ledgerFiguresOf(entry(sides, kind))
    const day = parseDay(date)
    const before = days.get(day)
    days.set(day, before === undefined ? figures : addLedger(before, figures))
  }
  return new LedgerSeries([...days].sort(([a], [b]) => a - b))
}
