/**
 * Owns how a journal entry is made: accounts resolved, amounts in the base currency, rounding, totals. PURE.
 * E1: debits = credits in the base currency; what the conversion of single lines leaves, at most a minor unit a line,
 *     goes to the role `rounding`. E2: in the entry's own currency debits = credits exactly: anything else is a bug of
 *     the posting, never a refusal. E3: an entry's id follows from what caused it: made twice, it is one entry.
 * E4: documents dated up to the opening balances' cut-off are in those balances already, but for their open items: all
 *     but their control accounts' lines go to `opening-balance`.
 */
import { hash } from 'node:crypto'
import { defaultsOf } from '../../schemas/codec/defaults.ts'
import type { JournalLine } from '../../schemas/generated/records.ts'
import { type Amount, convert, formatAmount, minorDigits, SCALE } from '../../schemas/values/amount.ts'
import { type EpochDay, fiscalYearName, formatDay } from '../../schemas/values/calendar.ts'
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { AggregateType, Payload, TenantSettings } from '../kernel/events.ts'
import { type Chart, controlOf } from './chart.ts'
import type { Posting, PostingLine } from './posting.ts'

export type Entry = Payload<'JournalEntryPosted'>

export interface Source {
  readonly type: AggregateType
  readonly id: string
  readonly version: number
  /** Which of the event's postings. */
  readonly index: number
}

/** E3 */
export const journalId = ({ type, id, version, index }: Source): string =>
  `j-${hash('sha256', `${type}\u0000${id}\u0000${version}\u0000${index}`, 'base64url').slice(0, 22)}`

/** A line before its account's names are written into it. */
export type DraftLine = Pick<JournalLine, 'accountId' | 'debit' | 'credit' | 'amount'> & Partial<JournalLine>

const LINE: Omit<JournalLine, 'accountId' | 'debit' | 'credit' | 'amount'> = {
  accountCode: '',
  accountName: '',
  accountClass: '',
  accountSubtype: '',
  partyType: '',
  partyId: '',
  productId: '',
  taxCode: '',
  department: '',
  memo: '',
  cashFlow: '',
}

/** The line with what its account is called today. */
export function lineOf(chart: Chart, line: DraftLine): JournalLine {
  const account = chart.account(line.accountId)
  if (!account) throw new Error(`account ${line.accountId} is posted to, but not in the chart`)
  const { code, name, accountClass, subtype, cashFlow } = account
  const names = {
    accountCode: code,
    accountName: name,
    accountClass,
    accountSubtype: subtype,
    cashFlow: cashFlow === 'UNKNOWN' ? '' : cashFlow,
  }
  return { ...LINE, ...line, ...names }
}

const minorUnit = (currency: string): Amount => 10n ** BigInt(SCALE - minorDigits(currency))

export interface Head {
  readonly journalNumber: string
  readonly entryDate: EpochDay
  readonly kind: Entry['kind']
  readonly description: string
  readonly currency: string
  readonly fxRate: bigint
  readonly source?: Source
  readonly reversesId?: string
}

/** What fits the record: 18 digits in all. Only a rate can take a document there. */
const BASE_MAX: Amount = 10n ** 18n - 1n

/** An entry of these lines, balanced (E1). */
export function entryOf(
  head: Head,
  lines: readonly DraftLine[],
  chart: Chart,
  tenant: TenantSettings,
): Entry {
  const { source, reversesId, ...kept } = head
  const balanced = [...lines, ...roundingOf(head, lines, chart, tenant)]
  const total = balanced.reduce((sum, line) => sum + line.debit, 0n)
  if (total > BASE_MAX) {
    throw refuseField('validation_failed', '/fxRate', 'in the base currency the amounts are too large')
  }
  return {
    ...defaultsOf('JournalEntryPosted'),
    ...kept,
    fiscalYear: fiscalYearName(head.entryDate, tenant.fiscalYearStart),
    sourceType: source?.type ?? '',
    sourceId: source?.id ?? '',
    sourceVersion: source?.version ?? 0,
    reversesId: reversesId ?? null,
    total,
    lines: balanced.map((line) => lineOf(chart, line)),
  }
}

function roundingOf(
  head: Head,
  lines: readonly DraftLine[],
  chart: Chart,
  tenant: TenantSettings,
): readonly DraftLine[] {
  let residue = 0n
  for (const { debit, credit } of lines) residue += debit - credit
  const size = residue < 0n ? -residue : residue
  if (size === 0n) return []
  if (size > minorUnit(tenant.currency) * BigInt(lines.length)) {
    throw new Error(
      `the entry of ${head.journalNumber} is not balanced: ${formatAmount(residue, tenant.currency)} ${tenant.currency} (E1)`,
    )
  }
  const accountId = chart.accountOf('rounding')
  return [{ accountId, debit: residue < 0n ? size : 0n, credit: residue > 0n ? size : 0n, amount: 0n }]
}

