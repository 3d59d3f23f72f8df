/**
 * Owns the import of a chart of accounts: a row is an account. PURE.
 * C1: an account's id is its code. C2: parents are sent before their children, wherever they stand in the file.
 */
import { adventureWorksChart } from '../adventureworks/chart.ts'
import { Wrong } from '../fields.ts'
import type { Kind, Lined } from '../kind.ts'

export interface AccountRow {
  readonly code: string
  readonly name: string
  readonly parent: string
  readonly body: Readonly<Record<string, string>>
}

/** Our name of a column -> the command's field, where they differ. */
const FIELDS = {
  nameBn: 'nameBn',
  subtype: 'subtype',
  cashFlow: 'cashFlow',
  parent: 'parentId',
  currency: 'currency',
  control: 'control',
} as const

const CLASSES: Readonly<Record<string, string>> = {
  asset: 'ASSET',
  assets: 'ASSET',
  liability: 'LIABILITY',
  liabilities: 'LIABILITY',
  equity: 'EQUITY',
  income: 'INCOME',
  revenue: 'INCOME',
  expense: 'EXPENSE',
  expenses: 'EXPENSE',
}

export const kind: Kind<AccountRow> = {
  name: 'chart',
  summary: 'accounts of the general ledger, parents and children in any order',
  columns: {
    code: { doc: 'code of the account, once in the file', required: true },
    name: { doc: 'its name', required: true },
    accountClass: { doc: 'ASSET, LIABILITY, EQUITY, INCOME or EXPENSE', required: true },
    nameBn: { doc: 'its name in Bengali' },
    subtype: { doc: 'CASH, BANK, RECEIVABLE, COGS, ...' },
    cashFlow: { doc: 'OPERATING, INVESTING, FINANCING, CASH or NONE' },
    parent: { doc: 'code of the account that it is summed under' },
    currency: { doc: 'its only currency, ISO 4217' },
    control: { doc: 'receivables, payables or inventory' },
  },
  money: false,
  units: 'ordered',
  unique: 'code',
  sequential: true,
  transforms: { adventureworks: adventureWorksChart },
  read(fields) {
    const accountClass = fields.word('accountClass', 64)
    const more = Object.entries(FIELDS).flatMap(([column, field]) => {
      const text = fields.text(column)
      return text === '' ? [] : [[field, text] as const]
    })
    const code = fields.word('code', 20)
    const name = fields.word('name', 255)
    return {
      code,
      name,
      parent: fields.text('parent'),
      body: {
        code,
        name,
        accountClass: CLASSES[accountClass.toLowerCase()] ?? accountClass,
        ...Object.fromEntries(more),
      },
    }
  },
  label: (row) => row.code,
  order: parentsFirst,
  commands: ({ rows }) => ({
    items: rows.map(({ row }) => ({
      type: 'account.create',
      body: { id: row.code, ...row.body },
      blame: (pointer: string) => {
        const field = pointer.split('/')[1] ?? ''
        const column = Object.entries(FIELDS).find(([, one]) => one === field)?.[0] ?? field
        return column in kind.columns ? { column } : {}
      },
    })),
  }),
}

/** C2; a parent that is not in the file must be there already. */
export function parentsFirst(rows: readonly Lined<AccountRow>[]): readonly Lined<AccountRow>[] {
  const byCode = new Map(rows.map((one) => [one.row.code, one]))
  const done = new Set<string>()
  const sorted: Lined<AccountRow>[] = []
  const place = (one: Lined<AccountRow>): void => {
    const path: Lined<AccountRow>[] = []
    for (let above: Lined<AccountRow> | undefined = one; above && !done.has(above.row.code); ) {
      if (path.includes(above)) {
        throw new Wrong('parent', `account ${above.row.code} would be summed under itself`, {
          line: above.line,
        })
      }
      path.push(above)
      above = byCode.get(above.row.parent)
    }
    for (const next of path.toReversed()) {
      done.add(next.row.code)
      sorted.push(next)
    }
  }
  for (const one of rows) place(one)
  return sorted
}
