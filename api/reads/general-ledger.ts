/**
 * Pages of the general ledger. A page finds the places of its lines first and asks then what they say, so that the ledger
 * is never sorted as a whole. Owns the running balance.
 * G1: the balance after a line is the account's opening, or what it stood at after the last line of the page before, and
 * the lines of the page one by one: exact sums of decimals.
 */
import { type Amount, parseDecimal } from '../../schemas/values/amount.ts'
import {
  type AccountRow,
  type JournalLineRow,
  journalLinesSql,
  type LedgerKeyRow,
  ledgerKeysSql,
  ledgerUpToSql,
} from '../../sinks/clickhouse/contract.ts'
import { ApiError } from '../http/problem.ts'
import type { Services } from '../services.ts'

export interface LedgerLine {
  readonly key: LedgerKeyRow
  readonly line: JournalLineRow
  /** Of the account after the line. */
  readonly balance: Amount
}

export interface LedgerQuestion {
  readonly tenant: string
  /** Empty = all accounts. */
  readonly account: string
  readonly from: string
  readonly asOf: string
  /** Key of the last line of the page before: account, day, position, line. */
  readonly after: readonly string[] | undefined
  /** Lines that are asked for, one more than are shown. */
  readonly rows: number
  readonly signal: AbortSignal
}

const DEBIT_CLASSES: ReadonlySet<string> = new Set(['ASSET', 'EXPENSE'])

const signed = (accountClass: string, debit: string, credit: string): Amount => {
  const change = parseDecimal(debit) - parseDecimal(credit)
  return DEBIT_CLASSES.has(accountClass) ? change : -change
}

const DAY = /^\d{4}-\d{2}-\d{2}$/
const NUMBER = /^\d{1,19}$/

function positionOf(after: LedgerQuestion['after']) {
  const [account = '', day = '1900-01-01', position = '0', line = '0'] = after ?? []
  if (!DAY.test(day) || !NUMBER.test(position) || !NUMBER.test(line))
    throw new ApiError('cursor_invalid', 'The cursor is not one of this ledger: start without one.')
  return { account, day, position, line }
}

const nameOf = (journal: string, line: number): string => `${line}|${journal}`

/** Lines in order. `accounts` are those of the same range: they have the openings and the classes. */
export async function readLedgerLines(
  services: Services,
  question: LedgerQuestion,
  accounts: readonly AccountRow[],
): Promise<LedgerLine[]> {
  const { tenant, account, from, asOf, rows, signal } = question
  const after = positionOf(question.after)
  const params = { tenant, account, from, asOf, rows }
  const keys = await services.clickhouse.rows<LedgerKeyRow>({
    name: 'ledger_keys',
    sql: ledgerKeysSql,
    params: {
      ...params,
      afterAccount: after.account,
      afterDay: after.day,
      afterPosition: after.position,
      afterLine: after.line,
    },
    signal,
  })
  const [first] = keys
  if (first === undefined) return []
  const continues = first.account_id === after.account
  const [lines, upTo] = await Promise.all([
    services.clickhouse.rows<JournalLineRow>({
      name: 'journal_lines',
      sql: journalLinesSql,
      params: { tenant, ids: [...new Set(keys.map((key) => key.journal_id))] },
      signal,
    }),
    continues
      ? services.clickhouse.rows<{ readonly debit: string; readonly credit: string }>({
          name: 'ledger_up_to',
          sql: ledgerUpToSql,
          params: {
            tenant,
            account: after.account,
            day: after.day,
            position: after.position,
            line: after.line,
          },
          signal,
        })
      : [],
  ])
  const said = new Map(lines.map((line) => [nameOf(line.journal_id, line.line), line]))
  const known = new Map(accounts.map((row) => [row.account_id, row]))
  const stood = new Map<string, Amount>()
  const [before] = upTo
  const classOf = (id: string) => known.get(id)?.account_class ?? ''
  if (before) {
    stood.set(after.account, signed(classOf(after.account), before.debit, before.credit))
  }
  return keys.flatMap((key) => {
    const line = said.get(nameOf(key.journal_id, key.line))
    if (line === undefined) return []
    const id = key.account_id
    const opening = stood.get(id) ?? parseDecimal(known.get(id)?.opening ?? '0')
    const balance = opening + signed(classOf(id), line.debit, line.credit)
    stood.set(id, balance)
    return [{ key, line, balance }]
  })
}
