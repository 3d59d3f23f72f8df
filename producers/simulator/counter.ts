/**
 * Owns the small change of the day, for an eye on the page: counter sales, small credits and their payments, tea and
 * rickshaws. What happens in a slot of time follows from the seed and the slot, so a restart repeats nothing.
 * C1: at most OPEN_MAX small credits are open; with as many, they are paid before new ones are given.
 * C2: a bucket bounds how many slots trade: a lively first half hour, then about one a minute (times speed, at most ten).
 */
import { type EpochDay, formatDay } from '../../schemas/values/calendar.ts'
import { COUNTER, type Customer } from './company.ts'
import { type PlannedItem, taka } from './plan.ts'
import { Random } from './random.ts'

export const OPEN_MAX = 200
const BUCKET_MAX = 360
const REFILL_PER_HOUR = 60
const SPEED_FACTOR_MAX = 10
const PER_MINUTE = 12

export interface OpenCredit {
  readonly id: string
  readonly customerId: string
  readonly amount: number
}

export class Counter {
  readonly #seed: number
  readonly #speed: number
  readonly #customers: readonly Customer[]
  readonly open: OpenCredit[]
  #tokens = BUCKET_MAX
  #refilledMs: number

  constructor(options: {
    readonly seed: number
    readonly speed: number
    readonly customers: readonly Customer[]
    readonly open: readonly OpenCredit[]
    readonly nowMs: number
  }) {
    this.#seed = options.seed
    this.#speed = options.speed
    this.#customers = options.customers
    this.open = options.open.slice(-OPEN_MAX)
    this.#refilledMs = options.nowMs
  }

  /** Time from one slot to the next; Infinity at speed 0. */
  get slotMs(): number {
    return this.#speed <= 0
      ? Number.POSITIVE_INFINITY
      : Math.max(100, Math.round(60_000 / (PER_MINUTE * this.#speed)))
  }

  /** The commands of the slot that begins at `slotMs`; none when the bucket is empty. */
  slot(slotMs: number, today: EpochDay): readonly PlannedItem[] {
    const perMs = (REFILL_PER_HOUR * Math.min(Math.max(this.#speed, 1), SPEED_FACTOR_MAX)) / 3_600_000
    this.#tokens = Math.min(BUCKET_MAX, this.#tokens + Math.max(0, slotMs - this.#refilledMs) * perMs)
    this.#refilledMs = slotMs
    if (this.#tokens < 1) return []
    this.#tokens--
    return this.#trade(new Random(this.#seed, 'counter', slotMs), slotMs, formatDay(today))
  }

  #trade(random: Random, slotMs: number, date: string): readonly PlannedItem[] {
    const id = `demo-live-${slotMs}`
    const kind = random.weighted([50, 28, 17, 5])
    if (kind === 3) return [smallExpense(id, random, date)]
    const full = this.open.length >= OPEN_MAX
    if ((kind === 2 || full) && this.open.length > 0) return [this.#payment(id, random, date)]
    const net = Math.round(Math.exp(random.around(11.6, 0.8)))
    const amount = net + Math.floor((net * 15 + 50) / 100)
    const onCredit = kind === 1
    const customerId = onCredit ? random.pick(this.#customers).id : COUNTER
    const invoice = saleOf(id, customerId, net, date, onCredit)
    if (onCredit) {
      this.open.push({ id, customerId, amount })
      return [invoice]
    }
    return [invoice, paymentOf({ id, customerId, amount }, `${id}-pay`, random, date)]
  }

  #payment(id: string, random: Random, date: string): PlannedItem {
    const [credit] = this.open.splice(random.whole(0, this.open.length - 1), 1)
    if (!credit) throw new RangeError('no credit is open')
    return paymentOf(credit, `${id}-pay`, random, date)
  }
}

const saleOf = (
  id: string,
  customerId: string,
  net: number,
  date: string,
  onCredit: boolean,
): PlannedItem => ({
  type: 'invoice.create',
  body: {
    id,
    customerId,
    invoiceDate: date,
    ...(onCredit ? {} : { dueDate: date }),
    category: 'counter',
    productCategory: 'household',
    status: 'APPROVED',
    lines: [{ description: 'Sundry goods', unitPrice: taka(net), vatCode: 'standard' }],
  },
})

const paymentOf = (credit: OpenCredit, id: string, random: Random, date: string): PlannedItem => ({
  type: 'payment.receive',
  body: {
    id,
    customerId: credit.customerId,
    method: random.pick(['cash', 'cash', 'bkash', 'nagad', 'card']),
    paymentDate: date,
    amount: taka(credit.amount),
    allocations: [{ invoiceId: credit.id, amount: taka(credit.amount) }],
  },
})

const smallExpense = (id: string, random: Random, date: string): PlannedItem => ({
  type: 'expense.record',
  body: {
    id,
    category: random.pick(['transport', 'hospitality', 'office']),
    vendorName: random.pick(['Rickshaw', 'Tea stall', 'Stationer']),
    department: 'Chattogram',
    description: 'Petty cash',
    expenseDate: date,
    netAmount: taka(random.whole(3_000, 90_000)),
    status: 'APPROVED',
  },
})
