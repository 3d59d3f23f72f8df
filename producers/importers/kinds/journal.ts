/**
 * Owns the import of journals: rows that follow each other with one entry number are an entry. PURE.
 * J1: an entry is imported whole or not at all. J2: amounts with more decimals than the currency are rounded half away
 *     from zero; what the rounded entry then differs by goes to the named rounding account. J3: an entry must balance
 *     before rounding, but for what is less than half of the smallest coin (what floats left in the file).
 */
import { adventureWorksJournal } from '../adventureworks/journal.ts'
import { Wrong } from '../fields.ts'
import { type Context, idPart, type Kind, type Unit } from '../kind.ts'
import { exact, minorText, rounded, type Side, sideOf, sized } from '../sides.ts'

export interface JournalRow {
  readonly entry: string
  readonly date: string
  readonly account: string
  /** None = a line of zero: it says nothing. */
  readonly side: Side | undefined
  readonly memo: string
  readonly description: string
  readonly department: string
}

const LINES_MAX = 1_000

export const kind: Kind<JournalRow> = {
  name: 'journal',
  summary: 'journal entries: rows that follow each other with one entry number',
  columns: {
    entry: { doc: 'number of the entry; its rows follow each other', required: true },
    date: { doc: 'day of the entry', required: true, day: true },
    account: { doc: 'code of the account', required: true },
    debit: { doc: 'amount on the debit side' },
    credit: { doc: 'amount on the credit side' },
    amount: { doc: 'amount in one column: debits more than zero, credits less' },
    memo: { doc: 'remark on the line' },
    description: { doc: 'what the entry is about; that of its first row' },
    department: { doc: 'department or cost centre of the line' },
  },
  money: true,
  units: 'runs',
  unique: 'entry',
  transforms: { adventureworks: adventureWorksJournal },
  read: (fields, { currency }) => ({
    entry: fields.word('entry', 64),
    date: fields.day('date'),
    account: fields.word('account', 20),
    side: sideOf(fields, { currency, exact: false }),
    memo: fields.text('memo').slice(0, 200),
    description: fields.text('description').slice(0, 500),
    department: fields.text('department').slice(0, 64),
  }),
  label: (row) => row.entry,
  commands: (unit, context) => {
    const { source, currency, fxRate } = context
    const first = unit.rows[0]
    const other = unit.rows.find(({ row }) => row.date !== first?.row.date)
    if (other) {
      throw new Wrong('date', `${other.row.date}: the entry began on ${first?.row.date}`, {
        line: other.line,
      })
    }
    const { lines, rowOf } = linesOf(unit, context)
    return {
      items: [
        {
          type: 'journal-entry.create',
          body: {
            id: `${source}:entry:${idPart(unit.label)}`,
            journalNumber: unit.label,
            issuedElsewhere: true,
            entryDate: first?.row.date,
            description: first?.row.description || `${source} ${unit.label}`,
            status: 'POSTED',
            currency,
            ...(fxRate === undefined ? {} : { fxRate }),
            lines,
          },
          blame: (pointer) => {
            const [, list, index, field = ''] = pointer.split('/')
            const row = list === 'lines' ? rowOf[Number(index)] : undefined
            if (list === 'entryDate') return { column: 'date' }
            if (row === undefined) return {}
            return { row, ...(field.startsWith('account') ? { column: 'account' } : {}) }
          },
        },
      ],
    }
  },
}

/** Lines of the command, and the row that each came from (J2, J3). */
function linesOf(unit: Unit<JournalRow>, { currency, map }: Context) {
  const lines: Record<string, string>[] = []
  const rowOf: (number | undefined)[] = []
  let before = 0n
  let after = 0n
  for (const [index, { row }] of unit.rows.entries()) {
    if (row.side === undefined) continue
    const { side, amount } = row.side
    const value = exact(amount)
    const minor = rounded(value, currency)
    before += side === 'debit' ? value : -value
    after += side === 'debit' ? minor : -minor
    if (minor === 0n) continue
    const { account: accountCode, memo, department } = row
    lines.push({
      accountCode,
      [side]: minorText(minor, currency),
      ...(memo === '' ? {} : { memo }),
      ...(department === '' ? {} : { department }),
    })
    rowOf.push(index)
  }
  const off = rounded(before, currency)
  if (off !== 0n) {
    const [more, less] = off > 0n ? ['debits', 'credits'] : ['credits', 'debits']
    throw new Wrong(
      undefined,
      `does not balance: ${more} are ${minorText(sized(off), currency)} more than ${less}`,
    )
  }
  if (after !== 0n) {
    if (map.roundingAccount === undefined) {
      const residual = `is off by ${minorText(sized(after), currency)} after rounding`
      throw new Wrong(undefined, `${residual}: name an account for it in the map, as roundingAccount`)
    }
    const side = after > 0n ? 'credit' : 'debit'
    const amount = minorText(sized(after), currency)
    lines.push({ accountCode: map.roundingAccount, [side]: amount, memo: 'Rounding' })
    rowOf.push(undefined)
  }
  if (lines.length === 0) throw new Wrong(undefined, 'has amounts of 0 only', { leftOut: true })
  if (lines.length > LINES_MAX) {
    throw new Wrong(undefined, `has ${lines.length} lines, more than the ${LINES_MAX} that an entry may have`)
  }
  return { lines, rowOf }
}
