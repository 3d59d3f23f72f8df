/**
 * Owns the simulated fiscal year of the demo company: what the simulator does on each day, with counter sales, and once a
 * month all that it does not do itself (bills, stock, credit notes, dollars, instalments, loans, machines, taxes), so that
 * every posting table and every KPI has something to say. PURE: the same items each time, in the order of their days.
 */
import { Counter } from '../../producers/simulator/counter.ts'
import { Plan, type PlannedItem } from '../../producers/simulator/plan.ts'
import { type EpochDay, formatDay, parseDay } from '../../schemas/values/calendar.ts'

export const FIRST = parseDay('2024-07-01')
export const LAST = parseDay('2025-06-30')
export const YEAR_NAME = '2024-25'
const SEED = 7
/** Sales at the counter: the page's demo has more of them, for the eye. */
const SLOTS_A_DAY = 6
const MINUTE_MS = 60_000
export const DAY_MS = 86_400_000
/** Midnight in Dhaka, from that of the same day in UTC. */
export const MIDNIGHT_MS = -6 * 3_600_000

export interface DatedItem {
  /** When it is sent, in the simulated time. */
  readonly at: number
  readonly item: PlannedItem
}

const line = (unitPrice: string, more: object = {}) => ({ unitPrice, vatCode: 'standard', ...more })
const create = (type: string, body: Readonly<Record<string, unknown>>): PlannedItem => ({ type, body })
const change = (type: string, target: string, body: object): PlannedItem => {
  return { type, id: target, key: `${type}-${target}`, body: { ...body } }
}

/** A journal entry: accounts with debits above zero. */
const posted = (id: string, entryDate: string, sides: Readonly<Record<string, string>>): PlannedItem =>
  create('journal-entry.create', {
    id,
    entryDate,
    status: 'POSTED',
    lines: Object.entries(sides).map(([accountCode, amount]) =>
      amount.startsWith('-') ? { accountCode, credit: amount.slice(1) } : { accountCode, debit: amount },
    ),
  })

/** What the old books said, and how the year was paid for. */
function beginning(): readonly PlannedItem[] {
  const date = formatDay(FIRST)
  return [
    create('opening-balances.set', {
      id: 'opening',
      cutOff: formatDay(FIRST - 1),
      lines: [
        { accountCode: '1110', debit: '2500000.00' },
        { accountCode: '1620', debit: '800000.00' },
        { accountCode: '1690', credit: '120000.00' },
        { accountCode: '2500', credit: '900000.00' },
        { accountCode: '3100', credit: '2280000.00' },
      ],
    }),
    posted('capital', date, { '1110': '1500000.00', '3100': '-1500000.00' }),
    posted('loan', date, { '1110': '600000.00', '2300': '-600000.00' }),
    posted('machine', date, { '1630': '450000.00', '1110': '-450000.00' }),
    posted('shares', date, { '1150': '75000.00', '1115': '-75000.00' }),
    posted('patent', date, { '1700': '36000.00', '1110': '-36000.00' }),
  ]
}

/** Loans, assets and taxes of a month; the entry with principal of each third month was wrong and is reversed. */
function ledgerOfMonth(day: EpochDay): readonly PlannedItem[] {
  const date = formatDay(day)
  const id = (name: string) => `${name}-${date}`
  const wrong = id('twice')
  const month = Number(date.slice(5, 7))
  return [
    posted(id('interest'), date, { '8010': `81${month}.17`, '1110': `-81${month}.17` }),
    posted(id('principal'), date, { '2500': '25000.00', '2310': '5000.00', '1110': '-30000.00' }),
    posted(id('due-soon'), date, { '2500': '5000.00', '2310': '-5000.00' }),
    posted(id('worn'), date, { '6800': '10416.67', '6810': '1000.00', '1690': '-11416.67' }),
    posted(id('doubt'), date, { '6700': '1234.56', '1290': '-1234.56' }),
    posted(id('tax'), date, { '8020': '20000.00', '2240': '-20000.00' }),
    posted(id('tax-paid'), date, { '2240': '15000.00', '1110': '-15000.00' }),
    posted(id('moved'), date, { '1131': '7000.00', '1110': '-7000.00' }),
    posted(id('income'), date, { '1110': '333.33', '7010': '-333.33' }),
    ...(month % 3 === 0
      ? [
          posted(wrong, date, { '2300': '11000.00', '8010': '99.99', '1110': '-11099.99' }),
          change('journal-entry.reverse', wrong, { reversalDate: formatDay(day + 3) }),
        ]
      : []),
  ]
}

