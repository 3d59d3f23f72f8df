/**
 * The worked queries of docs/examples/sql, asked by an analyst over HTTP. The company is small enough to know every
 * answer by hand; a query without an expected answer has to run and to have columns.
 */
import { createHmac } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { openBooks } from '../support/books.ts'
import { command, eventually } from '../support/http.ts'
import { describeStack } from '../support/stack.ts'

const FOLDER = new URL('../../docs/examples/sql/', import.meta.url)
const QUERIES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.sql'))
  .sort()

/** What the company of this test answers: rows in order, of the columns named. */
const EXPECTED: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  '01-revenue-by-month.sql': [
    { month: '2026-01-01', net_revenue: '1000', invoices: 1 },
    // Invoiced 600, credited 100.
    { month: '2026-02-01', net_revenue: '500', invoices: 1 },
  ],
  '02-revenue-by-customer.sql': [
    { customer_id: 'cust-1', net_revenue: '900' },
    { customer_id: 'cust-2', net_revenue: '600' },
  ],
  '03-revenue-by-category.sql': [
    { category: 'GOODS', net: '1000', percent: '62.5' },
    { category: 'SERVICE', net: '600', percent: '37.5' },
  ],
  '04-open-items.sql': [
    // 1,150 with VAT, less 400 paid and 115 credited.
    { customer_name: 'Padma Textiles', due_date: '2026-01-31', open_amount: '635' },
    { customer_name: 'Jamuna Foods', due_date: '2026-03-01', open_amount: '690' },
  ],
  '05-aging-by-customer.sql': [
    { customer_name: 'Jamuna Foods', due_over_90: '690', unapplied: '0', total: '690' },
    { customer_name: 'Padma Textiles', due_over_90: '635', unapplied: '-50', total: '585' },
  ],
  // Paid on 10 February: 36 days after the invoice, 10 after the due date.
  '06-days-to-pay.sql': [{ customer_id: 'cust-1', allocations: 1, median_days: 36, median_days_late: 10 }],
  '07-unapplied-payments.sql': [
    { payment_date: '2026-02-10', amount: '450', allocated_amount: '400', unapplied: '50' },
  ],
  '08-expenses-by-department.sql': [{ department: 'SALES', category: 'RENT', expenses: 1, net: '200' }],
  '10-payables-due.sql': [{ week: '2026-03-09', currency: 'BDT', bills: 1, to_pay: '345' }],
  '11-vat-by-month.sql': [
    { month: '2026-01-01', output_vat: '150' },
    { month: '2026-02-01', output_vat: '75' },
  ],
  '12-trial-balance.sql': [{ balanced: 1 }],
  '14-cash-movements.sql': [{ entry_date: '2026-02-10', moved: '450', balance: '450' }],
  '15-control-account.sql': [{ ledger: '1275', open_items: '1275', difference: '0' }],
  '16-manual-entries.sql': [],
  '17-stock-to-reorder.sql': [],
  '19-refused-events.sql': [],
}

describeStack(
  'the worked queries for analysts',
  ['commandsUrl', 'jwtAccessSecret', 'clickhouseUrl', 'clickhouseAnalystSecret'],
  (stack) => {
    let analyst: ClickHouseClient
    const ask = async (file: string): Promise<Record<string, unknown>[]> => {
      const answer = await analyst.query({
        query: readFileSync(new URL(file, FOLDER), 'utf8'),
        format: 'JSONEachRow',
        clickhouse_settings: {
          output_format_json_quote_64bit_integers: 0,
          output_format_json_quote_decimals: 1,
        },
      })
      return answer.json<Record<string, unknown>>()
    }

    beforeAll(async () => {
      const books = await openBooks(stack, { prefix: 'sql' })
      const post = (path: string, body: object) =>
        command<{ id: string }>(stack.commandsUrl, path, books.writer, body)
      const line = (unitPrice: string) => [{ description: 'work', unitPrice, vatCode: 'standard' }]
      await post('/v1/customers', { id: 'cust-2', name: 'Jamuna Foods' })
      const first = await books.invoice('', {
        invoiceDate: '2026-01-05',
        dueDate: '2026-01-31',
        category: 'GOODS',
        lines: line('1000.00'),
      })
      await books.invoice('', {
        customerId: 'cust-2',
        invoiceDate: '2026-02-01',
        dueDate: '2026-03-01',
        category: 'SERVICE',
        lines: line('600.00'),
      })
      await post('/v1/credit-notes', {
        customerId: 'cust-1',
        creditDate: '2026-02-15',
        lines: line('100.00'),
        allocations: [{ invoiceId: first, amount: '115.00' }],
      })
      await books.payment('450.00', {
        paymentDate: '2026-02-10',
        allocations: [{ invoiceId: first, amount: '400.00' }],
      })
      await post('/v1/expenses', {
        category: 'RENT',
        department: 'SALES',
        netAmount: '200.00',
        expenseDate: '2026-02-20',
        status: 'APPROVED',
      })
      await post('/v1/vendors', { id: 'v-1', name: 'Meghna Paper', tin: '123456789012' })
      await post('/v1/bills', {
        vendorId: 'v-1',
        billDate: '2026-02-12',
        dueDate: '2026-03-14',
        status: 'APPROVED',
        lines: line('300.00'),
      })
      const user = `analyst_${books.tenant}`
      analyst = createClient({
        url: stack.clickhouseUrl,
        username: user,
        password: createHmac('sha256', stack.clickhouseAnalystSecret).update(user).digest('hex'),
        database: 'finance',
      })
      await eventually('the facts', async () => {
        expect(await ask('10-payables-due.sql')).toHaveLength(1)
        expect(await ask('15-control-account.sql')).toMatchObject([{ difference: '0', ledger: '1275' }])
      })
    }, 120_000)
    afterAll(() => analyst?.close())

    it('are twenty, and each begins with its question', () => {
      expect(QUERIES).toHaveLength(20)
      for (const file of QUERIES) expect(readFileSync(new URL(file, FOLDER), 'utf8')).toMatch(/^-- .+[.?]\n/)
    })

    it.each(QUERIES)(
      '%s',
      async (file) => {
        const rows = await ask(file)
        const expected = EXPECTED[file]
        if (expected === undefined) return
        expect(rows).toHaveLength(expected.length)
        expect(rows).toMatchObject(expected.map((row) => ({ ...row })))
      },
      30_000,
    )
  },
)
