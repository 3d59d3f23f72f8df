/** Owns the small tables of the AdventureWorks warehouse: accounts, organisations, departments, scenarios. PURE. */
import type { TableRecord } from '../tables/csv.ts'
import { WrongUse } from '../wrong-use.ts'

export type AccountClass = 'ASSET' | 'LIABILITY' | 'EQUITY' | 'INCOME' | 'EXPENSE'

export interface AwAccount {
  readonly key: string
  readonly parentKey: string
  /** As in the books here: AW-1110. */
  readonly code: string
  readonly name: string
  /** None = a statistical account, or the root of the balance sheet: not part of the books. */
  readonly accountClass: AccountClass | undefined
  readonly subtype: string
}

export const RESULT = 'AW-RESULT'
export const ROUNDING = 'AW-ROUNDING'
const EQUITY_ROOT = '300'

/** Kinds of accounts by the beginning of their code; the longest that fits counts. */
const SUBTYPES: Readonly<Record<string, string>> = {
  '111': 'CASH',
  '112': 'RECEIVABLE',
  '113': 'RECEIVABLE',
  '114': 'RECEIVABLE',
  '1150': 'ALLOWANCE',
  '116': 'INVENTORY',
  '117': 'OTHER_CURRENT_ASSET',
  '118': 'OTHER_CURRENT_ASSET',
  '12': 'FIXED_ASSET',
  '1': 'OTHER_ASSET',
  '221': 'SHORT_TERM_DEBT',
  '222': 'CURRENT_PART_OF_LONG_TERM_DEBT',
  '223': 'PAYABLE',
  '22': 'OTHER_CURRENT_LIABILITY',
  '23': 'OTHER_CURRENT_LIABILITY',
  '241': 'LONG_TERM_DEBT',
  '2': 'OTHER_LIABILITY',
  '303': 'RETAINED_EARNINGS',
  '35': 'RETAINED_EARNINGS',
  '30': 'EQUITY',
  '4130': 'RETURNS',
  '4140': 'DISCOUNT',
  '4': 'REVENUE',
  '5': 'COGS',
  '686': 'AMORTISATION',
  '68': 'DEPRECIATION',
  '6': 'OPERATING_EXPENSE',
  '8010': 'INTEREST_EXPENSE',
  '85': 'INCOME_TAX',
  '8': 'OTHER_INCOME',
}

function subtypeOf(code: string): string {
  for (let length = code.length; length > 0; length--) {
    const found = SUBTYPES[code.slice(0, length)]
    if (found !== undefined) return found
  }
  return ''
}

/** Taken back from sales: income accounts with a debit balance. */
const CONTRA_INCOME: ReadonlySet<string> = new Set(['4130', '4140'])
const BY_TYPE: Readonly<Record<string, AccountClass>> = {
  Assets: 'ASSET',
  Liabilities: 'LIABILITY',
  Revenue: 'INCOME',
  Expenditures: 'EXPENSE',
}

const fieldsOf = (records: Iterable<TableRecord>, name: string, least: number): (readonly string[])[] =>
  Array.from(records, (record) => {
    if ('problem' in record) throw new WrongUse(`line ${record.line} of the ${name} ${record.problem}`)
    if (record.fields.length < least) {
      throw new WrongUse(
        `line ${record.line} of the ${name} has ${record.fields.length} fields, not ${least}`,
      )
    }
    return record.fields.map((field) => field.trim())
  })

/** AccountKey | ParentAccountKey | code | parent's code | description | type | operator | formula | value type. */
export function accountsOf(records: Iterable<TableRecord>): ReadonlyMap<string, AwAccount> {
  const rows = fieldsOf(records, 'accounts', 9)
  const parents = new Map(rows.map(([key = '', parent = '']) => [key, parent]))
  const codes = new Map(rows.map(([key = '', , code = '']) => [key, code]))
  const isEquity = (key: string): boolean => {
    const seen = new Set<string>()
    for (let at: string | undefined = key; at && !seen.has(at); at = parents.get(at)) {
      if (codes.get(at) === EQUITY_ROOT) return true
      seen.add(at)
    }
    return false
  }
  return new Map(
    rows.map(([key = '', parentKey = '', code = '', , name = '', type = '']) => {
      const byType = CONTRA_INCOME.has(code) ? 'INCOME' : BY_TYPE[type]
      const accountClass = byType === 'LIABILITY' && isEquity(key) ? 'EQUITY' : byType
      return [key, { key, parentKey, code: `AW-${code}`, name, accountClass, subtype: subtypeOf(code) }]
    }),
  )
}

/** Key -> name, of organisations (column 3), departments (2) and scenarios (1). */
export const namesOf = (
  records: Iterable<TableRecord>,
  name: string,
  column: number,
): ReadonlyMap<string, string> =>
  new Map(fieldsOf(records, name, column + 1).map((fields) => [fields[0] ?? '', fields[column] ?? '']))
