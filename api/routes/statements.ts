/**
 * GET /v1/reports/balance-sheet, /v1/reports/profit-and-loss and /v1/reports/cash-flow: the statements as of any day or of
 * any period, beside what they are compared with. What they mean is said in schemas/rules/statements; here they get their
 * form. R1: amounts of one column are at one index everywhere; the column asked for is the first.
 */
import { z } from 'zod'
import { balanceSheet, profitAndLoss } from '../../schemas/rules/statements/balances.ts'
import { type CashFlow, cashFlow } from '../../schemas/rules/statements/cash-flow.ts'
import { daysOf, type Period, periodsOf } from '../../schemas/rules/statements/periods.ts'
import type { StatementGroup, StatementSection } from '../../schemas/rules/statements/tree.ts'
import { type Amount, toMoney } from '../../schemas/values/amount.ts'
import { firstOfFiscalYear, formatDay } from '../../schemas/values/calendar.ts'
import { tenantOperation } from '../http/operation.ts'
import { ApiError } from '../http/problem.ts'
import { currencyCode, day, money } from '../http/schemas.ts'
import { readCashColumn, readColumns } from '../reads/statements.ts'
import { orNull } from '../reads/text.ts'
import type { Services } from '../services.ts'
import { query, statement } from './statement-question.ts'

const title = {
  key: z.string(),
  title: z.string(),
  titleBn: z.string(),
}
const amounts = z.array(money).openapi({ description: 'One per column.' })
const flags = z.array(z.boolean()).openapi({ description: 'One per column.' })

const group = z
  .object({
    ...title,
    accounts: z.array(
      z.object({
        accountId: z.string(),
        code: z.string(),
        name: z.string(),
        nameBn: z.string().nullable(),
        amounts,
      }),
    ),
    totals: amounts,
  })
  .openapi('StatementGroup')
const section = z.object({ ...title, groups: z.array(group), totals: amounts }).openapi('StatementSection')

const periodColumn = z.object({ from: day, to: day })
const shown = (currency: string) => {
  const list = (all: readonly Amount[]) => all.map((amount) => toMoney(amount, currency))
  const ofGroup = ({ lines, totals, ...rest }: StatementGroup) => ({
    ...rest,
    accounts: lines.map(({ account, amounts: own }) => ({
      accountId: account.id,
      code: account.code,
      name: account.name,
      nameBn: orNull(account.nameBn),
      amounts: list(own),
    })),
    totals: list(totals),
  })
  const ofSection = ({ groups, totals, ...rest }: StatementSection) => ({
    ...rest,
    groups: groups.map(ofGroup),
    totals: list(totals),
  })
  return { list, ofGroup, ofSection }
}

const days = ({ from, to }: Period) => ({ from: formatDay(from), to: formatDay(to) })

export const balanceSheetReport = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/reports/balance-sheet',
    keeps: true,
    aliases: ['/finance/reports/balance-sheet'],
    tag: 'Ledger',
    summary: 'Balance sheet as of any day, beside the end of the month before or the same day a year before',
    description:
      'With from and to: as of to, beside the balances at the end of the day before from. Equity includes the result that no closing entry has taken to retained earnings, shown apart.',
    query,
    response: z
      .object({
        asOf: day,
        currency: currencyCode,
        columns: z.array(z.object({ asOf: day })),
        sections: z.array(section).openapi({ description: 'Current and non-current; accounts by subtype.' }),
        unclosedResult: z.object({
          earlierYears: amounts,
          currentYear: amounts.openapi({ description: 'Of the fiscal year of the column, up to its day.' }),
        }),
        unclassified: group.openapi({ description: 'Accounts without a class; debits less credits.' }),
        totals: z.object({
          assets: amounts,
          liabilities: amounts,
          equity: amounts,
          liabilitiesAndEquity: amounts,
        }),
        balanced: flags.openapi({ description: 'assets = liabilities + equity, by column.' }),
      })
      .openapi('BalanceSheet'),
    handle: statement(services, 'balance-sheet', async ({ tenant, asked, period }) => {
      const { currency, fiscalYearStart } = await services.tenants.settings(tenant)
      if (asked.from !== undefined && asked.compare !== 'none')
        throw new ApiError(
          'query_invalid',
          'query/compare: with from, the balance sheet is compared with the day before it: leave one of them out.',
        )
      const ends =
        asked.from === undefined
          ? daysOf(period.to, asked.compare, asked.periods)
          : [period.to, period.from - 1]
      const columns = await readColumns(
        services,
        tenant,
        ends.map((to) => ({ from: firstOfFiscalYear(to, fiscalYearStart), to })),
      )
      const sheet = balanceSheet(columns)
      const { list, ofGroup, ofSection } = shown(currency)
      return {
        asOf: formatDay(period.to),
        currency,
        columns: ends.map((end) => ({ asOf: formatDay(end) })),
        sections: sheet.sections.map(ofSection),
        unclosedResult: {
          earlierYears: list(sheet.unclosedEarlier),
          currentYear: list(sheet.unclosedCurrent),
        },
        unclassified: ofGroup(sheet.unclassified),
        totals: {
          assets: list(sheet.assets),
          liabilities: list(sheet.liabilities),
          equity: list(sheet.equity),
          liabilitiesAndEquity: list(sheet.liabilities.map((amount, i) => amount + (sheet.equity[i] ?? 0n))),
        },
        balanced: [...sheet.balanced],
      }
    }),
  })

