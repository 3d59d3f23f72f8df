/**
 * Owns conditions over the fields of a command, as a tenant writes them in JSON, and whether one holds. PURE.
 *
 *   { "all": [c, ...] }  { "any": [c, ...] }  { "not": c }
 *   { "field": "lines[*].unitPrice", "op": "gt", "value": "100000" }
 *
 * C1: `[*]` means any: a comparison holds when it holds for one of the values that the path names.
 * C2: amounts and quantities compare as decimals ("100" equals "100.00"), days as days, all else as text. Money with its
 *     currency compares by its amount. What can't be compared does not hold, and neither does a comparison of nothing.
 * C3: bounded: depth, length, and patterns without backtracking (`*` = any text, `?` = one character; no regexes).
 */
import { parseDecimal, RATE_SCALE } from '../../schemas/values/amount.ts'
import { parseDay } from '../../schemas/values/calendar.ts'
import { refuseField } from '../kernel/errors.ts'

export const DEPTH_MAX = 8
const PARTS_MAX = 50
const VALUES_MAX = 100
const TEXT_MAX = 200
const FIELD = /^[A-Za-z][A-Za-z0-9]*(\[\*\])?(\.[A-Za-z][A-Za-z0-9]*(\[\*\])?){0,5}$/

const DECIMAL = /^-?\d{1,30}(\.\d{1,18})?$/
const DAY = /^\d{4}-\d{2}-\d{2}$/

const ORDERED = ['gt', 'gte', 'lt', 'lte'] as const
const OPERATORS = ['eq', 'ne', ...ORDERED, 'in', 'matches', 'missing'] as const
type Operator = (typeof OPERATORS)[number]
type Scalar = string | number | boolean

export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | Comparison

export interface Comparison {
  readonly field: string
  readonly op: Operator
  readonly value?: Scalar | readonly Scalar[]
}

/** The condition in parsed JSON; refuses with a pointer to what is wrong with it. */
export function conditionOf(input: unknown, pointer: string, depth = 1): Condition {
  const refuse = (at: string, detail: string) => refuseField('validation_failed', pointer + at, detail)
  if (depth > DEPTH_MAX) throw refuse('', `is nested deeper than ${DEPTH_MAX}`)
  if (!isObject(input)) throw refuse('', 'must be an object with all, any, not, or field and op')
  const keys = Object.keys(input)
  const [first] = keys
  if (keys.length === 1 && (first === 'all' || first === 'any')) {
    const parts = input[first]
    if (!Array.isArray(parts) || parts.length === 0 || parts.length > PARTS_MAX) {
      throw refuse(`/${first}`, `must be a list of 1 to ${PARTS_MAX} conditions`)
    }
    const read = parts.map((part, index) => conditionOf(part, `${pointer}/${first}/${index}`, depth + 1))
    return first === 'all' ? { all: read } : { any: read }
  }
  if (keys.length === 1 && first === 'not') {
    return { not: conditionOf(input['not'], `${pointer}/not`, depth + 1) }
  }
  const unknown = keys.find((key) => !['field', 'op', 'value'].includes(key))
  if (unknown !== undefined) throw refuse(`/${unknown}`, 'is no part of a condition')
  return comparisonOf(input, refuse)
}

type Refuse = (at: string, detail: string) => Error

