/**
 * GET /v1/cash-flow: where cash stood on each day of a range, and what is expected in the 13 weeks after it; and
 * /v1/cash-flow/items: the documents behind a week. Rule of the outlook: schemas/rules/cash-outlook.ts.
 * C1: opening + broughtIn + in - out = closing, on each day and over the range; the three activities sum to in - out.
 */
import { z } from 'zod'
import { type ExpectedItem, type Outlook, OUTLOOK_WEEKS } from '../../schemas/rules/cash-outlook.ts'
import { isCash } from '../../schemas/rules/statements/cash-flow.ts'
import { ACTIVITIES, type Activity, activityOf } from '../../schemas/rules/statements/kinds.ts'
import { type Amount, toMoney } from '../../schemas/values/amount.ts'
import { type EpochDay, formatDay } from '../../schemas/values/calendar.ts'
import { decodeCursor, pageOf } from '../http/cursor.ts'
import { tenantOperation } from '../http/operation.ts'
import { rangeOf } from '../http/range.ts'
import { currencyCode, cursor, day, limit, money, pageInfo } from '../http/schemas.ts'
import { readOutlook } from '../reads/cash-outlook.ts'
import { type CashPosition, readCashPosition } from '../reads/statements.ts'
import type { Services } from '../services.ts'

const RANGE = { defaultDays: 30, maxDays: 3_660 }
/** Of a week in the outlook; /v1/cash-flow/items has all. */
const ITEMS_SHOWN = 10

const moves = {
  opening: money,
  broughtIn: money.openapi({ description: 'By opening balances: no flow.' }),
  cashIn: money.openapi({ description: 'Of entries that raise cash, all cash accounts together.' }),
  cashOut: money,
  closing: money,
  operating: money,
  investing: money,
  financing: money,
}

const item = z
  .object({
    kind: z.enum(['receivable', 'payable']),
    id: z.string(),
    number: z.string(),
    partyId: z.string(),
    partyName: z.string(),
    due: day,
    expected: day,
    lagDays: z.number().int().openapi({ description: 'Median days by which this customer pays late.' }),
    overdue: z
      .boolean()
      .openapi({ description: 'It should have come or gone already: expected on the first day.' }),
    disputed: z.boolean(),
    amount: money,
  })
  .openapi('ExpectedCashItem')

const outlook = z
  .object({
    asOf: day,
    cash: money,
    projected: z.array(z.object({ days: z.number().int(), date: day, balance: money })),
    daysToShortage: z
      .number()
      .int()
      .nullable()
      .openapi({ description: 'Days to the first day whose balance is below zero; null with a reason.' }),
    shortageOn: day.nullable(),
    reason: z.enum(['no_shortage_in_13_weeks']).optional(),
    usualLagDays: z.number().int().nullable().openapi({
      description: 'Median of all customers, for those without settled invoices; null = nobody has any.',
    }),
    overdueIn: money,
    overdueOut: money,
    notExpected: money.openapi({ description: 'Receivables in dispute: in no week.' }),
    laterIn: money.openapi({ description: 'Expected after the 13 weeks.' }),
    laterOut: money,
    weeks: z.array(
      z.object({
        week: z.number().int(),
        from: day,
        to: day,
        opening: money,
        cashIn: money,
        cashOut: money,
        closing: money,
        itemCount: z.number().int(),
        items: z.array(item).openapi({ description: 'The first of them; /v1/cash-flow/items has all.' }),
      }),
    ),
  })
  .openapi('CashOutlook')

const itemOf =
  (currency: string) =>
  ({ amount, due, expected, ...rest }: ExpectedItem): z.input<typeof item> => ({
    ...rest,
    due: formatDay(due),
    expected: formatDay(expected),
    amount: toMoney(amount, currency),
  })

export function outlookOf(found: Outlook, asOf: EpochDay, currency: string): z.input<typeof outlook> {
  const cash = (amount: Amount) => toMoney(amount, currency)
  return {
    asOf: formatDay(asOf),
    cash: cash(found.cash),
    projected: found.projected.map(({ days, day: on, balance }) => ({
      days,
      date: formatDay(on),
      balance: cash(balance),
    })),
    daysToShortage: found.daysToShortage,
    shortageOn: found.shortageDay === null ? null : formatDay(found.shortageDay),
    ...(found.daysToShortage === null ? { reason: 'no_shortage_in_13_weeks' as const } : {}),
    usualLagDays: found.usualLagDays,
    overdueIn: cash(found.overdueIn),
    overdueOut: cash(found.overdueOut),
    notExpected: cash(found.notExpected),
    laterIn: cash(found.laterIn),
    laterOut: cash(found.laterOut),
    weeks: found.weeks.map(({ week, from, to, opening, cashIn, cashOut, closing, items }) => ({
      week,
      from: formatDay(from),
      to: formatDay(to),
      opening: cash(opening),
      cashIn: cash(cashIn),
      cashOut: cash(cashOut),
      closing: cash(closing),
      itemCount: items.length,
      items: items.slice(0, ITEMS_SHOWN).map(itemOf(currency)),
    })),
  }
}

interface Moves extends Record<Activity, Amount> {
  readonly opening: Amount
  readonly broughtIn: Amount
  readonly cashIn: Amount
  readonly cashOut: Amount
  readonly closing: Amount
}

