/**
 * The purchases of CDNOW, when the file is there, through the importer: none is lost and none is taken twice. Of one customer
 * in five, the same ones each time; of all with NIKASH_LONG (`./nikash test all`).
 */
import { describe, expect, it } from '@jest/globals'
import { byDay, dollars, purchasesOf, repeated, type Sums } from '../../../../support/cdnow.ts'
import { realInput } from '../../../../support/receivables-oracle.ts'
import { bodies, fileOf, run } from '../harness.ts'

const [every, rows, equal] = process.env['NIKASH_LONG'] === '1' ? [1, 69_659, 255] : [5, 13_833, 38]
const input = realInput('cdnow_master.txt')
const real = input.path === undefined ? describe.skip : describe

real(`the purchases of CDNOW${input.path === undefined ? ` (skipped: ${input.reason})` : ''}`, () => {
  it('are a sale each, equal ones of a day too, with the revenue of every day and the customers of the file', async () => {
    const { header, lines, sales } = purchasesOf(input.path ?? '', every)
    const ran = await run('sales', fileOf([header, ...lines]), { plan: { currency: 'USD' } })
    expect([lines.length, repeated(sales)]).toEqual([rows, equal])
    expect(ran.bad.filter(({ leftOut }) => !leftOut)).toEqual([])
    expect(ran.bad).toHaveLength(lines.length - sales.length)
    const invoices = bodies(ran, 'invoice.create')
    expect(new Set(invoices.map(({ id }) => id)).size).toBe(sales.length)
    const days = new Map<string, Sums>()
    for (const { invoiceDate, lines: of } of invoices) {
      const day = String(invoiceDate)
      const before = days.get(day) ?? { cents: 0, sales: 0 }
      const cents = (of as Record<string, string>[]).reduce(
        (sum, { quantity, unitPrice }) => sum + Number(quantity) * Math.round(Number(unitPrice) * 100),
        0,
      )
      days.set(day, { cents: before.cents + cents, sales: before.sales + 1 })
    }
    expect(days).toEqual(byDay(sales))
    const paid = bodies(ran, 'payment.receive').map(({ amount }) => String(amount))
    expect(paid.sort()).toEqual(sales.map(({ cents }) => dollars(cents)).sort())
    expect(new Set(invoices.map(({ customerId }) => customerId)).size).toBe(
      new Set(sales.map(({ customer }) => customer)).size,
    )
  }, 300_000)
})
