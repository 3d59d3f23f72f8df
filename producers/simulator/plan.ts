/**
 * Owns what the demo company does on a day: orders, payments, corrections, expenses, each as one command with an id of
 * its own. PURE: the same seed and day give the same commands, so what was sent before can be sent again unharmed.
 * P1: a command comes after those it depends on: by minute of the day, then by order here.
 * P2: the payments of an invoice sum up to its total; none is later than PAY_DAYS_MAX after it.
 */
import { type EpochDay, formatDay } from '../../schemas/values/calendar.ts'
import { COUNTER, type Customer, customersOf, GOODS, seasonOf } from './company.ts'
import { Random } from './random.ts'

export const PAY_DAYS_MAX = 200
const ORDERS_A_DAY = 5
const OPENS = 9 * 60
const CLOSES = 20 * 60

export interface PlannedItem {
  readonly type: string
  readonly id?: string
  readonly key?: string
  readonly body: Readonly<Record<string, unknown>>
}

export interface Planned {
  readonly minute: number
  readonly item: PlannedItem
}

interface Line {
  readonly description: string
  readonly category: string
  readonly quantity: number
  readonly price: number
}

interface Order {
  readonly id: string
  readonly day: EpochDay
  readonly minute: number
  readonly customer: Customer
  readonly lines: readonly Line[]
  /** With VAT, in poisha. */
  readonly total: number
  readonly disputed: boolean
  readonly draft: boolean
  readonly cancelledDay: EpochDay | undefined
  readonly postponedDay: EpochDay | undefined
  readonly payments: readonly OrderPayment[]
}

interface OrderPayment {
  readonly id: string
  readonly day: EpochDay
  readonly minute: number
  readonly amount: number
  readonly method: string
  /** Came without a word what for; allocated on this day. */
  readonly allocatedDay: EpochDay | undefined
}

/** Poisha as decimal text. */
export const taka = (poisha: number): string =>
  `${Math.floor(poisha / 100)}.${String(poisha % 100).padStart(2, '0')}`

/** VAT of 15 % rounded half up on poisha, as the service does per line. */
const withVat = (net: number): number => net + Math.floor((net * 15 + 50) / 100)

export class Plan {
  readonly customers: readonly Customer[]
  readonly #seed: number
  readonly #firstDay: EpochDay
  readonly #orders = new Map<EpochDay, readonly Order[]>()
  #lastAsked: { readonly day: EpochDay; readonly planned: readonly Planned[] } | undefined

  constructor(seed: number, firstDay: EpochDay) {
    this.#seed = seed
    this.#firstDay = firstDay
    this.customers = customersOf(seed)
  }

  /** The customers themselves, before all else. */
  opening(): readonly PlannedItem[] {
    const known = this.customers.map((one): PlannedItem => {
      const { id, number, name, nameBn, phone, termsDays } = one
      const body = {
        id,
        customerNumber: number,
        name,
        nameBn,
        phone,
        paymentTermsDays: termsDays,
        currency: 'BDT',
        country: 'BD',
      }
      return { type: 'customer.create', body }
    })
    const counter = {
      id: COUNTER,
      customerNumber: 'C-0000',
      name: 'Counter sales',
      nameBn: 'নগদ বিক্রয়',
      paymentTermsDays: 0,
      currency: 'BDT',
      country: 'BD',
    }
    return [{ type: 'customer.create', body: counter }, ...known]
  }

