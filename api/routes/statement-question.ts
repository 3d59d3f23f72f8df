/**
 * What is asked of a statement: its days, and what it is compared with. Owns the days that are not said, and the name under
 * which the answer is kept: today is one of its days, so an answer is never kept under another day than its own.
 */
import { z } from 'zod'
import { COMPARISONS, type Comparison, type Period } from '../../schemas/rules/statements/periods.ts'
import { firstOfFiscalYear, formatDay, parseDay } from '../../schemas/values/calendar.ts'
import type { Input } from '../http/operation.ts'
import { ApiError } from '../http/problem.ts'
import { rangeOf } from '../http/range.ts'
import { day } from '../http/schemas.ts'
import { kept } from '../reads/answers.ts'
import type { Services } from '../services.ts'

const DAYS_MAX = 36_600
const PERIODS_MAX = 12
const DAYS: ReadonlySet<string> = new Set(['asOf', 'from', 'to'])

const compare = z.enum(COMPARISONS).default('none').openapi({
  description:
    'Columns beside the one asked for: the period before (of a balance: the end of the month before), or the same a year before.',
})
const periods = z
  .string()
  .regex(/^\d{1,2}$/, 'must be a whole number')
  .transform(Number)
  .pipe(z.number().int().min(1).max(PERIODS_MAX))
  .default(1)
  .openapi({
    type: 'integer',
    minimum: 1,
    maximum: PERIODS_MAX,
    default: 1,
    description: 'How many of them.',
  })
export const query = { asOf: day.optional(), from: day.optional(), to: day.optional(), compare, periods }

export interface Query {
  readonly asOf?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly compare: Comparison
  readonly periods: number
}

/** asOf, or from and to; without either the fiscal year up to today. */
async function periodOf(services: Services, tenant: string, { asOf, from, to }: Query): Promise<Period> {
  if (asOf !== undefined && (from !== undefined || to !== undefined))
    throw new ApiError('query_invalid', 'query/asOf: send asOf (the fiscal year up to it), or from and to.')
  const { fiscalYearStart } = await services.tenants.settings(tenant)
  const last = to ?? asOf ?? (await services.tenants.today(tenant))
  const first = from ?? formatDay(firstOfFiscalYear(parseDay(last), fiscalYearStart))
  return rangeOf({ from: first, to: last }, last, { defaultDays: 1, maxDays: DAYS_MAX })
}

export interface Statement<Q extends Query> {
  readonly tenant: string
  readonly asked: Q
  readonly period: Period
}

/** A handler that makes a statement, or gives the one that is kept. */
export const statement =
  <Q extends Query, T extends object>(
    services: Services,
    name: string,
    make: (question: Statement<Q>) => Promise<T>,
  ) =>
  async (input: Input<unknown, Q>): Promise<T> => {
    const { query: asked } = input
    const { tenant } = input.principal
    const period = await periodOf(services, tenant, asked)
    // The days themselves, and whether they were said: a balance sheet has other columns with `from`.
    const begins = asked.from === undefined ? 'year' : 'range'
    const more = Object.entries(asked).filter(([parameter]) => !DAYS.has(parameter))
    const parts = [name, formatDay(period.from), formatDay(period.to), begins]
    for (const [parameter, value] of more) parts.push(`${parameter}=${String(value)}`)
    return kept(services.answers, input, { kind: 'report', parts }, () => make({ tenant, asked, period }))
  }
