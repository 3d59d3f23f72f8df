/**
 * The canary tenant: what its script does in every round, and what all stores must say after any number of rounds. PURE.
 * Both sides are written out by hand here: the commands (producers/canary) and the closed form (sinks/reconcile/canary.ts)
 * share these amounts and nothing that computes.
 *
 * Round n, on its day: an invoice of 1000.01 + VAT of 15 % (150.0015, rounded 150.00) = 1150.01; half of it is paid, 575.00;
 * what was left of invoice n - 1 is paid, 575.01; bank charges of 10.03 are posted by a journal entry.
 * C1: after a round exactly one invoice is open, with 575.01: so what it has open never grows, whatever n is.
 * C2: every figure is a whole number of rounds times an amount, so a round that a store lost or has twice shows for ever.
 */
import { type Amount, parseDecimal } from '../values/amount.ts'
import { type EpochDay, formatDay } from '../values/calendar.ts'

/** Reserved: nobody else's books are under this id. */
export const CANARY_TENANT = {
  id: 'nikash-canary',
  name: 'Canary of Nikash',
  zone: 'Asia/Dhaka',
  currency: 'BDT',
  fiscalYearStart: '07-01',
} as const

export const CANARY_CUSTOMER = 'canary'
export const CANARY_INVOICE = 'canary-'

const NET = '1000.01'
const VAT = '150.00'
const TOTAL = '1150.01'
const HALF = '575.00'
const REST = '575.01'
const CHARGES = '10.03'

export interface CanaryCommand {
  readonly type: string
  readonly body: Readonly<Record<string, unknown>>
}

/** What must be there before the first round. */
export const CANARY_OPENING: readonly CanaryCommand[] = [
  { type: 'customer.create', body: { id: CANARY_CUSTOMER, name: 'Canary customer' } },
]

/** All commands of a round, in order. Every one creates something under an id of its own: sending a round again changes nothing. */
export function canaryRound(n: number, day: EpochDay): readonly CanaryCommand[] {
  const date = formatDay(day)
  const invoice = (round: number) => `${CANARY_INVOICE}${round}`
  const payment = (id: string, round: number, amount: string): CanaryCommand => ({
    type: 'payment.receive',
    body: {
      id,
      customerId: CANARY_CUSTOMER,
      method: 'bank',
      paymentDate: date,
      amount,
      allocations: [{ invoiceId: invoice(round), amount }],
    },
  })
  return [
    {
      type: 'invoice.create',
      body: {
        id: invoice(n),
        customerId: CANARY_CUSTOMER,
        invoiceDate: date,
        dueDate: date,
        status: 'APPROVED',
        // The rate is stated: a rate that somebody sets for everybody must not move the canary.
        lines: [{ description: 'Round', unitPrice: NET, vatRate: '0.15' }],
      },
    },
    payment(`${invoice(n)}-half`, n, HALF),
    ...(n > 1 ? [payment(`${invoice(n - 1)}-rest`, n - 1, REST)] : []),
    {
      type: 'journal-entry.create',
      body: {
        id: `${invoice(n)}-charges`,
        entryDate: date,
        status: 'POSTED',
        description: 'Round',
        lines: [
          { accountCode: '6600', debit: CHARGES },
          { accountCode: '1110', credit: CHARGES },
        ],
      },
    },
  ]
}

/** How many rounds there were on each day. */
export type CanaryRounds = ReadonlyMap<EpochDay, number>

export interface CanaryFigures {
  /** Open and unpaid: of the newest invoice. */
  readonly open: Amount
  /** Day of the newest invoice; undefined before the first round. */
  readonly openSince: EpochDay | undefined
  netRevenue(from: EpochDay): Amount
  /** Net of the invoices that are settled. */
  paidRevenue(from: EpochDay): Amount
  cashIn(from: EpochDay): Amount
}

const times = (rounds: number, amount: string): Amount => BigInt(rounds) * parseDecimal(amount)

/** Figures as of the end of a day, of the days from `from` on. */
export function canaryFigures(rounds: CanaryRounds, asOf: EpochDay): CanaryFigures {
  const days = [...rounds.keys()].filter((day) => day <= asOf)
  const first = Math.min(...days)
  const last = Math.max(...days)
  const since = (from: EpochDay) =>
    days.filter((day) => day >= from).reduce((sum, day) => sum + (rounds.get(day) ?? 0), 0)
  const some = days.length > 0
  return {
    open: some ? parseDecimal(REST) : 0n,
    openSince: some ? last : undefined,
    netRevenue: (from) => times(since(from), NET),
    paidRevenue: (from) => times(since(from) - (some && last >= from ? 1 : 0), NET),
    // The first round pays no rest.
    cashIn: (from) => times(since(from), HALF) + times(since(from) - (some && first >= from ? 1 : 0), REST),
  }
}

/** Debits and credits by account after n rounds, of all days. */
export function canaryAccounts(
  n: number,
): ReadonlyMap<string, { readonly debit: Amount; readonly credit: Amount }> {
  const received = times(n, HALF) + times(Math.max(0, n - 1), REST)
  return new Map([
    ['1110', { debit: received, credit: times(n, CHARGES) }],
    ['1200', { debit: times(n, TOTAL), credit: received }],
    ['2210', { debit: 0n, credit: times(n, VAT) }],
    ['4010', { debit: 0n, credit: times(n, NET) }],
    ['6600', { debit: times(n, CHARGES), credit: 0n }],
  ])
}