  day(day: EpochDay): readonly Planned[] {
    if (day < this.#firstDay) return []
    if (this.#lastAsked?.day === day) return this.#lastAsked.planned
    const planned: Planned[] = []
    for (const order of this.#ordersOf(day)) planned.push(...ordered(order))
    for (let from = Math.max(this.#firstDay, day - PAY_DAYS_MAX); from <= day; from++) {
      for (const order of this.#ordersOf(from)) planned.push(...followUps(order, day))
    }
    planned.push(...this.#expenses(day))
    // Stable, so that equal minutes keep the order above (P1).
    const sorted = planned.toSorted((a, b) => a.minute - b.minute)
    this.#lastAsked = { day, planned: sorted }
    return sorted
  }

  #ordersOf(day: EpochDay): readonly Order[] {
    const known = this.#orders.get(day)
    if (known) return known
    const random = new Random(this.#seed, 'orders', day)
    const count = Math.max(0, Math.round(random.around(ORDERS_A_DAY * seasonOf(day), 1.2)))
    const orders = Array.from({ length: count }, (_, index) => this.#order(day, index))
    this.#orders.set(day, orders)
    this.#orders.delete(day - 2 * PAY_DAYS_MAX)
    return orders
  }

  #order(day: EpochDay, index: number): Order {
    const random = new Random(this.#seed, 'order', day, index)
    const customer = this.customers[random.weighted(this.customers.map((one) => one.weight))]
    if (!customer) throw new RangeError('the demo company has no customers')
    const lines = Array.from({ length: random.weighted([40, 30, 20, 10]) + 1 }, (): Line => {
      const good = random.pick(GOODS)
      const price = Math.round(good.price * (0.97 + random.next() * 0.06))
      return {
        description: good.name,
        category: good.category,
        quantity: random.whole(...good.quantity),
        price,
      }
    })
    const total = lines.reduce((sum, line) => sum + withVat(line.quantity * line.price), 0)
    const minute = random.whole(OPENS, CLOSES - 60)
    const id = `demo-inv-${formatDay(day)}-${index + 1}`
    const cancelled = random.chance(0.01)
    const order = {
      id,
      day,
      minute,
      customer,
      lines,
      total,
      disputed: random.chance(0.02),
      draft: random.chance(0.1),
      cancelledDay: cancelled ? day + random.whole(1, 3) : undefined,
      postponedDay:
        !cancelled && customer.termsDays >= 30 && random.chance(0.02) ? day + random.whole(5, 10) : undefined,
    }
    return { ...order, payments: cancelled || random.chance(0.015) ? [] : paymentsOf(order, random) }
  }

  #expenses(day: EpochDay): readonly Planned[] {
    const random = new Random(this.#seed, 'expenses', day)
    const date = formatDay(day)
    const dayOfMonth = Number(date.slice(8))
    const list: Planned[] = []
    const spend = (name: string, category: string, vendorName: string, poisha: number, vat = false) => {
      const netAmount = Math.max(100, Math.round(poisha))
      const vatAmount = vat ? { vatAmount: taka(withVat(netAmount) - netAmount) } : {}
      const body = {
        id: `demo-exp-${date}-${name}`,
        category,
        vendorName,
        department: 'Chattogram',
        description: name,
        expenseDate: date,
        netAmount: taka(netAmount),
        ...vatAmount,
        status: 'APPROVED',
      }
      list.push({ minute: random.whole(OPENS, CLOSES), item: { type: 'expense.record', body } })
    }
    if (dayOfMonth === 1) spend('salaries', 'salaries', 'Staff', 78_500_000)
    if (dayOfMonth === 5) spend('rent', 'rent', 'Agrabad Properties', 14_000_000, true)
    if (dayOfMonth === 10)
      spend('electricity', 'utilities', 'PDB Chattogram', random.around(3_150_000, 450_000))
    if (dayOfMonth === 12) spend('water', 'utilities', 'Chattogram WASA', random.around(420_000, 60_000))
    if (dayOfMonth === 15) spend('internet', 'utilities', 'Link3', 350_000, true)
    if (random.chance(0.45 * Math.min(1, seasonOf(day))))
      spend('truck', 'transport', 'Meghna Transport Agency', random.around(950_000, 300_000))
    if (random.chance(0.3)) spend('vans', 'transport', 'Van drivers', random.around(180_000, 60_000))
    // What a week's orders cost to buy.
    if (day % 7 === 0) spend('purchases', 'goods', 'Khatunganj suppliers', this.#weekCost(day))
    return list
  }

  #weekCost(day: EpochDay): number {
    let net = 0
    for (let one = Math.max(this.#firstDay, day - 7); one < day; one++) {
      for (const order of this.#ordersOf(one))
        net += order.lines.reduce((sum, line) => sum + line.quantity * line.price, 0)
    }
    return net * 0.78
  }
}

function paymentsOf(order: Omit<Order, 'payments'>, random: Random): readonly OrderPayment[] {
  const { customer, day, id, total } = order
  if (customer.termsDays === 0 && random.chance(0.85)) {
    return [
      {
        id: `${id}-pay-1`,
        day,
        minute: order.minute + 30,
        amount: total,
        method: 'cash',
        allocatedDay: undefined,
      },
    ]
  }
  const parts = random.chance(customer.paysInParts) ? random.whole(2, 3) : 1
  const payments: OrderPayment[] = []
  let left = total
  let on = day + customer.termsDays + Math.round(random.around(customer.lateDays, customer.spreadDays))
  for (let part = 1; part <= parts; part++) {
    on = Math.min(Math.max(on, day + 4), day + PAY_DAYS_MAX - 20)
    const amount =
      part === parts ? left : Math.round((total / parts / 1_000) * (0.8 + random.next() * 0.3)) * 1_000
    left -= amount
    if (amount <= 0 || left < 0) break
    payments.push({
      id: `${id}-pay-${part}`,
      day: on,
      minute: random.whole(OPENS, CLOSES),
      amount,
      method: random.pick(['bank', 'bank', 'cheque', 'bkash', 'nagad', 'cash']),
      allocatedDay: random.chance(0.03) ? on + random.whole(2, 12) : undefined,
    })
    on += random.whole(5, 20)
  }
  return payments
}

const at = (minute: number, item: PlannedItem): Planned => ({ minute, item })

function ordered(order: Order): readonly Planned[] {
  const { id, day, minute, customer, lines, draft, disputed } = order
  const body = {
    id,
    customerId: customer.id,
    invoiceDate: formatDay(day),
    dueDate: formatDay(day + customer.termsDays),
    category: 'wholesale',
    productCategory: lines[0]?.category ?? '',
    disputed,
    status: draft ? 'DRAFT' : 'APPROVED',
    lines: lines.map((line) => ({
      description: line.description,
      quantity: String(line.quantity),
      unitPrice: taka(line.price),
      vatCode: 'standard',
    })),
  }
  const created = at(minute, { type: 'invoice.create', body })
  if (!draft) return [created]
  const approve = {
    type: 'invoice.approve',
    id,
    key: `${id}-approve`,
    body: { approvedDate: formatDay(day) },
  }
  return [created, at(minute + 15, approve)]
}

/** What happens to an order on a day after it was written: payments, allocations, cancelling, more time. */
function followUps(order: Order, day: EpochDay): readonly Planned[] {
  const { id, customer } = order
  const list: Planned[] = []
  const date = formatDay(day)
  if (order.cancelledDay === day) {
    const body = { cancelledDate: date, reason: 'Ordered twice' }
    list.push(at(OPENS + 5, { type: 'invoice.cancel', id, key: `${id}-cancel`, body }))
  }
  if (order.postponedDay === day) {
    const dueDate = formatDay(order.day + customer.termsDays + 15)
    const body = { dueDate, effectiveDate: date, reason: 'Agreed with the buyer' }
    list.push(at(OPENS + 10, { type: 'invoice.due-date', id, key: `${id}-due`, body }))
  }
  for (const payment of order.payments) {
    const allocations = [{ invoiceId: id, amount: taka(payment.amount) }]
    if (payment.day === day) {
      const body = {
        id: payment.id,
        customerId: customer.id,
        method: payment.method,
        paymentDate: date,
        amount: taka(payment.amount),
        ...(payment.allocatedDay === undefined ? { allocations } : {}),
      }
      list.push(at(payment.minute, { type: 'payment.receive', body }))
    }
    if (payment.allocatedDay === day) {
      const body = { allocationDate: date, allocations }
      list.push(
        at(OPENS + 20, { type: 'payment.allocate', id: payment.id, key: `${payment.id}-allocate`, body }),
      )
    }
  }
  return list
}