export const profitAndLossReport = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/reports/profit-and-loss',
    keeps: true,
    aliases: ['/finance/reports/profit-and-loss'],
    tag: 'Ledger',
    summary: 'Profit and loss of any period, beside the period before or the same a year before',
    description: 'With asOf alone: the fiscal year up to it. Closing entries of fiscal years are left out.',
    query,
    response: z
      .object({
        asOf: day,
        from: day,
        to: day,
        currency: currencyCode,
        columns: z.array(periodColumn),
        sections: z.array(section).openapi({
          description:
            'Income as income, expenses as expenses: both above zero where they are usual; returns and discounts below.',
        }),
        totals: z.object({
          netRevenue: amounts,
          grossProfit: amounts,
          operatingProfit: amounts,
          ebit: amounts,
          ebitda: amounts,
          profitBeforeTax: amounts,
          netProfit: amounts,
        }),
      })
      .openapi('ProfitAndLoss'),
    handle: statement(services, 'profit-and-loss', async ({ tenant, asked, period }) => {
      const { currency } = await services.tenants.settings(tenant)
      const all = periodsOf(period, asked.compare, asked.periods)
      const result = profitAndLoss(await readColumns(services, tenant, all))
      const { list, ofSection } = shown(currency)
      const { totals } = result
      return {
        asOf: formatDay(period.to),
        ...days(period),
        currency,
        columns: all.map(days),
        sections: result.sections.map(ofSection),
        totals: {
          netRevenue: list(totals.netRevenue),
          grossProfit: list(totals.grossProfit),
          operatingProfit: list(totals.operatingProfit),
          ebit: list(totals.ebit),
          ebitda: list(totals.ebitda),
          profitBeforeTax: list(totals.profitBeforeTax),
          netProfit: list(totals.netProfit),
        },
      }
    }),
  })

export const cashFlowReport = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/reports/cash-flow',
    keeps: true,
    aliases: ['/finance/reports/cash-flow'],
    tag: 'Ledger',
    summary: 'Cash flow statement of any period, direct or indirect, with comparison',
    description:
      'With asOf alone: the fiscal year up to it. opening + broughtIn (opening balances) + change = closing; change = operating + investing + financing.',
    query: { ...query, method: z.enum(['direct', 'indirect']).default('direct') },
    response: z
      .object({
        asOf: day,
        from: day,
        to: day,
        method: z.enum(['direct', 'indirect']),
        currency: currencyCode,
        columns: z.array(periodColumn),
        netProfit: amounts.openapi({
          description: 'Where the indirect method begins; in its operating total.',
        }),
        sections: z.array(section).openapi({ description: 'operating, investing, financing.' }),
        opening: amounts,
        broughtIn: amounts,
        change: amounts,
        closing: amounts,
        balanced: z.object({
          partsEqualChange: flags.openapi({
            description: 'The three parts are the change of the cash accounts.',
          }),
          methodsAgree: flags.openapi({ description: 'Direct and indirect give one operating total.' }),
        }),
      })
      .openapi('CashFlowStatement'),
    handle: statement(services, 'cash-flow', async ({ tenant, asked, period }) => {
      const { currency } = await services.tenants.settings(tenant)
      const all = periodsOf(period, asked.compare, asked.periods)
      const columns = await Promise.all(all.map((one) => readCashColumn(services, tenant, one)))
      const flow: CashFlow = cashFlow(columns, asked.method)
      const { list, ofSection } = shown(currency)
      return {
        asOf: formatDay(period.to),
        ...days(period),
        method: asked.method,
        currency,
        columns: all.map(days),
        netProfit: list(flow.netProfit),
        sections: flow.sections.map(ofSection),
        opening: list(flow.opening),
        broughtIn: list(flow.broughtIn),
        change: list(flow.change),
        closing: list(flow.closing),
        balanced: {
          partsEqualChange: [...flow.partsEqualChange],
          methodsAgree: [...flow.methodsAgree],
        },
      }
    }),
  })
