/**
 * Owns the operations that close and reopen days of the books. Closing is a writer's; reopening and the close of a year
 * are an operator's, in his token's tenant: both change what was held for settled.
 */
import { Refusal } from '../kernel/errors.ts'
import type { Operation, Target } from '../kernel/operation.ts'
import type { Session } from '../kernel/session.ts'
import { CHART_COUNTER } from '../ledger/chart.ts'
import {
  type CloseFiscalYear,
  closeFiscalYear,
  type ClosePeriod,
  closePeriod,
  type ReopenPeriod,
  reopenPeriod,
} from './commands.ts'
import {
  closingEntry,
  type CloseYearFacts,
  decideClose,
  decideCloseYear,
  decideReopen,
  type FiscalYear,
  fiscalYearOf,
} from './decide.ts'
import { BOOKS } from './evolve.ts'

const ofLedger = { aggregate: 'ledger', creates: false, money: false, ledger: 'changes' } as const

const close: Operation<ClosePeriod> = {
  ...ofLedger,
  name: 'period.close',
  summary: 'Closes the books through a day: nothing is posted on it or before it any more',
  path: '/v1/periods/close',
  location: '/v1/periods',
  role: 'writer',
  schema: closePeriod,
  idOf: () => BOOKS,
  counters: () => [CHART_COUNTER],
  decide: (session, { command }) => decideClose(command, { ...session.facts(), chart: session.chart() }),
}

const reopen: Operation<ReopenPeriod> = {
  ...ofLedger,
  name: 'period.reopen',
  summary: 'Opens closed days again, after the one that stays closed; not those of a closed fiscal year',
  path: '/v1/periods/reopen',
  location: '/v1/periods',
  role: 'operator',
  schema: reopenPeriod,
  idOf: () => BOOKS,
  counters: () => [CHART_COUNTER],
  decide: (session, { command }) => decideReopen(command, { chart: session.chart() }),
}

function yearOf(session: Session, id: string): FiscalYear {
  const year = fiscalYearOf(id, session.tenant())
  if (year) return year
  throw new Refusal(
    'not_found',
    `${id} is no fiscal year of the tenant: write it as 2025-26, or 2025 for a calendar year`,
  )
}

const yearFacts = (session: Session, { id }: Target<unknown>): CloseYearFacts => ({
  ...session.facts(),
  chart: session.chart(),
  sums: session.sums(),
  serial: session.nextSerial('journal', id),
})

const closeYear: Operation<CloseFiscalYear> = {
  ...ofLedger,
  name: 'fiscal-year.close',
  summary: 'Closes a fiscal year for good: its result goes to retained earnings in one entry',
  path: '/v1/fiscal-years/:id/close',
  role: 'operator',
  schema: closeFiscalYear,
  counters: (session, { id }) => [CHART_COUNTER, { kind: 'journal', period: yearOf(session, id).name }],
  balances: (session, { id }) => yearOf(session, id),
  decide: (session, target) =>
    decideCloseYear(
      session.state('ledger', target.id),
      yearOf(session, target.id),
      yearFacts(session, target),
    ),
  follows: (session, target) => {
    const entry = closingEntry(yearOf(session, target.id), yearFacts(session, target))
    if (!entry) return []
    const event = { type: 'JournalEntryPosted', data: entry.data } as const
    return [{ aggregate: { type: 'journal-entry', id: entry.id }, events: [event] }]
  },
}

export const periodOperations: readonly Operation[] = [close, reopen, closeYear]
