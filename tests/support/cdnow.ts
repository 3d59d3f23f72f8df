/** The independent opinion on the CDNOW purchases: sums of the raw lines, read with a split. A purchase of nothing is no sale. */
import { readFileSync } from 'node:fs'

export interface Purchase {
  readonly customer: string
  /** YYYY-MM-DD. */
  readonly day: string
  readonly cents: number
  readonly line: string
}

/** Purchases with a price, of every so-many-th customer by number; `header` and the lines as they are in the file. */
export function purchasesOf(file: string, every = 1) {
  const [header = '', ...lines] = readFileSync(file, 'utf8').split(/\r?\n/)
  const taken = lines.filter((line) => line !== '' && Number(line.trim().split(/\s+/)[0]) % every === 0)
  const all = taken.map((line): Purchase => {
    const [customer = '', date = '', , dollars = ''] = line.trim().split(/\s+/)
    const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`
    return { customer, day, cents: Math.round(Number(dollars) * 100), line }
  })
  return { header, lines: taken, sales: all.filter(({ cents }) => cents > 0) }
}

export interface Sums {
  readonly cents: number
  readonly sales: number
}

/** Revenue and number of sales by day. */
export function byDay(sales: readonly Purchase[]): ReadonlyMap<string, Sums> {
  const days = new Map<string, Sums>()
  for (const { day, cents } of sales) {
    const { cents: before, sales: n } = days.get(day) ?? { cents: 0, sales: 0 }
    days.set(day, { cents: before + cents, sales: n + 1 })
  }
  return days
}

/** Sales that say the same as one before them: customer, day, quantity and price. */
export const repeated = (sales: readonly Purchase[]): number =>
  sales.length - new Set(sales.map(({ line }) => line)).size

export const dollars = (cents: number): string =>
  `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`
