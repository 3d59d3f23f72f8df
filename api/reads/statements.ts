/**
 * Sums for statements, column by column: ClickHouse sums, schemas/rules/statements says what they mean. Owns which accounts
 * are cash: the rule says so, and the queries are told.
 * R1: a column is remembered while the tenant has no new facts; columns that several statements share are asked for once.
 */
import { type CashColumn, isCash } from '../../schemas/rules/statements/cash-flow.ts'
import type { Period } from '../../schemas/rules/statements/periods.ts'
import type { AccountSums, Column } from '../../schemas/rules/statements/tree.ts'
import { type Amount, parseDecimal } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import {
  type CashColumnRow,
  cashColumnSql,
  type CashDayRow,
  cashDaysSql,
  type CashLineRow,
  cashLinesByDaySql,
  type StatementSumsRow,
  statementSumsSql,
} from '../../sinks/clickhouse/statements/contract.ts'
import type { Services } from '../services.ts'

const sumsOf = (row: StatementSumsRow): AccountSums => ({
  id: row.account_id,
  code: row.account_code,
  name: row.account_name,
  nameBn: row.name_bn,
  accountClass: row.account_class,
  subtype: row.account_subtype,
  cashFlow: row.cash_flow,
  opening: parseDecimal(row.opening),
  opened: parseDecimal(row.opened),
  closed: parseDecimal(row.closed),
  moved: parseDecimal(row.moved),
})

const paramsOf = (tenant: string, { from, to }: Period) => ({
  tenant,
  from: formatDay(from),
  asOf: formatDay(to),
})

/** R1. */
function remembered<Row>(
  services: Services,
  name: string,
  sql: string,
  params: { readonly tenant: string; readonly from: string; readonly asOf: string; readonly cash?: string[] },
): Promise<readonly Row[]> {
  const { tenant, from, asOf } = params
  // The cash accounts follow from the facts, as all else does.
  return services.facts.remember(tenant, `${name}|${from}|${asOf}`, {
    compute: () => services.clickhouse.rows<Row>({ name, sql, params }),
    rowsOf: (rows) => rows.length,
  })
}

export async function readColumn(services: Services, tenant: string, period: Period): Promise<Column> {
  const params = paramsOf(tenant, period)
  return (await remembered<StatementSumsRow>(services, 'statement_sums', statementSumsSql, params)).map(
    sumsOf,
  )
}

export const readColumns = (
  services: Services,
  tenant: string,
  periods: readonly Period[],
): Promise<readonly Column[]> => Promise.all(periods.map((period) => readColumn(services, tenant, period)))

const cashOf = (accounts: Column): string[] => accounts.filter(isCash).map(({ id }) => id)

/** Accounts and lines are of one query: they must be of one moment, or the flow is not the change of cash. */
export async function readCashColumn(
  services: Services,
  tenant: string,
  period: Period,
): Promise<CashColumn> {
  const params = { ...paramsOf(tenant, period), cash: cashOf(await readColumn(services, tenant, period)) }
  const rows = await remembered<CashColumnRow>(services, 'cash_column', cashColumnSql, params)
  const lines = rows.filter(({ part }) => part === 'line')
  return {
    accounts: rows.filter(({ part }) => part === 'sums').map(sumsOf),
    cash: new Map(lines.map(({ account_id, change }) => [account_id, parseDecimal(change)])),
  }
}

export interface CashDay {
  readonly broughtIn: Amount
  readonly cashIn: Amount
  readonly cashOut: Amount
  /** By account, debits less credits, cash accounts too. */
  readonly lines: ReadonlyMap<string, Amount>
}

export interface CashPosition {
  readonly accounts: Column
  /** By day; days on which no cash moved have none. */
  readonly days: ReadonlyMap<string, CashDay>
}

export async function readCashPosition(
  services: Services,
  tenant: string,
  period: Period,
): Promise<CashPosition> {
  const accounts = await readColumn(services, tenant, period)
  const params = { ...paramsOf(tenant, period), cash: cashOf(accounts) }
  const [days, lines] = await Promise.all([
    remembered<CashDayRow>(services, 'cash_days', cashDaysSql, params),
    remembered<CashLineRow>(services, 'cash_lines_by_day', cashLinesByDaySql, params),
  ])
  const byDay = Map.groupBy(lines, ({ day }) => day)
  return {
    accounts,
    days: new Map(
      days.map(({ day, brought_in, cash_in, cash_out }) => [
        day,
        {
          broughtIn: parseDecimal(brought_in),
          cashIn: parseDecimal(cash_in),
          cashOut: parseDecimal(cash_out),
          lines: new Map(
            (byDay.get(day) ?? []).map(({ account_id, change }) => [account_id, parseDecimal(change)]),
          ),
        },
      ]),
    ),
  }
}
