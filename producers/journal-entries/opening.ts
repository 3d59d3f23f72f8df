/**
 * Owns opening balances. PURE.
 * O1: they are of one day, the cut-off, for all their entries; a wrong one is reversed and written anew.
 * O2: control accounts get no balance here but from their open items: documents dated up to the cut-off, imported after
 *     this, post their control line against `opening-balance` (journal.ts E4). When all are in, that account is at zero.
 * O3: hence they come before such documents: what was posted in full already would be counted twice.
 */
import { RATE_ONE } from '../../schemas/values/amount.ts'
import { fiscalYearName, formatDay } from '../../schemas/values/calendar.ts'
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent } from '../kernel/events.ts'
import { amountIn } from '../kernel/fields.ts'
import { generatedNumber } from '../kernel/numbers.ts'
import type { AccountSums } from '../kernel/session.ts'
import type { Chart } from '../ledger/chart.ts'
import { type DraftLine, entryOf, refuseClosed } from '../ledger/journal.ts'
import type { OpeningBalances } from './commands.ts'
import { accountIn, type JournalFacts } from './decide.ts'
import type { JournalEntryState } from './evolve.ts'

export interface OpeningFacts extends JournalFacts {
  readonly serial: number
  readonly sums: readonly AccountSums[]
}

const IMPORTS = {
  receivables: 'import the open invoices and credit notes',
  payables: 'import the open bills',
  inventory: 'import the stock as receipts',
} as const

export function decideOpening(
  state: JournalEntryState | null,
  command: OpeningBalances,
  facts: OpeningFacts,
): readonly DomainEvent<'JournalEntryPosted'>[] {
  if (state) throw new Refusal('already_exists', `journal entry ${facts.id} exists already`)
  const { chart, tenant } = facts
  const { cutOff } = command
  refuseCutOff(command, facts)
  refuseClosed(chart, cutOff, '/cutOff')
  const lines: DraftLine[] = command.lines.map((line, index) => {
    const pointer = `/lines/${index}`
    refuseControl(line, chart, pointer, cutOff)
    const accountId = accountIn(line, chart, pointer)
    const side = line.debit === undefined ? 'credit' : 'debit'
    const amount = amountIn(line[side] ?? '', tenant.currency, `${pointer}/${side}`)
    const debit = side === 'debit' ? amount : 0n
    return { accountId, debit, credit: amount - debit, amount, memo: line.memo }
  })
  const difference = lines.reduce((sum, { debit, credit }) => sum + debit - credit, 0n)
  if (difference !== 0n) {
    const amount = difference < 0n ? -difference : difference
    const debit = difference < 0n ? amount : 0n
    const memo = 'What the opening balances differ by'
    lines.push({ accountId: chart.accountOf('opening-balance'), debit, credit: amount - debit, amount, memo })
  }
  const head = {
    journalNumber: generatedNumber('journal', fiscalYearName(cutOff, tenant.fiscalYearStart), facts.serial),
    entryDate: cutOff,
    kind: 'OPENING',
    description: command.description,
    currency: tenant.currency,
    fxRate: RATE_ONE,
  } as const
  return [{ type: 'JournalEntryPosted', data: entryOf(head, lines, chart, tenant) }]
}

/** O1, O3 */
function refuseCutOff({ cutOff }: OpeningBalances, { chart, sums }: OpeningFacts): void {
  if (chart.cutOff !== null) {
    if (chart.cutOff === cutOff) return
    throw refuseField(
      'opening_exists',
      '/cutOff',
      `there are opening balances of ${formatDay(chart.cutOff)}: use that day, or reverse them first`,
    )
  }
  const documents = sums.reduce((sum, one) => sum + one.documents, 0)
  if (documents === 0) return
  throw refuseField(
    'opening_too_late',
    '/cutOff',
    `documents dated up to ${formatDay(cutOff)} are in the ledger already (${documents} lines) and would count twice: ` +
      'give the opening balances first and import open items after them, or choose a cut-off before them',
  )
}

/** O2 */
function refuseControl(
  { accountId, accountCode }: OpeningBalances['lines'][number],
  chart: Chart,
  pointer: string,
  cutOff: number,
): void {
  const account = accountCode === undefined ? chart.account(accountId ?? '') : chart.byCode(accountCode)
  const control = account?.control ?? ''
  if (control !== 'receivables' && control !== 'payables' && control !== 'inventory') return
  throw refuseField(
    'account_control',
    `${pointer}/${accountCode === undefined ? 'accountId' : 'accountCode'}`,
    `account ${account?.code} is the control account of ${control}: leave it out and ${IMPORTS[control]}, ` +
      `dated up to ${formatDay(cutOff)}; they post against the account of opening balances`,
  )
}
