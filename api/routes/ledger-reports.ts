/**
 * GET /v1/reports/trial-balance and /v1/reports/general-ledger: the ledger as of any day, in the base currency, to the
 * poisha. R1: sums are made here from exact decimals, so the totals are those of the rows that are shown. R2: an account
 * that nothing was posted to has a row with zeros.
 */
import { z } from 'zod'
import { type Amount, parseDecimal, toMoney } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { type AccountRow, accountsSql, EVER_FROM } from '../../sinks/clickhouse/contract.ts'
import { decodeCursor, pageOf } from '../http/cursor.ts'
import { tenantOperation } from '../http/operation.ts'
import { rangeOf } from '../http/range.ts'
import { currencyCode, cursor, day, limit, money, pageInfo, resourceId } from '../http/schemas.ts'
import { kept } from '../reads/answers.ts'
import { type LedgerLine, readLedgerLines } from '../reads/general-ledger.ts'
import { moneyOf, orNull } from '../reads/text.ts'
import type { Services } from '../services.ts'

const RANGE = { defaultDays: 365, maxDays: 36_600 }

const accountShape = {
  accountId: z.string(),
  code: z.string(),
  name: z.string(),
  accountClass: z.string().openapi({ description: 'ASSET, LIABILITY, EQUITY, INCOME or EXPENSE.' }),
  subtype: z.string().nullable(),
  active: z.boolean(),
}
const balance = money.openapi({
  description: 'debit - credit for ASSET and EXPENSE, credit - debit otherwise.',
})

const accountOf = (row: AccountRow) => ({
  accountId: row.account_id,
  code: row.account_code,
  name: row.account_name,
  accountClass: row.account_class,
  subtype: orNull(row.account_subtype),
  active: row.is_active,
})

/** Accounts as of a day, remembered while the tenant has no new facts. */
const accountsAsOf = (
  services: Services,
  { tenant, from, asOf }: { tenant: string; from: string; asOf: string },
): Promise<readonly AccountRow[]> =>
  services.facts.remember(tenant, `accounts|${from}|${asOf}`, {
    compute: () =>
      services.clickhouse.rows<AccountRow>({
        name: 'accounts',
        sql: accountsSql,
        params: { tenant, from, asOf },
      }),
    rowsOf: (rows) => rows.length,
  })

const sum = (amounts: readonly Amount[]): Amount => amounts.reduce((all, one) => all + one, 0n)

const trialBalanceRow = z
  .object({
    ...accountShape,
    totalDebit: money,
    totalCredit: money,
    debitBalance: money.openapi({ description: 'What debits exceed credits by.' }),
    creditBalance: money.openapi({ description: 'What credits exceed debits by.' }),
    balance,
  })
  .openapi('TrialBalanceRow')

export const trialBalance = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/reports/trial-balance',
    keeps: true,
    aliases: ['/finance/reports/trial-balance'],
    tag: 'Ledger',
    summary: 'Trial balance, as of any day: every account, by code',
    query: { asOf: day.optional() },
    response: z
      .object({
        asOf: day,
        currency: currencyCode,
        data: z.array(trialBalanceRow),
        totals: z.object({
          totalDebit: money,
          totalCredit: money,
          debitBalance: money,
          creditBalance: money,
        }),
        balanced: z.boolean().openapi({ description: 'Debits and credits are equal.' }),
      })
      .openapi('TrialBalance'),
    async handle(input) {
      const { tenant } = input.principal
      const asOf = input.query.asOf ?? (await services.tenants.today(tenant))
      return kept(services.answers, input, { kind: 'balance', parts: ['trial-balance', asOf] }, async () => {
        const [{ currency }, rows] = await Promise.all([
          services.tenants.settings(tenant),
          accountsAsOf(services, { tenant, from: EVER_FROM, asOf }),
        ])
        const figures = rows.map((row) => {
          const [debit, credit] = [parseDecimal(row.total_debit), parseDecimal(row.total_credit)]
          const excess = debit - credit
          return { row, debit, credit, over: excess > 0n ? excess : 0n, under: excess < 0n ? -excess : 0n }
        })
        const cash = (amount: Amount) => toMoney(amount, currency)
        const [debits, credits] = [sum(figures.map((f) => f.debit)), sum(figures.map((f) => f.credit))]
        return {
          asOf,
          currency,
          data: figures.map(({ row, debit, credit, over, under }) => ({
            ...accountOf(row),
            totalDebit: cash(debit),
            totalCredit: cash(credit),
            debitBalance: cash(over),
            creditBalance: cash(under),
            balance: moneyOf(row.balance, currency),
          })),
          totals: {
            totalDebit: cash(debits),
            totalCredit: cash(credits),
            debitBalance: cash(sum(figures.map((f) => f.over))),
            creditBalance: cash(sum(figures.map((f) => f.under))),
          },
          balanced: debits === credits,
        }
      })
    },
  })

