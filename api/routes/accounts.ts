/** GET /v1/accounts and /v1/accounts/{id}: the chart of accounts. Balances: /v1/reports/trial-balance. */
import { z } from 'zod'
import { accountClass, activeFilter, instant } from '../http/schemas.ts'
import { operationsOfResource } from '../reads/list.ts'
import { orNull, UPDATED } from '../reads/text.ts'
import type { Services } from '../services.ts'

interface Row {
  readonly account_id: string
  readonly account_code: string
  readonly account_name: string
  readonly name_bn: string
  readonly account_type: z.infer<typeof accountClass>
  readonly account_subtype: string
  readonly cash_flow: string
  readonly parent_id: string
  readonly currency: string
  readonly control: string
  readonly is_active: boolean
  readonly updated: string
}

const account = z
  .object({
    id: z.string(),
    code: z.string(),
    name: z.string(),
    nameBn: z.string().nullable(),
    accountClass,
    subtype: z.string().nullable(),
    cashFlow: z.string(),
    parentId: z.string().nullable(),
    currency: z.string().nullable().openapi({ description: 'null = the base currency.' }),
    control: z.string().nullable().openapi({ description: 'Subledger whose control account it is.' }),
    active: z.boolean(),
    updatedAt: instant,
  })
  .openapi('Account')

export const accounts = (services: Services) =>
  operationsOfResource<Row, typeof account>(services, {
    plural: 'accounts',
    kept: 'master',
    singular: 'account',
    alias: 'chart-of-accounts',
    tag: 'Ledger',
    description: 'The chart of accounts as it is now, by code.',
    view: 'dim_accounts',
    columns: `account_id, account_code, account_name, name_bn, account_type, account_subtype, cash_flow, parent_id, currency,
  control, is_active, ${UPDATED}`,
    idColumn: 'account_id',
    id: (row) => row.account_id,
    order: { column: 'account_code', type: 'String', of: (row) => row.account_code, ascending: true },
    filters: {
      code: { column: 'account_code', schema: z.string().min(1).max(50) },
      accountClass: { column: 'account_type', schema: accountClass },
      active: activeFilter,
    },
    response: account,
    map: (row) => ({
      id: row.account_id,
      code: row.account_code,
      name: row.account_name,
      nameBn: orNull(row.name_bn),
      accountClass: row.account_type,
      subtype: orNull(row.account_subtype),
      cashFlow: row.cash_flow,
      parentId: orNull(row.parent_id),
      currency: orNull(row.currency),
      control: orNull(row.control),
      active: row.is_active,
      updatedAt: row.updated,
    }),
  })
