/**
 * Business content that can't be booked. PURE. Each refusal has a stable code; the event goes to the dead letters and
 * the state stays as it was.
 *
 * C1: what is refused depends on the event and on its own aggregate alone (events of one aggregate are in order), never
 * on other aggregates: those may come in any order. So an allocation to a cancelled, unknown or foreign-currency invoice
 * is not refused: the money did arrive; it stays unapplied. C2: an entry of the general ledger moves no book here, but one
 * that is not balanced is refused for all who read the log: readers leave out what is in the dead letters.
 */
import { type Amount, fitsCurrency, RATE_ONE } from '../../schemas/values/amount.ts'
import type { EventRecords } from '../../schemas/generated/records.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { EXTERNAL_ID, TENANT_ID } from '../../schemas/values/ids.ts'
import { RefusedEvent } from '../runtime/topology.ts'

/** 1900-01-01 and 2299-12-31. */
const FIRST_DAY = -25_567
const LAST_DAY = 120_529
const CURRENCY = /^[A-Z]{3}$/
/** Bound of one payment's and one invoice's allocations. */
export const ALLOCATIONS_MAX = 5_000
/** Bound of an invoice's instalments: thirty years of months. */
export const INSTALMENTS_MAX = 360

export function refuse(code: string, message: string): never {
  throw new RefusedEvent(code, message)
}

export function checkTenantId(id: string): void {
  if (!TENANT_ID.test(id))
    refuse('bad_tenant_id', `tenant id ${JSON.stringify(id.slice(0, 80))} is not allowed`)
}

export function checkId(kind: string, id: string): void {
  if (!EXTERNAL_ID.test(id)) refuse('bad_id', `${kind} id ${JSON.stringify(id.slice(0, 140))} is not allowed`)
}

export function checkDay(name: string, day: EpochDay): void {
  if (!Number.isInteger(day) || day < FIRST_DAY || day > LAST_DAY) {
    refuse('bad_date', `${name} is day ${day} since 1970-01-01, outside of 1900 to 2299`)
  }
}

export function checkCurrency(currency: string): void {
  if (!CURRENCY.test(currency))
    refuse('bad_currency', `${JSON.stringify(currency.slice(0, 20))} is no ISO 4217 code`)
}

/** Rate to the base currency; `base` is null while the tenant's settings are not known. */
export function checkRate(currency: string, rate: bigint, base: string | null): void {
  checkCurrency(currency)
  if (rate <= 0n) refuse('bad_rate', `fxRate must be above 0, got ${rate} x 10^-8`)
  if (currency === base && rate !== RATE_ONE) {
    refuse('bad_rate', `fxRate of the base currency ${currency} must be 1, got ${rate} x 10^-8`)
  }
}

export function checkAmount(name: string, amount: Amount, currency: string, least: Amount): void {
  if (amount < least)
    refuse('bad_amount', `${name} must be ${least === 0n ? '0 or more' : 'above 0'}, got ${amount} x 10^-4`)
  if (!fitsCurrency(amount, currency)) {
    refuse('bad_amount', `${name} has more decimals than ${currency} has: ${amount} x 10^-4`)
  }
}

export function checkSum(what: string, parts: Amount, total: Amount): void {
  if (parts !== total)
    refuse('bad_total', `${what}: parts sum to ${parts} x 10^-4, total says ${total} x 10^-4`)
}

/** C2 */
export function checkBalanced({ journalNumber, lines }: EventRecords['JournalEntryPosted']): void {
  const name = JSON.stringify(journalNumber.slice(0, 80))
  let debits = 0n
  let credits = 0n
  for (const { debit, credit, accountId } of lines) {
    if (debit < 0n || credit < 0n)
      refuse('bad_amount', `journal entry ${name}: a line on account ${accountId} is below 0`)
    debits += debit
    credits += credit
  }
  if (debits === credits) return
  refuse(
    'journal_unbalanced',
    `journal entry ${name}: debits are ${debits} x 10^-4, credits ${credits} x 10^-4: post it anew, balanced`,
  )
}
