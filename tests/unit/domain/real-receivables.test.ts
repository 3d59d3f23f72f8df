/**
 * 2,466 real invoices of 100 customers, when the file is there: the book at every midnight of two years against a plain
 * filter over the lines of the file.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import type { FinanceEvent } from '../../../schemas/generated/records.ts'
import { formatDay, parseDay } from '../../../schemas/values/calendar.ts'
import { realInput } from '../../support/receivables-oracle.ts'
import { invoice, payment, TestBook } from './support.ts'

const input = realInput('ibm_accounts_receivable.csv')
const whenThere = input.path === undefined ? it.skip : it
const FROM = parseDay('2012-01-01')
const TO = parseDay('2013-12-31')

interface Line {
  readonly number: string
  readonly customer: string
  readonly date: number
  readonly due: number
  readonly settled: number
  readonly amount: string
}

/** month/day/year. */
const american = (text: string): number => {
  const [month = '', date = '', year = ''] = text.split('/')
  return parseDay(`${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`)
}

function linesOf(path: string): Line[] {
  const [header = '', ...rows] = readFileSync(path, 'utf8').trim().split(/\r?\n/)
  const names = header.split(',')
  return rows.map((row) => {
    const cells = row.split(',')
    const cell = (name: string) => cells[names.indexOf(name)] ?? ''
    return {
      number: cell('invoiceNumber'),
      customer: cell('customerID'),
      date: american(cell('InvoiceDate')),
      due: american(cell('DueDate')),
      settled: american(cell('SettledDate')),
      amount: cell('InvoiceAmount'),
    }
  })
}

const cents = (amount: string): number => Math.round(Number(amount) * 100)

function plainAging(lines: readonly Line[], asOf: number, basis: 'due' | 'date'): number[] {
  const buckets = [0, 0, 0, 0, 0]
  for (const line of lines) {
    if (line.date > asOf || line.settled <= asOf) continue
    const age = asOf - line[basis]
    const bucket = age > 90 ? 4 : age > 60 ? 3 : age > 30 ? 2 : age > 0 ? 1 : 0
    buckets[bucket] = (buckets[bucket] ?? 0) + cents(line.amount)
  }
  return buckets
}

const eventsOf = (lines: readonly Line[]) => ({
  invoices: lines.map(
    (l): FinanceEvent =>
      invoice(l.number, { customer: l.customer, date: l.date, due: l.due, total: l.amount, currency: 'USD' }),
  ),
  payments: lines.map((l): FinanceEvent => {
    const to = { [l.number]: l.amount }
    return payment(`P${l.number}`, {
      customer: l.customer,
      date: l.settled,
      amount: l.amount,
      currency: 'USD',
      to,
    })
  }),
})

function compare(book: TestBook, lines: readonly Line[], customer?: string): void {
  const mine = customer === undefined ? lines : lines.filter((l) => l.customer === customer)
  const { due, posting, unapplied, total } = book.aging(customer)
  const inCents = (amounts: readonly bigint[]) => amounts.map((a) => Number(a) / 100)
  const expected = plainAging(mine, book.today, 'due')
  const day = formatDay(book.today)
  expect({ day, customer, due: inCents(due) }).toEqual({ day, customer, due: expected })
  expect({ day, customer, posting: inCents(posting) }).toEqual({
    day,
    customer,
    posting: plainAging(mine, book.today, 'date'),
  })
  expect([unapplied, Number(total) / 100]).toEqual([0n, expected.reduce((a, b) => a + b, 0)])
}

function openBook(today: number): TestBook {
  const book = new TestBook(today)
  book.currency = 'USD'
  return book
}

describe(`real receivables${input.path === undefined ? ` (skipped: ${input.reason})` : ''}`, () => {
  whenThere('known ahead age at every midnight of 2012 and 2013 as the file says, on both bases', () => {
    const lines = linesOf(input.path ?? '')
    expect(lines).toHaveLength(2466)
    const { invoices, payments } = eventsOf(lines)
    // Payments first: each waits for its invoice.
    const book = openBook(FROM - 1).fold(...payments, ...invoices)
    for (let day = FROM; day <= TO; day++) compare(book.moveTo(day), lines)
  })

  whenThere('that come as history age as the file says, customer by customer', () => {
    const lines = linesOf(input.path ?? '')
    const { invoices, payments } = eventsOf(lines)
    for (let day = parseDay('2012-02-29'); day <= TO; day += 97) {
      const book = openBook(day).fold(...invoices, ...payments)
      for (const customer of new Set(lines.map((l) => l.customer))) compare(book, lines, customer)
    }
  })
})
