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
  cashColumnSql,
  cashPositionSql,
  type CashRow,
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

/** Accounts and what moved are of one query: they must be of one moment, or the flow is not the change of cash. */
async function readCash(
  services: Services,
  tenant: string,
  period: Period,
  { name, sql }: { readonly name: string; readonly sql: string },
): Promise<{
  readonly accounts: Column
  readonly lines: readonly CashRow[]
  readonly days: readonly CashRow[]
}> {
  const cash = (await readColumn(services, tenant, period)).filter(isCash).map(({ id }) => id)
  const rows = await remembered<CashRow>(services, name, sql, { ...paramsOf(tenant, period), cash })
  const of = (part: CashRow['part']) => rows.filter((row) => row.part === part)
  return { accounts: of('sums').map(sumsOf), lines: of('line'), days: of('day') }
}

const changesOf = (lines: readonly CashRow[]): ReadonlyMap<string, Amount> =>
  new Map(lines.map(({ account_id, change }) => [account_id, parseDecimal(change)]))

export async function readCashColumn(
  services: Services,
  tenant: string,
  period: Period,
): Promise<CashColumn> {
  const query = { name: 'cash_column', sql: cashColumnSql }
  const { accounts, lines } = await readCash(services, tenant, period, query)
  return { accounts, cash: changesOf(lines) }
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
  const query = { name: 'cash_position', sql: cashPositionSql }
  const { accounts, lines, days } = await readCash(services, tenant, period, query)
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
          lines: changesOf(byDay.get(day) ?? []),
        },
      ]),
    ),
  }
}
