/** The default chart and entries on it as events: whole records from the few fields that a test is about. */
import { DEFAULT_CHART } from '../../../../producers/ledger/default-chart.ts'
import type { FinanceEvent, JournalLine } from '../../../../schemas/generated/records.ts'
import { parseDecimal, RATE_ONE } from '../../../../schemas/values/amount.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'
import { chartAccount, type HandEntry } from '../../../support/statement-company.ts'
import { event } from './events.ts'

export const chartEvents = (): FinanceEvent[] =>
  DEFAULT_CHART.map((one) =>
    event('AccountCreated', one.code, { ...one, aggregateType: 'account', aggregateVersion: 1 }),
  )

function lineOf([code, text]: readonly [string, string]): JournalLine {
  const change = parseDecimal(text)
  const size = change < 0n ? -change : change
  const { name, accountClass, subtype } = chartAccount(code)
  return {
    accountId: code,
    accountCode: code,
    accountName: name,
    accountClass,
    accountSubtype: subtype,
    debit: change > 0n ? size : 0n,
    credit: change < 0n ? size : 0n,
    amount: size,
    partyType: '',
    partyId: '',
    productId: '',
    taxCode: '',
    department: '',
    memo: '',
    cashFlow: '',
  }
}

export const entryEvent = ({ id, on, kind, reverses, sides }: HandEntry): FinanceEvent => {
  const lines = Object.entries(sides).map(lineOf)
  return event('JournalEntryPosted', id, {
    aggregateType: 'journal-entry',
    aggregateVersion: 1,
    journalNumber: `N-${id}`,
    entryDate: parseDay(on),
    fiscalYear: '2025-26',
    kind,
    description: id,
    currency: 'BDT',
    fxRate: RATE_ONE,
    reversesId: reverses ?? null,
    total: lines.reduce((sum, { debit }) => sum + debit, 0n),
    lines,
  })
}
