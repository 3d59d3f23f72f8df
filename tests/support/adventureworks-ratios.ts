/**
 * The independent opinion on AdventureWorks' ratios: from the lines of its files alone, cents as rounded floats. What an
 * account is, is read off the file's own hierarchy by name, where the importer goes by codes. Amounts of income and expense
 * accounts are flows of their date; a date on which an organisation has assets is a whole snapshot of its balances, any
 * other one adds to it. The file balances to the cent, so nothing is lost by rounding.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'

interface Account {
  readonly name: string
  readonly type: string
  /** Names of the account and of all above it. */
  readonly within: ReadonlySet<string>
}

interface Fact {
  readonly day: number
  readonly org: string
  readonly account: Account
  readonly isFlow: boolean
  /** Cents, debits above zero. */
  readonly net: number
}

const DAY_MS = 86_400_000
const COUNTED = new Set(['Assets', 'Liabilities', 'Revenue', 'Expenditures'])
const split = (file: string): string[][] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split('|'))
const cents = (text: string): number => Math.sign(Number(text)) * Math.round(Math.abs(Number(text)) * 100)
export const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / DAY_MS

function accountsOf(file: string): ReadonlyMap<string, Account> {
  const rows = new Map(
    split(file).map(([key = '', parent = '', , , name = '', type = '']) => [key, { parent, name, type }]),
  )
  const within = (key: string): string[] => {
    const row = rows.get(key)
    return row === undefined ? [] : [row.name, ...within(row.parent)]
  }
  return new Map(
    [...rows].map(([key, { name, type }]) => [key, { name, type, within: new Set(within(key)) }]),
  )
}

type Totals = ReadonlyMap<Account, number>

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

function totals(facts: readonly Fact[]): Totals {
  const found = new Map<Account, number>()
  for (const { account, net } of facts) found.set(account, (found.get(account) ?? 0) + net)
  return found
}

const under = (nets: Totals, headings: readonly string[]): number =>
  sum([...nets].filter(([{ within }]) => headings.some((one) => within.has(one))).map(([, net]) => net))

function remembered(make: (day: number) => Totals): (day: number) => Totals {
  const known = new Map<number, Totals>()
  return (day) => {
    const found = known.get(day) ?? make(day)
    known.set(day, found)
    return found
  }
}

/** Numerator and denominator in cents or cents times days; both are divided with BigInt, half away from zero. */
export type Fraction = readonly [numerator: number, denominator: number]

export class AdventureWorks {
  /** Dates of the file, in order. */
  readonly dates: readonly string[]
  readonly #facts: readonly Fact[]
  readonly #days: readonly number[]

  constructor(folder: string) {
    const accounts = accountsOf(path.join(folder, 'aw_DimAccount.csv'))
    const facts: Fact[] = []
    for (const [, date = '', org = '', , scenario, key = '', amount = ''] of split(
      path.join(folder, 'aw_FactFinance.csv'),
    )) {
      const account = accounts.get(key)
      if (scenario !== '1' || account === undefined || !COUNTED.has(account.type)) continue
      const isDebit = account.type === 'Assets' || account.type === 'Expenditures'
      facts.push({
        day: dayOf(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`),
        org,
        account,
        isFlow: account.type === 'Revenue' || account.type === 'Expenditures',
        net: isDebit ? cents(amount) : -cents(amount),
      })
    }
    this.#facts = facts
    this.#days = [...new Set(facts.map(({ day }) => day))].sort((a, b) => a - b)
    this.dates = this.#days.map((day) => new Date(day * DAY_MS).toISOString().slice(0, 10))
  }

  /** Flows of the days under one of these headings, income above zero. */
  #income(from: number, to: number, ...headings: readonly string[]): number {
    const days = this.#days.filter((day) => day >= from && day <= to)
    return -sum(days.map((day) => under(this.#flowsOf(day), headings)))
  }

  /** Debits less credits under one of these headings at the end of a day. */
  balance(day: number, ...headings: readonly string[]): number {
    const last = this.#days.findLast((one) => one <= day)
    return last === undefined ? 0 : under(this.#standingOn(last), headings)
  }

  readonly #flowsOf = remembered((day) => totals(this.#facts.filter((one) => one.isFlow && one.day === day)))

  readonly #standingOn = remembered((day) => {
    const known = this.#facts.filter((one) => !one.isFlow && one.day <= day)
    const whole = new Map<string, number>()
    for (const { org, day: on, account } of known)
      if (account.type === 'Assets') whole.set(org, Math.max(whole.get(org) ?? 0, on))
    return totals(known.filter((one) => one.day >= (whole.get(one.org) ?? 0)))
  })

  /** Each ratio of the days up to one. */
  ratios(from: number, to: number): Readonly<Record<string, Fraction>> {
    const at = (...headings: string[]) => this.balance(to, ...headings)
    const before = (...headings: string[]) => this.balance(from - 1, ...headings)
    const flow = (...headings: string[]) => this.#income(from, to, ...headings)
    const days = to - Math.max(from, this.#days[0] ?? from) + 1
    const sales = flow('Net Sales')
    const cost = -flow('Total Cost of Sales')
    const interest = -flow('Interest Expense')
    const tax = -flow('Taxes')
    const worn = -flow('Depreciation')
    const profit = flow('Net Income')
    const quick = at('Cash', 'Receivables', 'Allowance for Bad Debt')
    const owed = -at('Current Liabilities')
    const equity = at('Assets') + at('Liabilities')
    const equityBefore = before('Assets') + before('Liabilities')
    const debt = -at('Notes Payable', 'Current Installments of Long-term Debt', 'Long Term Obligations')
    const stock = before('Inventory') + at('Inventory')
    const assets = before('Assets') + at('Assets')
    return {
      currentRatio: [at('Current Assets'), owed],
      workingCapitalRatio: [at('Current Assets'), owed],
      quickRatio: [quick, owed],
      debtToEquity: [debt, equity],
      grossProfitMargin: [(sales - cost) * 100, sales],
      operatingProfitMargin: [(profit + interest + tax) * 100, sales],
      netProfitMargin: [profit * 100, sales],
      interestCoverage: [profit + interest + tax, interest],
      returnOnAssets: [profit * 73_000, assets * days],
      returnOnEquity: [profit * 73_000, (equityBefore + equity) * days],
      assetTurnover: [sales * 730, assets * days],
      dio: [stock * days, cost * 2],
      inventoryTurnover: [cost * 730, stock * days],
      // Amounts.
      netIncome: [profit, 100],
      ebitda: [profit + interest + tax + worn, 100],
      inventory: [at('Inventory'), 100],
      payables: [-at('Accounts Payable'), 100],
      cashPosition: [at('Cash'), 100],
      netWorkingCapital: [at('Current Assets') - owed, 100],
      tradeWorkingCapital: [at('Receivables', 'Allowance for Bad Debt') + at('Accounts Payable'), 100],
    }
  }
}

/** A fraction with so many decimals, half away from zero; null over zero. */
export function decimalOf([numerator, denominator]: Fraction, decimals: number): string | null {
  if (denominator === 0) return null
  if (![numerator, denominator].every(Number.isSafeInteger))
    throw new RangeError(`${numerator} / ${denominator}`)
  const [n, d] = [BigInt(Math.abs(numerator)), BigInt(Math.abs(denominator))]
  const digits = ((n * 2n * 10n ** BigInt(decimals) + d) / (2n * d)).toString().padStart(decimals + 1, '0')
  const isNegative = numerator < 0 !== denominator < 0 && /[1-9]/.test(digits)
  return `${isNegative ? '-' : ''}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}
