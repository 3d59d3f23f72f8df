/**
 * hledger's opinion on the exported journal, to the last decimal: of small books with all that is odd in them, and of the
 * demo company after a fiscal year, with what it does not do itself (bills, stock, credit notes, dollars) added monthly.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { exportJournal } from '../../producers/exporters/journal.ts'
import { CommandClient } from '../../producers/importers/client.ts'
import { Counter } from '../../producers/simulator/counter.ts'
import { Plan, type PlannedItem } from '../../producers/simulator/plan.ts'
import { type EpochDay, formatDay, parseDay } from '../../schemas/values/calendar.ts'
import { Hledger, type Nets } from '../support/hledger.ts'
import { freshTenant } from '../support/http.ts'
import { describeStack } from '../support/stack.ts'
import { type Answer, prepareStore, rowsOf, Service, Tenant } from './producers-harness.ts'

const FIRST = parseDay('2024-07-01')
const LAST = parseDay('2025-06-30')
const SEED = 7
/** Sales at the counter: the page's demo has more of them, for the eye. */
const SLOTS_A_DAY = 6
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

const line = (unitPrice: string, more: object = {}) => ({ unitPrice, vatCode: 'standard', ...more })

/** What the demo company does not do, once a month: with what it does, every table of postings is used. */
function monthly(day: EpochDay): readonly PlannedItem[] {
  const date = formatDay(day)
  const id = (name: string) => `${name}-${date}`
  const later = formatDay(day + 9)
  const usd = { currency: 'USD', fxRate: `118.${date.slice(5, 7)}` }
  const dearer = { currency: 'USD', fxRate: `119.0${date.slice(6, 7)}7` }
  const approved = { status: 'APPROVED' }
  const create = (type: string, body: Readonly<Record<string, unknown>>): PlannedItem => ({ type, body })
  const change = (type: string, target: string, body: object): PlannedItem => {
    return { type, id: target, key: `${type}-${target}`, body: { ...body } }
  }
  const bill = { vendorId: 'v', billDate: date, ...approved }
  const sale = { customerId: 'cust-001', invoiceDate: date, ...approved }
  const received = { customerId: 'cust-001', paymentDate: later }
  const paid = { direction: 'out', vendorId: 'v', paymentDate: later }
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
    create('payment.receive', {
      ...received,
      id: id('bad'),
      method: 'cheque',
      amount: '100.01',
      vdsWithheld: '1.50',
      tdsWithheld: '0.30',
    }),
    change('payment.reverse', id('bad'), { reversalDate: later }),
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
    create('journal-entry.create', {
      id: id('j'),
      entryDate: date,
      status: 'POSTED',
      lines: [
        { accountCode: '6100', debit: '0.07' },
        { accountCode: '1110', credit: '0.07' },
      ],
    }),
  ]
}

/** The year in the order of its days. */
function year(): readonly PlannedItem[] {
  const plan = new Plan(SEED, FIRST)
  const counter = new Counter({
    seed: SEED,
    speed: 1,
    customers: plan.customers,
    open: [],
    nowMs: FIRST * DAY_MS,
  })
  const items: PlannedItem[] = [
    ...plan.opening(),
    { type: 'vendor.create', body: { id: 'v', name: 'Karim Steel', tin: '123456789012' } },
    { type: 'product.create', body: { id: 'rice', sku: 'RICE-1', name: 'Rice', unit: 'KG' } },
  ]
  for (let day = FIRST; day <= LAST; day++) {
    items.push(...plan.day(day).map(({ item }) => item))
    for (let slot = 0; slot < SLOTS_A_DAY; slot++)
      items.push(...counter.slot(day * DAY_MS + slot * MINUTE_MS, day))
    if (formatDay(day).endsWith('-20')) items.push(...monthly(day))
  }
  return items
}

const withoutZeros = (nets: Nets): Nets =>
  Object.fromEntries(Object.entries(nets).filter(([, net]) => net !== '0.0000'))
const units = (net: string | undefined): bigint => BigInt((net ?? '0').replace('.', ''))

