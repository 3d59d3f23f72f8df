/**
 * Owns the import of opening balances: the rows of the file are the balances of the old books at the end of a day. PURE.
 * O1: all of them or none: with a row left out, what they differ by would be wrong.
 */
import { Wrong } from '../fields.ts'
import type { Kind, Unit } from '../kind.ts'
import { sideOf, type Side } from '../sides.ts'

export interface BalanceRow extends Side {
  readonly account: string
  readonly cutOff: string
  readonly memo: string
}

const LINES_MAX = 1_000

export const kind: Kind<BalanceRow> = {
  name: 'opening-balances',
  summary: 'balances of the old books at the end of a day; all rows or none',
  columns: {
    account: { doc: 'code of the account, once in the file', required: true },
    debit: { doc: 'balance on the debit side' },
    credit: { doc: 'balance on the credit side' },
    amount: { doc: 'balance in one column: debits more than zero, credits less' },
    cutOff: { doc: 'last day of the old books, the same in all rows; or --cut-off', day: true },
    memo: { doc: 'remark' },
  },
  money: true,
  units: 'file',
  unique: 'account',
  read(fields, { currency, cutOff }) {
    const account = fields.word('account', 20)
    const day = cutOff ?? (fields.has('cutOff') ? fields.day('cutOff') : undefined)
    if (day === undefined)
      throw new Wrong('cutOff', 'the last day of the old books is not stated: use --cut-off')
    const side = sideOf(fields, { currency, exact: true })
    if (side === undefined) throw new Wrong(undefined, 'has a balance of 0', { leftOut: true })
    return { account, cutOff: day, memo: fields.text('memo').slice(0, 200), ...side }
  },
  label: (row) => row.account,
  commands: (unit, { source }) => ({
    items: [
      {
        type: 'opening-balances.set',
        body: {
          id: `${source}:opening:${dayOf(unit)}`,
          cutOff: dayOf(unit),
          lines: unit.rows.map(({ row }) => ({
            accountCode: row.account,
            [row.side]: row.amount,
            ...(row.memo === '' ? {} : { memo: row.memo }),
          })),
        },
        blame: (pointer) => {
          const row = /^\/lines\/(\d+)/.exec(pointer)?.[1]
          return row === undefined ? {} : { row: Number(row), column: 'account' }
        },
      },
    ],
  }),
}

function dayOf({ rows }: Unit<BalanceRow>): string {
  const day = rows[0]?.row.cutOff ?? ''
  const other = rows.find(({ row }) => row.cutOff !== day)
  if (other)
    throw new Wrong('cutOff', `is ${other.row.cutOff}, in the first row ${day}`, { line: other.line })
  if (rows.length > LINES_MAX)
    throw new Wrong(undefined, `there are ${rows.length} balances, more than ${LINES_MAX}`)
  return day
}
