/** Texts of columns as an answer gives them. */
import { parseDecimal, toMoney } from '../../schemas/values/amount.ts'

/** Column of the append time of the newest event. */
export const UPDATED = `formatDateTime(updated_at, '%Y-%m-%dT%H:%i:%S.000Z', 'UTC') AS updated`

/** Empty text in a column means: not stated. */
export const orNull = (text: string): string | null => (text === '' ? null : text)

export { plainDecimal as plain } from '../../schemas/values/amount.ts'

export const moneyOf = (text: string, currency: string) => toMoney(parseDecimal(text), currency)