const ledgerAccount = z
  .object({ ...accountShape, opening: balance, debit: money, credit: money, closing: balance })
  .openapi('LedgerAccount')

const ledgerLine = z
  .object({
    accountId: z.string(),
    date: day,
    journalId: z.string(),
    journalNumber: z.string(),
    line: z.number().int(),
    kind: z.string(),
    description: z.string(),
    memo: z.string().nullable(),
    partyType: z.string().nullable(),
    partyId: z.string().nullable(),
    productId: z.string().nullable(),
    taxCode: z.string().nullable(),
    department: z.string().nullable(),
    source: z.object({ type: z.string(), id: z.string() }).nullable(),
    debit: money,
    credit: money,
    amount: money.openapi({ description: 'In the currency of the entry, without sign.' }),
    balance: money.openapi({ description: 'Of the account after the line.' }),
  })
  .openapi('LedgerLine')

export const generalLedger = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/reports/general-ledger',
    aliases: ['/finance/reports/general-ledger'],
    tag: 'Ledger',
    summary: 'General ledger of a range: lines by account with running balances, opening and closing',
    description:
      'asOf is the last day. Opening + movements = closing, which is the balance of the trial balance of that day.',
    query: {
      accountId: resourceId.optional(),
      from: day.optional(),
      to: day.optional(),
      limit,
      cursor: cursor.optional(),
    },
    response: z
      .object({
        asOf: day,
        from: day,
        to: day,
        currency: currencyCode,
        accounts: z.array(ledgerAccount),
        data: z.array(ledgerLine),
        page: pageInfo,
      })
      .openapi('GeneralLedger'),
    async handle({ principal: { tenant }, query, signal }) {
      const { from: first, to: last } = rangeOf(
        { from: query.from, to: query.to },
        await services.tenants.today(tenant),
        RANGE,
      )
      const [from, asOf] = [formatDay(first), formatDay(last)]
      const account = query.accountId ?? ''
      const binding = ['general-ledger', account, from, asOf]
      const after = decodeCursor(query.cursor, binding, 4)
      const [{ currency }, all] = await Promise.all([
        services.tenants.settings(tenant),
        accountsAsOf(services, { tenant, from, asOf }),
      ])
      const rows = await readLedgerLines(
        services,
        { tenant, account, from, asOf, after, rows: query.limit + 1, signal },
        all,
      )
      const accounts = account === '' ? all : all.filter((row) => row.account_id === account)
      const { data, page } = pageOf(rows, {
        limit: query.limit,
        binding,
        keys: ({ key }) => [key.account_id, key.entry_date, key.position, String(key.line)],
        map: (row) => lineOf(row, currency),
      })
      return {
        asOf,
        from,
        to: asOf,
        currency,
        accounts: accounts.map((row) => ({
          ...accountOf(row),
          opening: moneyOf(row.opening, currency),
          debit: moneyOf(row.total_debit, currency),
          credit: moneyOf(row.total_credit, currency),
          closing: moneyOf(row.balance, currency),
        })),
        data: [...data],
        page,
      }
    },
  })

const lineOf = (
  { key, line, balance: stands }: LedgerLine,
  currency: string,
): z.input<typeof ledgerLine> => ({
  accountId: key.account_id,
  date: key.entry_date,
  journalId: key.journal_id,
  journalNumber: line.journal_number,
  line: key.line,
  kind: line.kind,
  description: line.description,
  memo: orNull(line.memo),
  partyType: orNull(line.party_type),
  partyId: orNull(line.party_id),
  productId: orNull(line.product_id),
  taxCode: orNull(line.tax_code),
  department: orNull(line.department),
  source: line.source_type === '' ? null : { type: line.source_type, id: line.source_id },
  debit: moneyOf(line.debit, currency),
  credit: moneyOf(line.credit, currency),
  amount: moneyOf(line.amount, line.currency),
  balance: toMoney(stands, currency),
})
