/**
 * What cash is expected from the documents that are open as of a day: reads them, and hands them to the rule
 * (schemas/rules/cash-outlook.ts). Owns how a bill with instalments becomes several items: what is paid settles the
 * instalments that are due first, and their base amounts sum to that of the bill.
 */
import { type DueItem, type Outlook, cashOutlook } from '../../schemas/rules/cash-outlook.ts'
import { balanceAt } from '../../schemas/rules/statements/balances.ts'
import { isCash } from '../../schemas/rules/statements/cash-flow.ts'
import { type Amount, convert, parseDecimal, RATE_SCALE } from '../../schemas/values/amount.ts'
import { type EpochDay, formatDay, parseDay } from '../../schemas/values/calendar.ts'
import {
  type OpenPartRow,
  openPartsSql,
  type UnappliedRow,
  unappliedSql,
} from '../../sinks/clickhouse/contract.ts'
import {
  type OpenBillRow,
  openBillsSql,
  type PayLagRow,
  payLagsSql,
  vendorAdvancesSql,
} from '../../sinks/clickhouse/statements/contract.ts'
import type { Services } from '../services.ts'
import { readColumn } from './statements.ts'

interface Advance {
  readonly vendor_id: string
  readonly advance: string
}

interface Instalment {
  readonly dueDate: string
  readonly amount: string
}

/** Items of an open bill. */
export function billItems(row: OpenBillRow, currency: string): DueItem[] {
  const rate = parseDecimal(row.fx_rate, RATE_SCALE)
  const item = (due: EpochDay, amount: Amount): DueItem => ({
    id: row.bill_id,
    number: row.bill_number,
    partyId: row.vendor_id,
    partyName: row.vendor_name,
    due,
    amount,
    disputed: row.disputed,
  })
  const stated = row.instalments_json === '' ? [] : (JSON.parse(row.instalments_json) as Instalment[])
  const plan = stated
    .map(({ dueDate, amount }) => ({ due: parseDay(dueDate), amount: parseDecimal(amount) }))
    .sort((a, b) => a.due - b.due)
  const last = plan.at(-1)
  if (last === undefined) return [item(parseDay(row.due_date), parseDecimal(row.open_base))]
  if (row.moved) last.due = parseDay(row.due_date)
  // One item a day.
  const byDay = new Map<EpochDay, Amount>()
  for (const { due, amount } of plan) byDay.set(due, (byDay.get(due) ?? 0n) + amount)
  const parts = [...byDay].sort(([a], [b]) => a - b)
  const open = parseDecimal(row.open_amount)
  // What is deducted at source settles no instalment of its own: the first one is smaller by it.
  let after = parts.reduce((sum, [, amount]) => sum + amount, 0n)
  const least = (amount: Amount) => (amount < open ? amount : open)
  return parts.flatMap(([due, amount]) => {
    const from = least(after)
    after -= amount
    const base = convert(from, rate, currency) - convert(least(after), rate, currency)
    return base === 0n ? [] : [item(due, base)]
  })
}

const receivableOf = (row: OpenPartRow): DueItem => ({
  id: row.invoice_id,
  number: row.invoice_number,
  partyId: row.customer_id,
  partyName: row.customer_name,
  due: parseDay(row.due_date),
  amount: parseDecimal(row.open_base),
  disputed: row.disputed,
})

function creditsOf(rows: readonly UnappliedRow[]): ReadonlyMap<string, Amount> {
  const credits = new Map<string, Amount>()
  for (const { customer_id, unapplied_base } of rows)
    credits.set(customer_id, (credits.get(customer_id) ?? 0n) + parseDecimal(unapplied_base))
  return credits
}

export async function readOutlook(services: Services, tenant: string, day: EpochDay): Promise<Outlook> {
  const asOf = formatDay(day)
  return services.facts.remember(tenant, `outlook|${asOf}`, {
    compute: () => compute(services, tenant, day),
    rowsOf: ({ weeks }) => weeks.reduce((count, { items }) => count + items.length, 1),
  })
}

async function compute(services: Services, tenant: string, day: EpochDay): Promise<Outlook> {
  const params = { tenant, asOf: formatDay(day) }
  const ask = <Row>(name: string, sql: string) => services.clickhouse.rows<Row>({ name, sql, params })
  const [{ currency }, accounts, parts, unapplied, bills, advances, lags] = await Promise.all([
    services.tenants.settings(tenant),
    readColumn(services, tenant, { from: day, to: day }),
    ask<OpenPartRow>('outlook_receivables', openPartsSql),
    ask<UnappliedRow>('outlook_credits', unappliedSql),
    ask<OpenBillRow>('outlook_payables', openBillsSql),
    ask<Advance>('outlook_advances', vendorAdvancesSql),
    ask<PayLagRow>('pay_lags', payLagsSql),
  ])
  const cash = accounts.filter(isCash).reduce((sum, account) => sum + balanceAt(account), 0n)
  return cashOutlook({
    asOf: day,
    cash,
    receivables: parts.map(receivableOf),
    payables: bills.flatMap((row) => billItems(row, currency)),
    credits: creditsOf(unapplied),
    advances: new Map(advances.map(({ vendor_id, advance }) => [vendor_id, parseDecimal(advance)])),
    lags: lags.map((row) => ({
      customerId: row.customer_id,
      daysLate: row.days_late,
      invoices: row.invoices,
    })),
  })
}
