/**
 * Owns the form of every field that a command may carry (zod), and turning money text into amounts. Refuses: rules that
 * need state; those are in decide. PURE.
 * V1: money is decimal text, more than zero, at most 999999999.99, with at most the currency's minor digits.
 * V2: unknown fields are refused, so that tenantId, role or version cannot be smuggled in.
 */
import { z } from 'zod'
import {
  type Amount,
  fitsCurrency,
  minorDigits,
  parseDecimal,
  RATE_SCALE,
} from '../../schemas/values/amount.ts'
import { checkZone, type EpochDay, formatDay, parseDay } from '../../schemas/values/calendar.ts'
import { canonicalMobile } from '../../schemas/values/identifiers.ts'
import { EXTERNAL_ID, TENANT_ID } from '../../schemas/values/ids.ts'
import { refuseField } from './errors.ts'

/** 999999999.99 in ten-thousandths. */
export const AMOUNT_MAX: Amount = 9_999_999_999_900n
const DECIMAL = /^\d{1,12}(\.\d{1,8})?$/

export const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(value), 'has control characters')
export const label = (max: number) =>
  text(max).refine((value) => value.trim() === value && value !== '', 'is empty or has spaces around it')

export const tenantId = z
  .string()
  .regex(
    TENANT_ID,
    'must be lower case letters, digits, - or _, at most 64, beginning with a letter or digit',
  )
export const externalId = z
  .string()
  .regex(EXTERNAL_ID, 'must be letters, digits or ._:@/+#-, at most 128, beginning with a letter or digit')

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))
export const currency = z
  .string()
  .refine((code) => CURRENCIES.has(code), 'must be an ISO 4217 code such as BDT')

/** Decimal text, not yet checked against a currency. */
export const decimalText = z
  .string()
  .regex(DECIMAL, 'must be plain decimal text such as "1250.00", more than zero')

/** Money as {amount, currency}; plain decimal text takes the currency of the document. */
export const money = z.union([decimalText, z.strictObject({ amount: decimalText, currency })])
export type MoneyInput = z.infer<typeof money>

const dayOr = (read: string, context: z.RefinementCtx): EpochDay => {
  try {
    const day = parseDay(read)
    if (day < DAY_MIN || day > DAY_MAX) {
      context.addIssue({
        code: 'custom',
        message: `must be between ${formatDay(DAY_MIN)} and ${formatDay(DAY_MAX)}`,
      })
    }
    return day
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a date that exists, YYYY-MM-DD' })
    return z.NEVER
  }
}
const DAY_MIN: EpochDay = parseDay('1900-01-01')
const DAY_MAX: EpochDay = parseDay('2199-12-31')
export const day = z.string().meta({ format: 'date' }).transform(dayOr)

export const zone = z.string().refine((name) => {
  try {
    checkZone(name)
    return name.includes('/') || name === 'UTC'
  } catch {
    return false
  }
}, 'must be an IANA time zone such as Asia/Dhaka')

export const fiscalYearStart = z
  .string()
  .refine(
    (value) => /^\d{2}-\d{2}$/.test(value) && value !== '02-29' && isDayOfYear(value),
    'must be MM-DD such as 07-01',
  )
const isDayOfYear = (value: string): boolean => {
  try {
    parseDay(`2001-${value}`)
    return true
  } catch {
    return false
  }
}

/** Bangladeshi mobile numbers become +8801XXXXXXXXX; others must be in international form. */
export const phone = z.string().transform((value, context) => {
  const mobile = canonicalMobile(value)
  if (mobile !== undefined) return mobile
  const digits = value.replace(/[ ()-]/g, '')
  if (/^\+[1-9]\d{6,14}$/.test(digits) && !digits.startsWith('+880')) return digits
  context.addIssue({
    code: 'custom',
    message: 'must be a mobile number such as 01712345678 or international such as +4420...',
  })
  return z.NEVER
})

export const reason = text(500)

/** Amount of a money field in the document's currency (V1). */
export function amountIn(input: MoneyInput, documentCurrency: string, pointer: string): Amount {
  const written = typeof input === 'string' ? input : input.amount
  if (typeof input !== 'string' && input.currency !== documentCurrency) {
    throw refuseField(
      'currency_mismatch',
      `${pointer}/currency`,
      `${input.currency} is not the document's currency ${documentCurrency}`,
    )
  }
  let amount: Amount
  try {
    amount = parseDecimal(written)
  } catch {
    throw refuseField(
      'validation_failed',
      pointer,
      `${written} has more decimals than ${documentCurrency} allows`,
    )
  }
  if (!fitsCurrency(amount, documentCurrency)) {
    throw refuseField(
      'validation_failed',
      pointer,
      `${written} has more than the ${minorDigits(documentCurrency)} decimals of ${documentCurrency}`,
    )
  }
  if (amount <= 0n || amount > AMOUNT_MAX) {
    throw refuseField('validation_failed', pointer, `${written} must be more than 0 and at most 999999999.99`)
  }
  return amount
}

/** A quantity of scale 4: more than zero, at most 999999999.99. */
export function quantityOf(written: string, pointer: string): bigint {
  let quantity: bigint
  try {
    quantity = parseDecimal(written)
  } catch {
    throw refuseField('validation_failed', pointer, `${written} has more than 4 decimals`)
  }
  if (quantity <= 0n || quantity > AMOUNT_MAX) {
    throw refuseField('validation_failed', pointer, `${written} must be more than 0 and at most 999999999.99`)
  }
  return quantity
}

/** A rate of scale 8 from text: more than zero, or zero too where `zero` says so. */
export function rateOf(
  written: string,
  pointer: string,
  options: { zero: boolean; maxRate: bigint },
): bigint {
  let rate: bigint
  try {
    rate = parseDecimal(written, RATE_SCALE)
  } catch {
    throw refuseField(
      'validation_failed',
      pointer,
      `${written} is not a decimal number with at most ${RATE_SCALE} decimals`,
    )
  }
  if (rate > options.maxRate || (rate === 0n && !options.zero)) {
    throw refuseField('validation_failed', pointer, `${written} is out of bounds`)
  }
  return rate
}
