/**
 * Owns the rules of journal entries made by people. PURE.
 * J1: debits = credits in the entry's currency, else it is refused. J2: control accounts belong to their documents.
 * J3: what is posted is never edited; it is reversed once, by an entry of its own, on its day or a later one. A
 *     document's entry is reversed by its document. J4: numbers are gap-free per fiscal year; a draft has its number.
 */
import { type Amount, convert, formatAmount } from '../../schemas/values/amount.ts'
import { type EpochDay, fiscalYearName, formatDay } from '../../schemas/values/calendar.ts'
import { documentCurrency } from '../kernel/documents.ts'
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Facts } from '../kernel/events.ts'
import { amountIn } from '../kernel/fields.ts'
import { generatedNumber, refuseReserved } from '../kernel/numbers.ts'
import type { Chart } from '../ledger/chart.ts'
import {
  type DraftLine,
  type Entry,
  entryOf,
  journalId,
  lineOf,
  refuseClosed,
  usable,
} from '../ledger/journal.ts'
import type {
  CreateJournalEntry,
  JournalLineInput,
  PostJournalEntry,
  ReverseJournalEntry,
} from './commands.ts'
import type { JournalEntryState } from './evolve.ts'

export interface JournalFacts extends Facts {
  readonly id: string
  readonly chart: Chart
}

export interface CreateFacts extends JournalFacts {
  readonly numberOwner: string | undefined
  readonly serial: number
}

/** Id of the account that a line names. */
export function accountIn(
  {
    accountId,
    accountCode,
  }: { readonly accountId?: string | undefined; readonly accountCode?: string | undefined },
  chart: Chart,
  pointer: string,
): string {
  if (accountCode === undefined) return usable(chart, accountId ?? '', '', `${pointer}/accountId`)
  const account = chart.byCode(accountCode)
  const at = `${pointer}/accountCode`
  if (account) return usable(chart, account.id, '', at)
  throw refuseField('reference_not_found', at, `no account has code ${accountCode}: create it first`)
}

function draftOf(
  line: JournalLineInput,
  pointer: string,
  entry: { readonly currency: string; readonly fxRate: bigint },
  { chart, tenant }: JournalFacts,
): DraftLine {
  const accountId = accountIn(line, chart, pointer)
  const { party, productId = '', taxCode, department, memo } = line
  const kept = chart.account(accountId)?.currency ?? null
  if (kept !== null && kept !== entry.currency && entry.currency !== tenant.currency) {
    const detail = `account ${accountId} is kept in ${kept}, the entry is in ${entry.currency}`
    throw refuseField('currency_mismatch', pointer, detail)
  }
  const side = line.debit === undefined ? 'credit' : 'debit'
  const amount = amountIn(line[side] ?? '', entry.currency, `${pointer}/${side}`)
  const inBase = convert(amount, entry.fxRate, tenant.currency)
  if (inBase === 0n) {
    const detail = `in ${tenant.currency} the amount is nothing at this rate`
    throw refuseField('validation_failed', `${pointer}/${side}`, detail)
  }
  return {
    accountId,
    debit: side === 'debit' ? inBase : 0n,
    credit: side === 'credit' ? inBase : 0n,
    amount,
    partyType: party?.type ?? '',
    partyId: party?.id ?? '',
    productId,
    taxCode,
    department,
    memo,
  }
}

/** J1 */
function refuseUnbalanced(lines: readonly DraftLine[], currency: string): void {
  let debits: Amount = 0n
  let credits: Amount = 0n
  for (const { debit, amount } of lines) {
    if (debit > 0n) debits += amount
    else credits += amount
  }
  if (debits === credits) return
  throw refuseField(
    'journal_unbalanced',
    '/lines',
    `the debits are ${formatAmount(debits, currency)} ${currency}, the credits ${formatAmount(credits, currency)}: ` +
      'they must be equal',
  )
}

export function decideCreate(
  state: JournalEntryState | null,
  command: CreateJournalEntry,
  facts: CreateFacts,
): readonly DomainEvent<'JournalEntryCreated' | 'JournalEntryPosted'>[] {
  if (state) throw new Refusal('already_exists', `journal entry ${facts.id} exists already`)
  const { chart, tenant } = facts
  const first = command.lines[0]
  const { currency, fxRate } = documentCurrency(command, first?.debit ?? first?.credit, tenant.currency)
  const entryDate = command.entryDate ?? facts.today
  refuseClosed(chart, entryDate, '/entryDate')
  const lines = command.lines.map((line, index) =>
    draftOf(line, `/lines/${index}`, { currency, fxRate }, facts),
  )
  refuseUnbalanced(lines, currency)
  const head = {
    journalNumber: numberOf(command, entryDate, facts),
    entryDate,
    kind: 'MANUAL',
    description: command.description,
    currency,
    fxRate,
  } as const
  const data = entryOf(head, lines, chart, tenant)
  return [{ type: command.status === 'POSTED' ? 'JournalEntryPosted' : 'JournalEntryCreated', data }]
}

