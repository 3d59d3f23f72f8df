/**
 * Owns the dated table of tax rates that holds where nothing else was set, and how a rate is looked up. PURE.
 * T1: a rate is chosen by the document's date; a code that is not in force on that day has none. T2: zero-rated and
 *     exempt are two codes: the first keeps input credit, the second loses it. T3: rates of VAT below the standard
 *     rate give no input credit (2012 Act), but for zero-rated supplies.
 * Bangladesh: VAT and Supplementary Duty Act 2012, in force since 1 July 2019, after the VAT Act 1991, in force since
 * 1 July 1991. `verified` = checked against the primary text; what is not is usual practice.
 */
import { type Amount, RATE_ONE } from '../values/amount.ts'
import { type EpochDay, parseDay } from '../values/calendar.ts'

export type TaxRateKind = 'VAT' | 'SD' | 'VDS' | 'TDS' | 'TURNOVER'

export interface TaxRate {
  /** Fraction, scale 8. */
  readonly rate: bigint
  /** Amount per unit in the base currency, where the tax is no rate. */
  readonly perUnit: Amount | null
  /** Input tax at this rate can be credited. */
  readonly creditable: boolean
}

/** Whoever knows rates: this table, or a tenant's and the operators' own before it. */
export interface TaxRates {
  rateOn(kind: TaxRateKind, code: string, day: EpochDay): TaxRate | undefined
}

export interface DatedTaxRate extends TaxRate {
  readonly kind: TaxRateKind
  readonly code: string
  readonly name: string
  readonly validFrom: EpochDay
  /** Last day; null = still in force. */
  readonly validTo: EpochDay | null
  readonly source: string
  readonly verified: boolean
}

const RATE_MAX = 20n * RATE_ONE

/** The rate, frozen; a RangeError where there can be no such rate. */
export function checkedTaxRate<T extends TaxRate>(rate: T): T {
  if (rate.rate < 0n || rate.rate > RATE_MAX) throw new RangeError(`no tax has the rate ${rate.rate}`)
  if (rate.perUnit !== null && (rate.perUnit <= 0n || rate.rate !== 0n)) {
    throw new RangeError('a tax is a rate, or an amount per unit that is more than zero')
  }
  return Object.freeze(rate)
}

/** VAT that is an amount per unit of the goods: the line or a rate that was set says how much. */
export const SPECIFIC = 'specific'
export const STANDARD_RATE = 15_000_000n
/** Codes that mean no VAT at all. */
export const WITHOUT_VAT: ReadonlySet<string> = new Set(['zero', 'exempt', 'none'])

const ACT_1991 = '1991-07-01'
const ACT_2012 = '2019-07-01'
const THIRD_SCHEDULE = 'VAT and SD Act 2012, Third Schedule'

interface Row {
  readonly code: string
  readonly name: string
  /** Fraction, scale 8. */
  readonly rate: bigint
  readonly from: string
  readonly to?: string
  readonly creditable?: true
  readonly source: string
  readonly verified?: true
}

const ROWS: readonly Row[] = [
  {
    code: 'standard',
    name: 'Standard, 15 %',
    rate: STANDARD_RATE,
    from: ACT_1991,
    creditable: true,
    source: 'VAT and SD Act 2012, s. 15(3); VAT Act 1991 before it',
    verified: true,
  },
  { code: 'reduced-10', name: 'Reduced, 10 %', rate: 10_000_000n, from: ACT_2012, source: THIRD_SCHEDULE },
  { code: 'reduced', name: 'Reduced, 7.5 %', rate: 7_500_000n, from: ACT_2012, source: THIRD_SCHEDULE },
  { code: 'reduced-7-5', name: 'Reduced, 7.5 %', rate: 7_500_000n, from: ACT_2012, source: THIRD_SCHEDULE },
  { code: 'reduced-5', name: 'Reduced, 5 %', rate: 5_000_000n, from: ACT_2012, source: THIRD_SCHEDULE },
  {
    code: 'truncated',
    name: 'Truncated value, 5 % in effect',
    rate: 5_000_000n,
    from: ACT_1991,
    source: 'the word of the time before the 2012 Act; a reduced rate without credit',
  },
  { code: 'reduced-2-4', name: 'Medicine, 2.4 %', rate: 2_400_000n, from: ACT_2012, source: THIRD_SCHEDULE },
  { code: 'reduced-2', name: 'Reduced, 2 %', rate: 2_000_000n, from: ACT_2012, source: THIRD_SCHEDULE },
  {
    code: 'trade',
    name: 'Local trading stage, 5 %',
    rate: 5_000_000n,
    from: ACT_2012,
    to: '2026-06-30',
    source: THIRD_SCHEDULE,
  },
  {
    code: 'trade',
    name: 'Local trading stage, 7.5 %',
    rate: 7_500_000n,
    from: '2026-07-01',
    source: 'Act 77 of 2026',
  },
  { code: SPECIFIC, name: 'Amount per unit', rate: 0n, from: ACT_1991, source: THIRD_SCHEDULE },
  {
    code: 'zero',
    name: 'Zero-rated',
    rate: 0n,
    from: ACT_1991,
    creditable: true,
    source: 'VAT and SD Act 2012, s. 21',
    verified: true,
  },
  {
    code: 'exempt',
    name: 'Exempt',
    rate: 0n,
    from: ACT_1991,
    source: 'VAT and SD Act 2012, First Schedule',
    verified: true,
  },
  {
    code: 'none',
    name: 'Outside VAT',
    rate: 0n,
    from: '1900-01-01',
    source: 'no supply in the sense of the Act',
    verified: true,
  },
]

export const DEFAULT_TAX_RATES: readonly DatedTaxRate[] = Object.freeze(
  ROWS.map((row) =>
    checkedTaxRate<DatedTaxRate>({
      kind: 'VAT',
      code: row.code,
      name: row.name,
      rate: row.rate,
      perUnit: null,
      creditable: row.creditable ?? false,
      validFrom: parseDay(row.from),
      validTo: row.to === undefined ? null : parseDay(row.to),
      source: row.source,
      verified: row.verified ?? false,
    }),
  ),
)

/** Of rates of one code that hold on a day, the one that began last. */
export const taxRatesOf = (table: readonly DatedTaxRate[]): TaxRates => ({
  rateOn(kind, code, day) {
    let found: DatedTaxRate | undefined
    for (const one of table) {
      if (one.kind !== kind || one.code !== code || one.validFrom > day) continue
      if (one.validTo !== null && one.validTo < day) continue
      if (!found || one.validFrom > found.validFrom) found = one
    }
    return found
  },
})

export const defaultTaxRates: TaxRates = taxRatesOf(DEFAULT_TAX_RATES)

/** Code of the table that stands for a VAT rate on a day, where there is one; `none` for no VAT. */
export const codeOfRate = (rate: bigint, day: EpochDay): string | undefined =>
  DEFAULT_TAX_RATES.find(
    (one) =>
      one.kind === 'VAT' &&
      one.rate === rate &&
      one.code !== SPECIFIC &&
      (rate !== 0n || one.code === 'none') &&
      one.validFrom <= day &&
      (one.validTo === null || day <= one.validTo),
  )?.code