/** C1: every day of the range, and the range as one. */
export function positionOf(
  { accounts, days }: CashPosition,
  { from, to }: { readonly from: EpochDay; readonly to: EpochDay },
): { readonly whole: Moves; readonly byDay: ReadonlyMap<EpochDay, Moves> } {
  const activity = new Map(accounts.map((account) => [account.id, activityOf(account)]))
  const first = accounts.filter(isCash).reduce((sum, account) => sum + account.opening, 0n)
  const none = { operating: 0n, investing: 0n, financing: 0n }
  const whole = { opening: first, broughtIn: 0n, cashIn: 0n, cashOut: 0n, closing: first, ...none }
  const byDay = new Map<EpochDay, Moves>()
  for (let on = from; on <= to; on++) {
    const found = days.get(formatDay(on))
    const { broughtIn = 0n, cashIn = 0n, cashOut = 0n } = found ?? {}
    const own = { opening: whole.closing, broughtIn, cashIn, cashOut, closing: whole.closing, ...none }
    own.closing += broughtIn + cashIn - cashOut
    for (const [account, change] of found?.lines ?? []) {
      const under = activity.get(account) ?? 'operating'
      if (under !== 'cash') own[under] -= change
    }
    whole.broughtIn += broughtIn
    whole.cashIn += cashIn
    whole.cashOut += cashOut
    whole.closing = own.closing
    for (const one of ACTIVITIES) whole[one] += own[one]
    byDay.set(on, own)
  }
  return { whole, byDay }
}

const movesOf = (found: Moves, currency: string) => ({
  opening: toMoney(found.opening, currency),
  broughtIn: toMoney(found.broughtIn, currency),
  cashIn: toMoney(found.cashIn, currency),
  cashOut: toMoney(found.cashOut, currency),
  closing: toMoney(found.closing, currency),
  operating: toMoney(found.operating, currency),
  investing: toMoney(found.investing, currency),
  financing: toMoney(found.financing, currency),
})

export const cashFlowPosition = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/cash-flow',
    tag: 'Cash',
    summary: 'Cash by day, by activity, and the outlook on the 13 weeks after the last day',
    description:
      'Position from the ledger. Outlook: open receivables at their due date and what the customer is usually late, payables at their due date.',
    query: { from: day.optional(), to: day.optional() },
    response: z
      .object({
        asOf: day,
        from: day,
        to: day,
        currency: currencyCode,
        ...moves,
        net: money,
        data: z.array(z.object({ date: day, ...moves })),
        outlook,
      })
      .openapi('CashFlow'),
    async handle({ principal: { tenant }, query }) {
      const { from, to } = query
      const range = rangeOf({ from, to }, await services.tenants.today(tenant), RANGE)
      const [{ currency }, position, expected] = await Promise.all([
        services.tenants.settings(tenant),
        readCashPosition(services, tenant, range),
        readOutlook(services, tenant, range.to),
      ])
      const { whole, byDay } = positionOf(position, range)
      return {
        asOf: formatDay(range.to),
        from: formatDay(range.from),
        to: formatDay(range.to),
        currency,
        ...movesOf(whole, currency),
        net: toMoney(whole.cashIn - whole.cashOut, currency),
        data: [...byDay].map(([on, found]) => ({ date: formatDay(on), ...movesOf(found, currency) })),
        outlook: outlookOf(expected, range.to, currency),
      }
    },
  })

const keysOf = ({ expected, due, kind, id }: ExpectedItem): string[] => [
  formatDay(expected),
  formatDay(due),
  kind,
  id,
]
const isAfter = (item: readonly string[], last: readonly string[]): boolean => {
  const at = item.findIndex((key, i) => key !== last[i])
  return at >= 0 && (item[at] ?? '') > (last[at] ?? '')
}

export const cashFlowItems = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/cash-flow/items',
    tag: 'Cash',
    summary: 'The documents behind a week of the outlook, by the day on which they are expected',
    query: {
      asOf: day.optional(),
      week: z
        .string()
        .regex(/^\d{1,2}$/, 'must be a whole number')
        .transform(Number)
        .pipe(z.number().int().min(1).max(OUTLOOK_WEEKS))
        .openapi({ type: 'integer', minimum: 1, maximum: OUTLOOK_WEEKS }),
      limit,
      cursor: cursor.optional(),
    },
    response: z
      .object({
        asOf: day,
        week: z.number().int(),
        from: day,
        to: day,
        currency: currencyCode,
        data: z.array(item),
        page: pageInfo,
      })
      .openapi('ExpectedCashItems'),
    async handle({ principal: { tenant }, query }) {
      const asOf = await services.tenants.dayOf(tenant, query.asOf)
      const [{ currency }, { weeks }] = await Promise.all([
        services.tenants.settings(tenant),
        readOutlook(services, tenant, asOf),
      ])
      const week = weeks[query.week - 1]
      if (week === undefined) throw new Error(`the outlook has no week ${query.week}`)
      const binding = ['cash-flow-items', formatDay(asOf), query.week]
      const after = decodeCursor(query.cursor, binding, 4)
      const rows = after === undefined ? week.items : week.items.filter((one) => isAfter(keysOf(one), after))
      const { data, page } = pageOf(rows.slice(0, query.limit + 1), {
        limit: query.limit,
        binding,
        keys: keysOf,
        map: itemOf(currency),
      })
      return {
        asOf: formatDay(asOf),
        week: week.week,
        from: formatDay(week.from),
        to: formatDay(week.to),
        currency,
        data: [...data],
        page,
      }
    },
  })