function numberOf(command: CreateJournalEntry, entryDate: EpochDay, facts: CreateFacts): string {
  const given = command.journalNumber
  if (given === undefined) {
    return generatedNumber('journal', fiscalYearName(entryDate, facts.tenant.fiscalYearStart), facts.serial)
  }
  if (!command.issuedElsewhere) refuseReserved(given, '/journalNumber')
  if (facts.numberOwner !== undefined) {
    throw refuseField(
      'number_taken',
      '/journalNumber',
      `journal number ${given} belongs to journal entry ${facts.numberOwner}`,
    )
  }
  return given
}

function refuseMissing(state: JournalEntryState | null, id: string): asserts state is JournalEntryState {
  if (!state) throw new Refusal('journal_entry_not_found', `journal entry ${id} does not exist`)
}

/** A draft is checked anew: the chart may have changed since. */
export function decidePost(
  state: JournalEntryState | null,
  command: PostJournalEntry,
  facts: JournalFacts,
): readonly DomainEvent<'JournalEntryPosted'>[] {
  refuseMissing(state, facts.id)
  if (state.status !== 'DRAFT') {
    throw new Refusal('journal_not_draft', `journal entry ${facts.id} is posted already`)
  }
  const { chart, tenant } = facts
  const { status: _status, reversalId: _none, ...draft } = state
  const entryDate = command.entryDate ?? draft.entryDate
  refuseClosed(chart, entryDate, '/entryDate')
  const lines = draft.lines.map((line) => {
    // The rounding line is no person's, and its account may be chosen anew by then.
    if (line.amount !== 0n) usable(chart, line.accountId, '')
    return lineOf(chart, line)
  })
  const fiscalYear = fiscalYearName(entryDate, tenant.fiscalYearStart)
  return [{ type: 'JournalEntryPosted', data: { ...draft, entryDate, fiscalYear, lines } }]
}

export function decideReverse(
  state: JournalEntryState | null,
  command: ReverseJournalEntry,
  facts: JournalFacts & { readonly version: number },
): readonly DomainEvent<'JournalEntryReversed'>[] {
  refuseMissing(state, facts.id)
  const what = `journal entry ${facts.id}`
  if (state.kind === 'DOCUMENT') {
    throw new Refusal(
      'journal_of_document',
      `${what} belongs to ${state.sourceType} ${state.sourceId} (${state.journalNumber}): cancel or reverse that`,
    )
  }
  if (state.kind === 'CLOSING') {
    throw new Refusal('fiscal_year_closed', `${what} closed fiscal year ${state.fiscalYear}, for good`)
  }
  if (state.kind === 'REVERSAL') {
    throw new Refusal('journal_reversed', `${what} is a reversal itself: write the entry anew instead`)
  }
  if (state.status === 'DRAFT')
    throw new Refusal('journal_not_posted', `${what} is a draft: it counts nowhere`)
  if (state.status === 'REVERSED') {
    throw new Refusal('journal_reversed', `${what} is reversed already, by ${state.reversalId}`)
  }
  const reversalDate = command.reversalDate ?? Math.max(facts.today, state.entryDate)
  if (reversalDate < state.entryDate) {
    throw refuseField('date_order', '/reversalDate', `${what} is of ${formatDay(state.entryDate)}`)
  }
  refuseClosed(facts.chart, reversalDate, '/reversalDate')
  const reversalId = journalId({ type: 'journal-entry', id: facts.id, version: facts.version + 1, index: 0 })
  return [{ type: 'JournalEntryReversed', data: { reversalId, reversalDate, reason: command.reason } }]
}

/** The entry that reverses: the same lines on the other side (J3). Accounts out of use are taken back from as well. */
export function reversalOf(
  state: JournalEntryState,
  reversed: DomainEvent<'JournalEntryReversed'>['data'],
  facts: JournalFacts & { readonly version: number; readonly serial: number },
): Entry {
  const { reversalDate, reason } = reversed
  const lines = state.lines.map(({ debit, credit, ...line }) => ({ ...line, debit: credit, credit: debit }))
  const head = {
    journalNumber: generatedNumber(
      'journal',
      fiscalYearName(reversalDate, facts.tenant.fiscalYearStart),
      facts.serial,
    ),
    entryDate: reversalDate,
    kind: 'REVERSAL',
    description: `Reversal of ${state.journalNumber}${reason === '' ? '' : `: ${reason}`}`,
    currency: state.currency,
    fxRate: state.fxRate,
    source: { type: 'journal-entry', id: facts.id, version: facts.version + 1, index: 0 },
    reversesId: facts.id,
  } as const
  return entryOf(head, lines, facts.chart, facts.tenant)
}
