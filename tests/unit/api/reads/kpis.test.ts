/**
 * One company, decided by the command rules, seen three ways: the fold of the processors, the SQL of the as-of path, and the
 * journal lines and documents behind each input. All three say the same number, for every KPI, window and input.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ORIGINS } from '../../../../api/reads/explain.ts'
import { TEST_CODEC, TestDriver } from '../../../../processors/runtime/testing/driver.ts'
import { buildTopologies } from '../../../../processors/topologies/index.ts'
import type { KpiResult } from '../../../../schemas/generated/records.ts'
import { LEDGER_INPUTS } from '../../../../schemas/rules/ledger-inputs.ts'
import { MEASURES } from '../../../../schemas/rules/kpis.ts'
import { WINDOWS } from '../../../../schemas/rules/windows.ts'
import { parseDecimal } from '../../../../schemas/values/amount.ts'
import { formatDay, parseDay, startOfDay } from '../../../../schemas/values/calendar.ts'
import { financeEvents } from '../../../support/finance-events.ts'
import { MemoryBooks } from '../../../support/memory-books.ts'
import { random } from '../../sinks/support/random-books.ts'
import { type ChdbApi, openChdbApi } from '../support/chdb-api.ts'

const SEED = Number(process.env['NIKASH_SEED'] ?? 20_261_129)
const TENANT = 'books'
const NOW = '2026-11-23T06:00:00Z'
const FIRST = parseDay('2025-03-01')
const LAST = parseDay('2026-11-23')
const DAYS = ['2026-11-23', '2026-11-30', '2026-12-06']

const journal = (id: string, entryDate: string, sides: Record<string, string>) => ({
  id,
  entryDate,
  status: 'POSTED',
  lines: Object.entries(sides).map(([accountId, amount]) =>
    amount.startsWith('-') ? { accountId, credit: amount.slice(1) } : { accountId, debit: amount },
  ),
})

/** A year and a half of trade, loans, machines, taxes, a closed year, corrections. */
function company(seed: number): MemoryBooks {
  const next = random(seed)
  const books = new MemoryBooks(NOW)
  const day = (span = LAST - FIRST) => formatDay(FIRST + next(span))
  const taka = (most: number) => `${1 + next(most)}.${String(next(100)).padStart(2, '0')}`
  for (const n of [1, 2, 3, 4]) {
    books.must('customer.create', { id: `c${n}`, name: `Customer ${n}` })
    books.must('vendor.create', { id: `v${n}`, name: `Vendor ${n}`, tin: `12345678901${n}` })
  }
  books.must('opening-balances.set', {
    id: 'opening',
    cutOff: formatDay(FIRST - 1),
    lines: [
      { accountId: '1110', debit: '90000' },
      { accountId: '1600', debit: '40000' },
      { accountId: '1690', credit: '9000' },
      { accountId: '2500', credit: '50000' },
      { accountId: '3100', credit: '71000' },
    ],
  })
  for (let n = 0; n < 45; n++) {
    const usd = next(6) === 0 ? { currency: 'USD', fxRate: '118.7' } : {}
    const line = {
      unitPrice: taka(usd.currency === undefined ? 9_000 : 90),
      vatCode: n % 3 === 0 ? 'standard' : 'zero',
    }
    const invoiceDate = day()
    books.must('invoice.create', {
      id: `i${n}`,
      customerId: `c${1 + next(4)}`,
      invoiceDate,
      dueDate: formatDay(parseDay(invoiceDate) + next(70)),
      status: 'APPROVED',
      ...usd,
      lines: [line],
    })
    const fate = next(8)
    if (fate === 0) books.run('invoice.cancel', { cancelledDate: day() }, `i${n}`)
    else if (fate < 6) {
      const amount = fate === 1 ? '12.34' : line.unitPrice
      const allocations = [{ invoiceId: `i${n}`, amount }]
      const paymentDate = formatDay(Math.min(LAST, parseDay(invoiceDate) + next(60)))
      books.run('payment.receive', {
        id: `p${n}`,
        customerId: 'c1',
        paymentDate,
        amount,
        allocations,
        ...usd,
      })
      if (fate === 5) books.run('payment.reverse', { reversalDate: day() }, `p${n}`)
    } else if (fate === 6) books.run('invoice.write-off', { amount: '1.00' }, `i${n}`)
  }
  // Luck may leave the year without an invoice that is paid in full.
  const sure = { customerId: 'c1', lines: [{ unitPrice: '1000.00', vatCode: 'zero' }], status: 'APPROVED' }
  books.must('invoice.create', { id: 'sure', ...sure, invoiceDate: '2026-06-01', dueDate: '2026-06-30' })
  const paid = { customerId: 'c1', paymentDate: '2026-06-20', amount: '1000.00' }
  const allocations = [{ invoiceId: 'sure', amount: '1000.00' }]
  books.must('payment.receive', { id: 'paid', ...paid, allocations })
  for (let n = 0; n < 25; n++) {
    const category = ['purchases', 'rent', 'office'][next(3)]
    const lines = [{ unitPrice: taka(5_000), vatCode: 'standard', category }]
    books.must('bill.create', {
      id: `b${n}`,
      vendorId: `v${1 + next(4)}`,
      billDate: day(),
      status: 'APPROVED',
      lines,
    })
    if (next(2) === 0) {
      const allocations = [{ billId: `b${n}`, amount: lines[0]?.unitPrice }]
      const out = {
        id: `o${n}`,
        direction: 'out',
        vendorId: 'v1',
        paymentDate: day(),
        amount: lines[0]?.unitPrice,
      }
      books.run('payment.receive', { ...out, allocations })
    }
  }
  for (let n = 0; n < 12; n++) {
    const body = { id: `e${n}`, category: 'salary', expenseDate: day(), netAmount: taka(4_000) }
    books.must('expense.record', { ...body, vatAmount: '0', status: 'APPROVED' })
    if (next(5) === 0) books.run('expense.cancel', { cancelledDate: day() }, `e${n}`)
  }
  books.must('product.create', { id: 'rice', sku: 'R-1', name: 'Rice', unit: 'KG' })
  const stock = { productId: 'rice', movement: 'RECEIPT', quantity: '100', unitCost: '45.50' }
  books.must('stock-movement.record', { ...stock, movementDate: '2025-04-01', movementId: 'm1' })
  for (let n = 0; n < 6; n++) {
    const issue = { ...stock, movement: 'ISSUE', quantity: `${1 + next(12)}`, unitCost: undefined }
    books.must('stock-movement.record', { ...issue, movementDate: day(), movementId: `s${n}` })
  }
  const post = (id: string, on: string, sides: Record<string, string>) =>
    books.must('journal-entry.create', journal(id, on, sides))
  for (let month = 0; month < 20; month++) {
    const on = formatDay(FIRST + month * 31)
    post(`dep${month}`, on, { '6800': '410.50', '1690': '-410.50' })
    post(`loan${month}`, on, { '2500': '700', '8010': '333.33', '1110': '-1033.33' })
  }
  post('machine', day(), { '1620': '15000', '1110': '-9000', '2300': '-6000' })
  post('more', day(), { '1110': '20000', '2500': '-20000' })
  post('move', day(), { '1101': '3000', '1110': '-3000' })
  post('shares', day(), { '1150': '2500', '1110': '-2500' })
  post('tax', '2026-09-01', { '8020': '812.25', '2240': '-812.25' })
  post('wrong', '2026-08-01', { '2500': '99', '1110': '-99' })
  books.must('journal-entry.reverse', { reversalDate: '2026-10-02' }, 'wrong')
  books.must('fiscal-year.close', {}, '2024-25')
  // A quarter of 92 days, of which 54 are gone on 23 November.
  const quarter = { from: '2026-10-01', to: '2026-12-31' }
  books.must('target.set', { measure: 'netRevenue', ...quarter, amount: '92000.00' })
  books.must('target.set', { measure: 'currentRatio', ...quarter, amount: '2', unit: 'ratio' })
  books.must('target.set', { measure: 'netRevenue', slice: 'category:Rice', ...quarter, amount: '5' })
  books.must('target.set', { measure: 'ebitda', from: '2026-12-01', to: '2026-12-31', amount: '5' })
  return books
}