function comparisonOf(input: Readonly<Record<string, unknown>>, refuse: Refuse): Comparison {
  const { field, value } = input
  if (typeof field !== 'string' || !FIELD.test(field)) {
    throw refuse('/field', 'must name a field of the command, such as amount or lines[*].unitPrice')
  }
  const op = OPERATORS.find((one) => one === input['op'])
  if (op === undefined) throw refuse('/op', `must be one of ${OPERATORS.join(', ')}`)
  if (op === 'missing') {
    if (value !== undefined) throw refuse('/value', 'missing compares with nothing')
    return { field, op }
  }
  if (op === 'in') {
    if (!Array.isArray(value) || value.length === 0 || value.length > VALUES_MAX || !value.every(isScalar)) {
      throw refuse('/value', `must be a list of 1 to ${VALUES_MAX} texts, numbers or booleans`)
    }
    return { field, op, value }
  }
  if (!isScalar(value)) throw refuse('/value', `must be text of at most ${TEXT_MAX}, a number or a boolean`)
  if (op === 'matches' && typeof value !== 'string')
    throw refuse('/value', 'must be a pattern such as "INV-*"')
  if (ORDERED.some((one) => one === op) && decimalOf(value) === undefined && dayOf(value) === undefined) {
    throw refuse('/value', 'must be a decimal number such as "100000.00", or a day such as "2026-07-01"')
  }
  return { field, op, value }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'boolean' ||
  Number.isSafeInteger(value) ||
  (typeof value === 'string' && value.length <= TEXT_MAX)

/** All fields that a condition names, with a pointer to each. */
export function fieldsIn(condition: Condition, pointer = ''): readonly { field: string; pointer: string }[] {
  if ('not' in condition) return fieldsIn(condition.not, `${pointer}/not`)
  if ('field' in condition) return [{ field: condition.field, pointer: `${pointer}/field` }]
  const [name, parts] =
    'all' in condition ? (['all', condition.all] as const) : (['any', condition.any] as const)
  return parts.flatMap((part, index) => fieldsIn(part, `${pointer}/${name}/${index}`))
}

/** What a condition costs: its comparisons, each value of a list as one. */
export function comparisonsIn(condition: Condition): number {
  if ('not' in condition) return comparisonsIn(condition.not)
  if ('field' in condition) return typeof condition.value === 'object' ? condition.value.length : 1
  const parts = 'all' in condition ? condition.all : condition.any
  return parts.reduce((sum, part) => sum + comparisonsIn(part), 0)
}

/** Pointer to the first value that made it hold, '' where that is no single one; undefined when it does not hold. */
export function heldAt(condition: Condition, command: unknown): string | undefined {
  if ('not' in condition) return heldAt(condition.not, command) === undefined ? '' : undefined
  if ('all' in condition) {
    const parts = condition.all.map((part) => heldAt(part, command))
    return parts.includes(undefined) ? undefined : (parts.find((part) => part !== '') ?? '')
  }
  if ('any' in condition) {
    for (const part of condition.any) {
      const at = heldAt(part, command)
      if (at !== undefined) return at
    }
    return undefined
  }
  for (const { value, pointer } of valuesAt(command, condition.field.split('.'), '')) {
    if (holds(condition, value)) return pointer
  }
  return undefined
}

interface Found {
  readonly value: unknown
  readonly pointer: string
}

function* valuesAt(value: unknown, [segment, ...rest]: readonly string[], pointer: string): Generator<Found> {
  if (segment === undefined) {
    yield { value, pointer }
    return
  }
  const many = segment.endsWith('[*]')
  const name = many ? segment.slice(0, -3) : segment
  const child = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  const at = `${pointer}/${name}`
  if (many && Array.isArray(child)) {
    for (const [index, one] of child.entries()) yield* valuesAt(one, rest, `${at}/${index}`)
  } else yield* valuesAt(many ? undefined : child, rest, at)
}

const isMissing = (value: unknown): boolean => value === undefined || value === null || value === ''

function holds({ op, value: operand }: Comparison, found: unknown): boolean {
  const value = isObject(found) && typeof found['amount'] === 'string' ? found['amount'] : found
  if (op === 'missing') return isMissing(value)
  if (isMissing(value) || !isScalar(value) || operand === undefined) return false
  if (op === 'in') return Array.isArray(operand) && operand.some((one: Scalar) => compare(value, one) === 0)
  if (typeof operand === 'object') return false
  if (op === 'matches') return typeof value === 'string' && matches(value, String(operand))
  const order = compare(value, operand)
  switch (op) {
    case 'eq':
      return order === 0
    case 'ne':
      return order !== 0
    case 'gt':
      return order !== undefined && order > 0
    case 'gte':
      return order !== undefined && order >= 0
    case 'lt':
      return order !== undefined && order < 0
    case 'lte':
      return order !== undefined && order <= 0
  }
}

/** Below, equal or above zero; undefined when they are of different kinds, or texts that differ. */
function compare(value: Scalar, operand: Scalar): number | undefined {
  // Days of a command are numbers already.
  const day = typeof value === 'number' ? dayOf(operand) : undefined
  if (typeof value === 'number' && day !== undefined) return value - day
  const [a, b] = [decimalOf(value), decimalOf(operand)]
  if (a !== undefined && b !== undefined) return a < b ? -1 : a > b ? 1 : 0
  return value === operand ? 0 : undefined
}

function decimalOf(value: Scalar): bigint | undefined {
  // Looked at first: an exception for every text that is no number would cost more than all the rest.
  if (typeof value === 'boolean' || !DECIMAL.test(String(value))) return undefined
  try {
    return parseDecimal(String(value), RATE_SCALE)
  } catch {
    return undefined
  }
}

function dayOf(value: Scalar): number | undefined {
  if (typeof value !== 'string' || !DAY.test(value)) return undefined
  try {
    return parseDay(value)
  } catch {
    return undefined
  }
}

/** Whether the whole text fits the pattern; in time text x pattern at most (C3). */
export function matches(text: string, pattern: string): boolean {
  let t = 0
  let p = 0
  let star = -1
  let resume = 0
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++
      resume = t
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++resume
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