/** Refuses days on which nothing is posted any more; which field of the command says so is asked only then. */
export function refuseClosed(
  chart: Chart,
  day: EpochDay,
  field: string | undefined | (() => string | undefined),
): void {
  const last = chart.closedThrough
  if (last === null || day > last) return
  const pointer = typeof field === 'function' ? field() : field
  const detail =
    `${formatDay(day)} is in a closed period: the books are closed through ${formatDay(last)}. ` +
    'Choose a later date, or have an operator reopen the period'
  throw pointer === undefined
    ? new Refusal('period_closed', detail)
    : refuseField('period_closed', pointer, detail)
}

/** Entry of what a document's event means; none when it moves nothing. */
export function documentEntry(
  posting: Posting,
  source: Source,
  chart: Chart,
  tenant: TenantSettings,
): Entry | undefined {
  refuseUnbalanced(posting)
  const { cutOff } = chart
  const inOpening = cutOff !== null && posting.entryDate <= cutOff
  const lines = posting.lines.flatMap((line) => draftOf(line, posting, inOpening, chart, tenant.currency))
  if (lines.length === 0) return undefined
  const { entryDate, description, number, currency, fxRate } = posting
  const head = {
    journalNumber: number,
    entryDate,
    kind: 'DOCUMENT',
    description,
    currency,
    fxRate,
    source,
  } as const
  return entryOf(head, lines, chart, tenant)
}

/** E2 */
function refuseUnbalanced({ lines, number, currency }: Posting): void {
  let net = 0n
  for (const { side, amount } of lines) net += side === 'debit' ? amount : -amount
  if (net === 0n) return
  throw new Error(`the posting of ${number} is not balanced: ${formatAmount(net, currency)} ${currency} (E2)`)
}

/** posting.ts P3 */
function refuseNobody({ role, party, productId }: PostingLine, { number }: Posting): void {
  const control = controlOf(role)
  if (control === '' || (control === 'inventory' ? productId : party)) return
  throw new Error(
    `a line of ${number} on ${control} names no ${control === 'inventory' ? 'product' : 'party'} (P3)`,
  )
}

function draftOf(
  line: PostingLine,
  posting: Posting,
  inOpening: boolean,
  chart: Chart,
  base: string,
): readonly DraftLine[] {
  const { amount, party, productId, taxCode = '', department = '', memo = '' } = line
  const inBase = line.base ?? convert(amount, posting.fxRate, base)
  // A smallest part of a weak currency may be nothing in the books' own.
  if (inBase === 0n) return []
  if (amount !== 0n && amount > 0n !== inBase > 0n) {
    throw new Error(`a line of ${posting.number} has a debit in one currency and a credit in the other (E2)`)
  }
  refuseNobody(line, posting)
  const below = inBase < 0n
  const debit = (line.side === 'debit') !== below
  const size = below ? -inBase : inBase
  const accountId = accountFor(line, inOpening, chart)
  return [
    {
      accountId,
      debit: debit ? size : 0n,
      credit: debit ? 0n : size,
      amount: amount < 0n ? -amount : amount,
      partyType: party?.type ?? '',
      partyId: party?.id ?? '',
      productId: productId ?? '',
      taxCode,
      department,
      memo,
    },
  ]
}

function accountFor({ role, key, accountId: stated }: PostingLine, inOpening: boolean, chart: Chart): string {
  const control = controlOf(role)
  if (inOpening && control === '') return usable(chart, chart.accountOf('opening-balance'), '')
  return usable(chart, stated ?? chart.accountOf(role, key), control)
}

/** The account, where it may be posted to from this subledger ('' = from none). */
export function usable(chart: Chart, id: string, control: string, pointer?: string): string {
  const account = chart.account(id)
  const refuse = (code: 'reference_not_found' | 'account_inactive' | 'account_control', detail: string) =>
    pointer === undefined ? new Refusal(code, detail) : refuseField(code, pointer, detail)
  if (!account) throw refuse('reference_not_found', `account ${id} does not exist: create it first`)
  const name = `account ${account.code} ${account.name}`
  if (!account.active) {
    throw refuse('account_inactive', `${name} takes no postings any more: choose another, or activate it`)
  }
  if (account.control !== control) {
    throw refuse(
      'account_control',
      account.control === ''
        ? `${name} is no control account of ${control}: choose one that is`
        : `${name} is the control account of ${account.control}: only its documents post to it`,
    )
  }
  return id
}
