/** GET /v1/kpis/{name}/explain: the inputs of a KPI, and the documents whose amounts sum to one of them. */
import { z } from 'zod'
import { wordsOfKpi } from '../../schemas/rules/kpi-words.ts'
import { windowRange } from '../../schemas/rules/windows.ts'
import { parseDecimal, toMoney } from '../../schemas/values/amount.ts'
import { formatDay, parseDay } from '../../schemas/values/calendar.ts'
import { decodeCursor, pageOf } from '../http/cursor.ts'
import { tenantOperation } from '../http/operation.ts'
import { ApiError } from '../http/problem.ts'
import { cursor, day, decimal, limit, money, pageInfo, windowName } from '../http/schemas.ts'
import {
  type Origin,
  ORIGINS,
  pageSql,
  type SourceRow,
  SOURCES,
  type TotalRow,
  totalSql,
} from '../reads/explain.ts'
import { readKpis } from '../reads/kpis.ts'
import type { Services } from '../services.ts'
import { kpiName, requireKpi } from './kpi-history.ts'

const FIRST_DAY = '1900-01-01'

const explanation = z
  .object({
    name: kpiName,
    window: windowName,
    asOf: day,
    from: day,
    to: day,
    value: decimal.nullable(),
    unit: z.string(),
    reason: z.string().optional(),
    meaning: z.string().openapi({ description: 'What the KPI says, in one sentence.' }),
    formula: z.string().openapi({ example: 'receivables - payables' }),
    inputs: z.array(
      z.object({
        name: z.string(),
        value: z.string(),
        source: z
          .enum(SOURCES)
          .nullable()
          .openapi({ description: 'null = a count, or a sum of other inputs.' }),
      }),
    ),
    input: z.string().nullable().openapi({ description: 'The input that the rows below sum to.' }),
    sum: money.nullable().openapi({ description: 'Sum of all its rows, of every page: equal to the input.' }),
    rowCount: z.number().int(),
    data: z.array(
      z.object({
        kind: z.string().openapi({ example: 'invoice_cancelled' }),
        id: z.string(),
        number: z.string(),
        party: z.string(),
        date: day,
        amount: money,
      }),
    ),
    page: pageInfo,
  })
  .openapi('KpiExplanation')

interface Days {
  readonly from: string
  readonly to: string
  readonly asOf: string
}

function daysOf(
  { over }: Origin,
  asOf: string,
  window: z.infer<typeof windowName>,
  fiscalYearStart: string,
): Days {
  const range = windowRange(window, parseDay(asOf), fiscalYearStart)
  const [from, to] = over === 'previous' ? [range.previousFrom, range.previousTo] : [range.from, range.to]
  const balance = over === 'opening' ? range.from - 1 : parseDay(asOf)
  return { from: formatDay(from), to: formatDay(to), asOf: formatDay(balance) }
}

export const kpiExplain = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/kpis/{name}/explain',
    tag: 'KPIs',
    summary: 'Why a KPI has its value: inputs, and the documents behind an input',
    description: 'Without input: the first input that documents sum to. Documents are read from the facts.',
    problems: ['kpi_unknown'],
    params: { name: z.string().max(60).openapi({ example: 'dso' }) },
    query: {
      window: windowName.default('30d'),
      asOf: day.optional(),
      input: z.string().max(60).optional().openapi({ example: 'sales' }),
      limit,
      cursor: cursor.optional(),
    },
    response: explanation,
    async handle({ principal: { tenant }, params: { name }, query, signal }) {
      requireKpi(name)
      const { window } = query
      const figures = await readKpis(services, { tenant, window, asOf: query.asOf })
      const kpi = figures.kpis[name]
      if (!kpi) throw new ApiError('kpi_unknown', `The figures of ${figures.asOf} have no KPI ${name}.`)
      const inputs = Object.entries(kpi.inputs).map(([input, value]) => ({
        name: input,
        value,
        source: ORIGINS[input]?.source ?? null,
      }))
      const chosen = query.input ?? inputs.find(({ source }) => source !== null)?.name
      if (
        query.input !== undefined &&
        !inputs.some((input) => input.name === query.input && input.source !== null)
      ) {
        const known = inputs.filter(({ source }) => source !== null).map((input) => input.name)
        throw new ApiError('query_invalid', `query/input: must be one of ${known.join(', ')}`)
      }
      const { asOf, from, to, currency } = figures
      const head = {
        name,
        window,
        asOf,
        from,
        to,
        value: kpi.value,
        unit: kpi.unit,
        ...(kpi.reason === undefined ? {} : { reason: kpi.reason }),
        meaning: wordsOfKpi(name)?.meaning ?? '',
        formula: wordsOfKpi(name)?.formula ?? '',
        inputs,
      }
      const origin = chosen === undefined ? undefined : ORIGINS[chosen]
      if (chosen === undefined || origin === undefined) {
        return {
          ...head,
          input: null,
          sum: null,
          rowCount: 0,
          data: [],
          page: { nextCursor: null, hasMore: false },
        }
      }
      const { fiscalYearStart } = await services.tenants.settings(tenant)
      const params = { tenant, ...daysOf(origin, asOf, window, fiscalYearStart) }
      const binding = ['explain', name, window, asOf, chosen]
      const [afterDay, afterId, afterKind] = decodeCursor(query.cursor, binding, 3) ?? [FIRST_DAY, '', '']
      const [totals, rows] = await Promise.all([
        services.clickhouse.rows<TotalRow>({
          name: 'explain_total',
          sql: totalSql(origin, currency),
          params,
          signal,
        }),
        services.clickhouse.rows<SourceRow>({
          name: 'explain_rows',
          sql: pageSql(origin, currency),
          params: {
            ...params,
            afterDay: afterDay ?? '',
            afterId: afterId ?? '',
            afterKind: afterKind ?? '',
            rows: query.limit + 1,
          },
          signal,
        }),
      ])
      const page = pageOf(rows, {
        limit: query.limit,
        binding,
        keys: (row) => [row.day, row.id, row.kind],
        map: ({ day: date, amount, ...row }) => ({
          ...row,
          date,
          amount: toMoney(parseDecimal(amount), currency),
        }),
      })
      const [total] = totals
      return {
        ...head,
        input: chosen,
        sum: toMoney(parseDecimal(total?.amount ?? '0'), currency),
        rowCount: total?.rows ?? 0,
        data: [...page.data],
        page: page.page,
      }
    },
  })