/** Documents that the demo company has none of. */
function documentsOfMonth(day: EpochDay): readonly PlannedItem[] {
  const date = formatDay(day)
  const id = (name: string) => `${name}-${date}`
  const later = formatDay(day + 9)
  const usd = { currency: 'USD', fxRate: `118.${date.slice(5, 7)}` }
  const dearer = { currency: 'USD', fxRate: `119.0${date.slice(6, 7)}7` }
  const approved = { status: 'APPROVED' }
  const bill = { vendorId: 'v', billDate: date, ...approved }
  const sale = { customerId: 'cust-001', invoiceDate: date, ...approved }
  const received = { customerId: 'cust-001', paymentDate: later }
  const paid = { direction: 'out', vendorId: 'v', paymentDate: later }
  const part = (after: number, amount: string) => ({ dueDate: formatDay(day + after), amount })
  const moved = (name: string, more: object): PlannedItem => ({
    type: 'stock-movement.record',
    key: id(name),
    body: { movementId: id(name), productId: 'rice', movementDate: date, ...more },
  })
  return [
    create('bill.create', { ...bill, id: id('b'), vdsRate: '0.15', tdsRate: '0.03', lines: [line('33.35')] }),
    create('payment.receive', {
      ...paid,
      id: id('bp'),
      amount: '30.00',
      allocations: [{ billId: id('b'), amount: '20.00' }],
    }),
    change('bill.write-off', id('b'), { amount: '1.11', writeOffDate: later }),
    create('bill.create', { ...bill, id: id('ub'), ...usd, lines: [line('77.77', { category: 'rent' })] }),
    create('payment.receive', {
      ...paid,
      id: id('ubp'),
      ...dearer,
      amount: '50.05',
      allocations: [{ billId: id('ub'), amount: '50.05' }],
    }),
    create('invoice.create', { ...sale, id: id('ui'), ...usd, lines: [line('99.99', { quantity: '1.37' })] }),
    create('payment.receive', {
      ...received,
      id: id('uip'),
      ...dearer,
      amount: '60.61',
      allocations: [{ invoiceId: id('ui'), amount: '60.61' }],
    }),
    create('invoice.create', { ...sale, id: id('i'), lines: [line('33.33', { quantity: '7' })] }),
    create('credit-note.issue', {
      id: id('n'),
      invoiceId: id('i'),
      creditDate: later,
      invoiceLines: [{ line: 1, quantity: '2' }],
    }),
    change('invoice.write-off', id('i'), { amount: '9.99', writeOffDate: later }),
    create('credit-note.issue', {
      id: id('n2'),
      customerId: 'cust-001',
      creditDate: date,
      lines: [line('500.00')],
    }),
    change('credit-note.cancel', id('n2'), { cancelledDate: formatDay(day + 10) }),
    create('invoice.create', {
      ...sale,
      id: id('parts'),
      ...usd,
      lines: [line('100.00', { vatCode: 'none', vatRate: '0' })],
      instalments: [part(10, '33.33'), part(45, '33.33'), part(100, '33.34')],
    }),
    create('payment.receive', {
      ...received,
      id: id('part-paid'),
      ...dearer,
      amount: '40.00',
      allocations: [{ invoiceId: id('parts'), amount: '40.00' }],
    }),
    change('invoice.due-date', id('i'), { dueDate: formatDay(day + 60), effectiveDate: later }),
    create('payment.receive', {
      ...received,
      id: id('bad'),
      method: 'cheque',
      amount: '100.01',
      vdsWithheld: '1.50',
      tdsWithheld: '0.30',
    }),
    change('payment.reverse', id('bad'), { reversalDate: later }),
    create('payment.receive', {
      ...received,
      id: id('failed'),
      amount: '70.00',
      allocations: [{ invoiceId: id('i'), amount: '50.00' }],
    }),
    change('payment.fail', id('failed'), { failedDate: formatDay(day + 12) }),
    moved('in', { movement: 'RECEIPT', quantity: '7', value: '100.00' }),
    moved('out', { movement: 'ISSUE', quantity: '3' }),
    moved('lost', { movement: 'ADJUSTMENT', quantity: '-0.33', reason: 'Spilt' }),
    create('expense.record', {
      id: id('e'),
      category: 'rent',
      netAmount: '10.01',
      expenseDate: date,
      ...approved,
    }),
    change('expense.cancel', id('e'), { cancelledDate: later }),
    posted(id('j'), date, { '6100': '0.07', '1110': '-0.07' }),
  ]
}

/** The year in the order of its days; what happens on a day is spread over it. */
export function demoYear(): readonly DatedItem[] {
  const plan = new Plan(SEED, FIRST)
  const counter = new Counter({
    seed: SEED,
    speed: 1,
    customers: plan.customers,
    open: [],
    nowMs: FIRST * DAY_MS,
  })
  const before: PlannedItem[] = [
    ...plan.opening(),
    { type: 'vendor.create', body: { id: 'v', name: 'Karim Steel', tin: '123456789012' } },
    { type: 'product.create', body: { id: 'rice', sku: 'RICE-1', name: 'Rice', unit: 'KG' } },
    ...beginning(),
  ]
  const dated: DatedItem[] = before.map((item) => ({ at: FIRST * DAY_MS + MIDNIGHT_MS, item }))
  for (let day = FIRST; day <= LAST; day++) {
    const items: PlannedItem[] = plan.day(day).map(({ item }) => item)
    for (let slot = 0; slot < SLOTS_A_DAY; slot++)
      items.push(...counter.slot(day * DAY_MS + slot * MINUTE_MS, day))
    if (formatDay(day).endsWith('-20')) items.push(...documentsOfMonth(day), ...ledgerOfMonth(day))
    const begins = day * DAY_MS + MIDNIGHT_MS
    items.forEach((item, i) => dated.push({ at: begins + Math.floor((i * DAY_MS) / items.length), item }))
  }
  return dated
}
