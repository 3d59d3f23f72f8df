/**
 * Owns turning AdventureWorks' DimAccount into a chart of accounts. PURE.
 * A1: statistical accounts are left out. A2: a parent of another class is none here: classes don't mix in a chart.
 * A3: two accounts are added: for the result that is carried to retained earnings, and for what rounding leaves.
 */
import type { AccountRow } from '../kinds/chart.ts'
import type { BadRow, Unit } from '../kind.ts'
import type { TableRecord } from '../tables/csv.ts'
import { accountsOf, type AwAccount, RESULT, ROUNDING } from './dimensions.ts'

const ADDED = [
  {
    code: RESULT,
    name: 'Result carried to retained earnings',
    accountClass: 'EQUITY',
    subtype: 'EQUITY',
    cashFlow: 'NONE',
  },
  { code: ROUNDING, name: 'Rounding differences', accountClass: 'EXPENSE', subtype: 'OTHER_EXPENSE' },
] as const

const unitOf = (line: number, body: Readonly<Record<string, string>>): Unit<AccountRow> => {
  const { code = '', name = '', parentId = '' } = body
  return { label: code, rows: [{ line, row: { code, name, parent: parentId, body } }] }
}

export async function* adventureWorksChart(
  records: AsyncIterable<TableRecord>,
): AsyncGenerator<Unit<AccountRow> | BadRow> {
  const held: TableRecord[] = []
  for await (const record of records) held.push(record)
  const accounts = accountsOf(held)
  const lines = [...accounts.values()].map((account, index) => ({ account, line: held[index]?.line ?? 0 }))
  for (const { account, line } of lines) {
    if (account.accountClass === undefined) {
      yield { line, reason: `${account.name} is no account of the books`, leftOut: true }
    } else yield unitOf(line, bodyOf(account, accounts.get(account.parentKey)))
  }
  for (const body of ADDED) yield unitOf(lines.at(-1)?.line ?? 0, body)
}

/** A2 */
function bodyOf(account: AwAccount, parent: AwAccount | undefined): Record<string, string> {
  const { code, name, accountClass = '', subtype } = account
  const under = parent?.accountClass === accountClass ? { parentId: parent.code } : {}
  return { code, name, accountClass, ...(subtypeFits(accountClass, subtype) ? { subtype } : {}), ...under }
}

/** Headings such as "Operating Profit" have a code of another class than their type: the class's usual kind is right. */
const subtypeFits = (accountClass: string, subtype: string): boolean =>
  subtype !== '' &&
  (accountClass !== 'EXPENSE' || !['REVENUE', 'RETURNS', 'DISCOUNT', 'OTHER_INCOME'].includes(subtype)) &&
  (accountClass !== 'INCOME' || ['REVENUE', 'RETURNS', 'DISCOUNT', 'OTHER_INCOME'].includes(subtype))
