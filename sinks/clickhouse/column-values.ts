/** Values as columns hold them. A day or instant that a column can't hold is moved to its bound. */
import type { Instalment } from '../../schemas/generated/records.ts'
import { divideRounded, formatDecimal, RATE_SCALE } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import type { Row } from './client.ts'

/** 1900-01-01 and 2299-12-31: what Date32 holds. */
const FIRST_DAY = -25_567
const LAST_DAY = 120_529
const DAY_MS = 86_400_000

const within = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most)

export const day = (value: number): string => formatDay(within(value, FIRST_DAY, LAST_DAY))
export const instant = (value: number): number => within(value, FIRST_DAY * DAY_MS, LAST_DAY * DAY_MS)
export const amount = (value: bigint): string => formatDecimal(value, 4)
export const amountOrNull = (value: bigint | null): string | null => (value === null ? null : amount(value))
export const rate = (value: bigint): string => formatDecimal(value, RATE_SCALE, RATE_SCALE)

/** Instalments, ascending by day; those of one day as one. */
export function instalments(list: readonly Instalment[]): Row {
  const byDay = new Map<number, bigint>()
  for (const one of list) byDay.set(one.dueDate, (byDay.get(one.dueDate) ?? 0n) + one.amount)
  const parts = [...byDay].sort(([a], [b]) => a - b)
  return {
    instalment_due_dates: parts.map(([due]) => day(due)),
    instalment_amounts: parts.map(([, part]) => amount(part)),
  }
}

const RATIO_DIGITS = 8

/** Decimal text with at most 8 decimals, rounded half away from zero; null for what is no decimal number. */
export function ratioText(text: string | null): string | null {
  const match = text === null ? null : /^(-?)(\d{1,30})(?:\.(\d{1,60}))?$/.exec(text)
  if (!match) return null
  const fraction = match[3] ?? ''
  const scale = Math.max(fraction.length, RATIO_DIGITS)
  const digits = BigInt((match[2] ?? '0') + fraction.padEnd(scale, '0'))
  const rounded = divideRounded(digits, 10n ** BigInt(scale - RATIO_DIGITS))
  return formatDecimal(match[1] ? -rounded : rounded, RATIO_DIGITS, RATIO_DIGITS)
}