interface Shown {
  readonly value: string | null
  readonly inputs: Record<string, string>
}
interface Answer {
  readonly kpis: Record<string, Shown>
  readonly partial: boolean
  readonly source: string
}

describe(`every KPI of a company (seed ${SEED})`, () => {
  let api: ChdbApi
  let driver: TestDriver
  beforeAll(async () => {
    const events = financeEvents(company(SEED))
    driver = new TestDriver({
      topologies: buildTopologies((type, value) => TEST_CODEC.encode(type, value)),
      startMs: startOfDay(LAST, 'Asia/Dhaka') + 3_600_000,
    })
    for (const one of events) driver.pipe(one)
    expect(driver.dlq()).toEqual([])
    api = await openChdbApi(events, NOW)
  }, 120_000)
  afterAll(() => api.close())

  it.each(DAYS)('is one number live and as of %s, with what it is compared with', async (day) => {
    driver.tick(startOfDay(parseDay(day), 'Asia/Dhaka') + 1)
    const live = driver.results().get(`${TENANT}|kpi|`)?.data as KpiResult
    expect(formatDay(live.asOf)).toBe(day)
    for (const window of WINDOWS) {
      const answer = (await api.get(`/v1/kpis?window=${window}&asOf=${day}`, TENANT)) as unknown as Answer
      const found = live.windows.find((one) => one.window === window)
      expect(answer).toMatchObject({ source: 'clickhouse', partial: found?.partial })
      const expected = (found?.measures ?? []).map(({ name, inputs, unit, ...maybe }) => [
        name,
        {
          unit,
          inputs,
          value: maybe.value,
          ...Object.fromEntries(Object.entries(maybe).filter(([, v]) => v !== null)),
        },
      ])
      expect(answer.kpis).toEqual(Object.fromEntries(expected))
      // The company has all of it: nothing is compared as null with null alone.
      const missing = Object.entries(answer.kpis).filter(([, { value }]) => value === null)
      if (window === '365d') expect(missing).toEqual([])
    }
    expect(MEASURES).toHaveLength(44)
  })

  it('is made of inputs that sum from their documents or journal lines', async () => {
    const [day] = DAYS
    const seen = new Map<string, string>()
    const { kpis } = (await api.get(`/v1/kpis?window=365d&asOf=${day}`, TENANT)) as unknown as Answer
    for (const [name, { inputs }] of Object.entries(kpis)) {
      for (const input of Object.keys(inputs)) {
        if (ORIGINS[input] !== undefined && !seen.has(input)) seen.set(input, name)
      }
    }
    for (const [input, name] of seen) {
      const path = `/v1/kpis/${name}/explain?window=365d&asOf=${day}&input=${input}&limit=500`
      const told = (await api.get(path, TENANT)) as unknown as {
        sum: { amount: string }
        rowCount: number
        data: readonly { amount: { amount: string }; id: string; kind: string }[]
        page: { hasMore: boolean }
      }
      const rows = told.data.reduce((sum, { amount }) => sum + parseDecimal(amount.amount), 0n)
      expect({ input, sum: told.sum.amount, rows, count: told.data.length, more: told.page.hasMore }).toEqual(
        {
          input,
          sum: kpis[name]?.inputs[input],
          rows: parseDecimal(kpis[name]?.inputs[input] ?? ''),
          count: told.rowCount,
          more: false,
        },
      )
    }
    const ofLedger = Object.keys(LEDGER_INPUTS)
    expect(ofLedger.filter((input) => !seen.has(input))).toEqual([])
    expect(seen.size).toBeGreaterThan(ofLedger.length + 12)
  }, 120_000)

  it('is held against the targets that run, by the days that are gone', async () => {
    const { data } = (await api.get(`/v1/achievements?asOf=${DAYS[0]}`, TENANT)) as unknown as {
      data: readonly Record<string, string | null>[]
    }
    const { kpis } = (await api.get(`/v1/kpis?window=30d&asOf=${DAYS[0]}`, TENANT)) as unknown as Answer
    const ratio = kpis['currentRatio']?.value ?? ''
    expect(data.map(({ measure, slice }) => [measure, slice])).toEqual([
      ['currentRatio', null],
      ['netRevenue', null],
      ['netRevenue', 'category:Rice'],
    ])
    expect(data[0]).toMatchObject({ actual: ratio, elapsedTarget: '2.0000' })
    expect(Number(data[0]?.['achievement'])).toBeCloseTo(Number(ratio) * 50, 5)
    // 92,000 / 92 x 54.
    expect(data[1]).toMatchObject({ elapsedTarget: '54000.0000' })
    const sold = (await api.get(`/v1/daily?from=2026-10-01&to=${DAYS[0]}`, TENANT)) as unknown as {
      data: readonly { netRevenue: { amount: string } }[]
    }
    const actual = sold.data.reduce((sum, one) => sum + parseDecimal(one.netRevenue.amount), 0n)
    expect(parseDecimal(data[1]?.['actual'] ?? '')).toBe(actual)
    expect(Number(data[1]?.['achievement'])).toBeCloseTo(Number(actual) / 5_400_000, 5)
    expect(data[2]).toMatchObject({ actual: null, achievement: null, reason: 'no_figures' })
  })

  it('shows journal lines by page, in order', async () => {
    const [day] = DAYS
    const ids: string[] = []
    let cursor = ''
    do {
      const path = `/v1/kpis/cashPosition/explain?window=365d&asOf=${day}&input=closingCash&limit=7${cursor}`
      const page = (await api.get(path, TENANT)) as unknown as {
        data: readonly { id: string; kind: string; party: string }[]
        page: { nextCursor: string | null }
      }
      for (const row of page.data) {
        ids.push(row.id)
        expect(row.kind).toBe('journal_line')
      }
      cursor = page.page.nextCursor === null ? '' : `&cursor=${page.page.nextCursor}`
    } while (cursor !== '')
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBeGreaterThan(14)
    expect(ids[0]).toBe('opening#1')
  }, 60_000)
})