describeStack(
  'the exported journal, read by hledger',
  ['databaseUrl', 'databaseOwnerUrl', 'databaseReaderUrl', 'jwtAccessSecret', 'hledger'],
  (stack) => {
    let service: Service
    beforeAll(async () => {
      await prepareStore(stack)
      service = await Service.open(stack)
    })
    afterAll(() => service.close())

    const sql = <T extends Record<string, unknown>>(tenant: string, text: string, values: unknown[] = []) =>
      rowsOf<T>(stack.databaseReaderUrl, tenant, text, values)
    const balances = async (tenant: string): Promise<Nets> => {
      const rows = await sql<{ code: string; net: string }>(
        tenant,
        `select account_code as code, (total_debit - total_credit)::numeric(18, 4)::text as net
         from finance.account_balances where total_debit <> 0 or total_credit <> 0`,
      )
      return Object.fromEntries(rows.map(({ code, net }) => [code, net]))
    }
    const closeYear = async (tenant: Tenant, name: string): Promise<void> => {
      const token = await service.token(tenant.id, 'operator')
      const closed = await service.send('POST', `/v1/fiscal-years/${name}/close`, { token, body: {} })
      if (closed.status !== 202) throw new Error(JSON.stringify(closed.body))
    }
    async function reading<T>(tenant: string, look: (hledger: Hledger) => T | Promise<T>): Promise<T> {
      const hledger = await Hledger.read(stack.databaseReaderUrl, tenant)
      try {
        return await look(hledger)
      } finally {
        hledger.close()
      }
    }

    it('of small books with odd names, two currencies and bounced payments has every balance', async () => {
      const tenant = await Tenant.open(service, 'export')
      await tenant.post('/v1/customers', { id: 'odd', name: 'Karim; "Sons" | (Ltd)  [রহিম]: ৳' })
      await tenant.post('/v1/accounts', {
        code: '6999',
        name: 'Odd; name: with  (all) | of it',
        accountClass: 'EXPENSE',
      })
      const days = ['2025-12-31', '2026-02-28', '2026-06-30', '2026-07-01', '2026-11-01']
      const accepted: number[] = []
      const keep = async (answer: Promise<Answer>) => accepted.push((await answer).status)
      const rules = [{ role: 'expense', key: 'odd', accountId: '6999' }]
      await keep(tenant.post('/v1/posting-rules', { rules }))
      for (let i = 0; i < 40; i++) {
        const day = days[i % days.length]
        const usd = i % 4 === 0 ? { currency: 'USD', fxRate: '118.37' } : {}
        const lines = [{ unitPrice: `${i + 1}.0${i % 10}`, quantity: '1.37', vatCode: 'standard' }]
        await keep(
          tenant.invoice('0', {
            id: `i${i}`,
            customerId: i % 3 ? 'c' : 'odd',
            invoiceDate: day,
            ...usd,
            lines,
          }),
        )
        await keep(
          tenant.payment(`${i + 2}.33`, {
            id: `p${i}`,
            paymentDate: day,
            method: i % 2 ? 'cash' : 'bkash',
            ...usd,
          }),
        )
        await keep(
          tenant.post('/v1/expenses', {
            category: i % 2 ? 'odd' : 'rent',
            netAmount: `3.${10 + i}`,
            vatAmount: '0.07',
            expenseDate: day,
            status: 'APPROVED',
            ...usd,
          }),
        )
        if (i % 5 === 0) await keep(tenant.post(`/v1/payments/p${i}/reverse`, { reversalDate: '2026-11-02' }))
        if (i % 7 === 0) await keep(tenant.post(`/v1/invoices/i${i}/cancel`, { cancelledDate: '2026-11-02' }))
      }
      expect(accepted.filter((status) => status > 202)).toEqual([])
      await closeYear(tenant, '2025-26')
      const stored = await balances(tenant.id)
      expect(Object.keys(stored).length).toBeGreaterThan(8)
      const summary = await reading(tenant.id, (hledger) => {
        expect(hledger.balances()).toEqual(stored)
        expect(hledger.run('stats')).toMatch(new RegExp(`Transactions\\s*: ${hledger.summary.entries} `))
        return hledger.summary
      })
      const entries = await sql<{ n: number }>(
        tenant.id,
        'select count(distinct journal_id)::integer as n from finance.journal_lines',
      )
      expect(summary.entries).toBe(entries[0]?.n)
      const csv: string[] = []
      await exportJournal(stack.databaseReaderUrl, tenant.id, 'csv', (text) => void csv.push(text))
      expect(csv.join('').trim().split('\n')).toHaveLength(summary.lines + 1)
      expect(
        await exportJournal(stack.databaseReaderUrl, freshTenant('none'), 'csv', () => undefined),
      ).toBeUndefined()
    }, 60_000)

    it('of the demo company after a fiscal year has every balance, and the trial balance of every week', async () => {
      const tenant = await Tenant.open(service, 'year')
      const client = new CommandClient({ commandsUrl: service.url, token: tenant.token })
      const items = year()
      for (let at = 0; at < items.length; at += 500) {
        const outcomes = await client.batch('year', items.slice(at, at + 500))
        expect(outcomes.filter((one) => one.status !== 'accepted')).toEqual([])
      }
      const documents = await sql<{ n: number }>(
        tenant.id,
        `select count(distinct (source_type, source_id))::int as n from finance.journal_lines`,
      )
      expect(documents[0]?.n).toBeGreaterThan(6_000)
      await reading(tenant.id, async (hledger) => {
        expect(hledger.balances()).toEqual(await balances(tenant.id))
        const rows = await sql<{ day: string; code: string; net: string }>(
          tenant.id,
          `select to_char(d, 'YYYY-MM-DD') as day, account_code as code, (debit - credit)::numeric(18, 4)::text as net
           from generate_series($1::date, $2::date, interval '7 days') as d, finance.trial_balance(d::date)`,
          [formatDay(FIRST), formatDay(LAST)],
        )
        const stored = new Map<string, Record<string, string>>()
        for (const { day, code, net } of rows) stored.set(day, { ...stored.get(day), [code]: net })
        const daily = hledger.daily()
        for (const [day, nets] of stored)
          expect([day, withoutZeros(daily.get(day) ?? {})]).toEqual([day, nets])
        expect([stored.size, stored.has(formatDay(LAST))]).toEqual([53, true])
      })
      await closeYear(tenant, '2024-25')
      await reading(tenant.id, async (hledger) => {
        const nets = hledger.balances()
        expect(nets).toEqual(await balances(tenant.id))
        // Income and expenses are in retained earnings: what is left is what the company has and owes.
        expect(
          Object.entries(nets).filter(([code, net]) => /^[4-9]/.test(code) && units(net) !== 0n),
        ).toEqual([])
        expect(units(nets['3200'])).not.toBe(0n)
      })
    }, 300_000)
  },
)
