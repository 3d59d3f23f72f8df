/**
 * Owns the lines of a posting that say what was sold: what the customer owes, revenue, and the taxes on it. PURE.
 * S1: in the base currency they are balanced to the poisha: the taxes are converted each by itself, as the return states
 *     them, and the revenue lines share what is left of the total, each within a poisha of its own conversion.
 */
import type { InvoiceLine } from '../../schemas/generated/records.ts'
import { type Amount, convert, divideRounded, minorDigits, SCALE } from '../../schemas/values/amount.ts'
import type { PostingLine } from '../ledger/posting.ts'

export interface Sold {
  readonly customerId: string
  readonly category: string
  readonly fxRate: bigint
  readonly total: Amount
  readonly lines: readonly InvoiceLine[]
}

/** Sums of lines by what their key says; in the order in which they first come. */
function summed(
  lines: readonly InvoiceLine[],
  keyOf: (line: InvoiceLine) => string,
  amountOf: (line: InvoiceLine) => Amount,
): readonly (readonly [InvoiceLine, Amount])[] {
  const sums = new Map<string, readonly [InvoiceLine, Amount]>()
  for (const line of lines) {
    const key = keyOf(line)
    const [first, sum] = sums.get(key) ?? [line, 0n]
    sums.set(key, [first, sum + amountOf(line)])
  }
  return Array.from(sums.values())
}

/** Parts of `whole` as the weights are, each rounded to the currency's minor unit, and their sum the whole. */
function shared(whole: Amount, weights: readonly Amount[], currency: string): readonly Amount[] {
  const minor = 10n ** BigInt(SCALE - minorDigits(currency))
  const all = weights.reduce((sum, weight) => sum + weight, 0n)
  let weighed = 0n
  let given = 0n
  return weights.map((weight) => {
    weighed += weight
    const upTo = divideRounded(whole * weighed, all * minor) * minor
    const part = upTo - given
    given = upTo
    return part
  })
}

/** As a sale: the customer on the debit side. Turned round, it is a credit note. */
export function soldLines(
  { customerId, category, fxRate, total, lines }: Sold,
  role: 'revenue' | 'sales-returns',
  baseCurrency: string,
): readonly PostingLine[] {
  const baseOf = (amount: Amount): Amount => convert(amount, fxRate, baseCurrency)
  const revenue = summed(
    lines,
    (line) => `${line.accountId}\u0000${line.productId}\u0000${line.vatCode}`,
    (line) => line.netAmount,
  )
  const vat = summed(
    lines,
    (line) => line.vatCode,
    (line) => line.vatAmount,
  )
  const sd = lines.reduce((sum, line) => sum + line.sdAmount, 0n)
  const taxes: readonly PostingLine[] = [
    { side: 'credit', role: 'output-sd', amount: sd, base: baseOf(sd) },
    ...vat.map(([{ vatCode }, amount]): PostingLine => {
      const code = { key: vatCode, taxCode: vatCode }
      return { side: 'credit', role: 'output-vat', ...code, amount, base: baseOf(amount) }
    }),
  ]
  const owed = baseOf(total)
  const left = taxes.reduce((rest, { base = 0n }) => rest - base, owed)
  const weights = revenue.map(([, amount]) => amount)
  const bases = shared(left, weights, baseCurrency)
  return [
    {
      side: 'debit',
      role: 'receivables',
      amount: total,
      base: owed,
      party: { type: 'customer', id: customerId },
    },
    ...revenue.map(([{ accountId, productId, vatCode }, amount], index): PostingLine => {
      const of = { key: category, accountId, productId, taxCode: vatCode }
      return { side: 'credit', role, ...of, amount, base: bases[index] ?? 0n }
    }),
    ...taxes,
  ]
}
