/** GET /v1/expenses and /v1/expenses/{id}. */
import { z } from 'zod'
import { parseDecimal, toMoney } from '../../schemas/values/amount.ts'
import { day, instant, money, resourceId } from '../http/schemas.ts'
import { operationsOfResource } from '../reads/list.ts'
import type { Services } from '../services.ts'

interface Row {
  readonly expense_id: string
  readonly expense_number: string
  readonly dated: string
  readonly category: string
  readonly vendor_id: string
  readonly vendor_name: string
  readonly department: string
  readonly description: string
  readonly currency: string
  readonly rate: string
  readonly net: string
  readonly vat: string
  readonly gross: string
  readonly status: string
  readonly approved: string | null
  readonly updated: string
}

const STATUSES = ['RECORDED', 'APPROVED'] as const

const expense = z
  .object({
    id: z.string(),
    expenseNumber: z.string(),
    expenseDate: day,
    category: z.string(),
    vendorId: z.string().nullable(),
    vendorName: z.string().nullable(),
    department: z.string().nullable(),
    description: z.string(),
    fxRate: z.string(),
    netAmount: money,
    vatAmount: money,
    total: money,
    status: z.enum(STATUSES),
    approvedOn: day.nullable(),
    updatedAt: instant,
  })
  .openapi('Expense')

const orNull = (text: string): string | null => (text === '' ? null : text)

export const expenses = (services: Services) =>
  operationsOfResource<Row, typeof expense>(services, {
    plural: 'expenses',
    singular: 'expense',
    alias: true,
    view: 'fct_expenses',
    columns: `expense_id, expense_number, toString(expense_date) AS dated, category, vendor_id, vendor_name, department,
  description, currency, toString(fx_rate) AS rate, toString(net_amount) AS net, toString(vat_amount) AS vat,
  toString(total) AS gross, status, toString(approved_on) AS approved,
  formatDateTime(updated_at, '%Y-%m-%dT%H:%i:%S.000Z', 'UTC') AS updated`,
    idColumn: 'expense_id',
    id: (row) => row.expense_id,
    order: { column: 'expense_date', type: 'Date32', of: (row) => row.dated },
    filters: {
      status: { column: 'status', schema: z.enum(STATUSES) },
      category: { column: 'category', schema: z.string().min(1).max(100) },
      vendorId: { column: 'vendor_id', schema: resourceId },
    },
    dateColumn: 'expense_date',
    response: expense,
    map: (row) => {
      const amount = (text: string) => toMoney(parseDecimal(text), row.currency)
      return {
        id: row.expense_id,
        expenseNumber: row.expense_number,
        expenseDate: row.dated,
        category: row.category,
        vendorId: orNull(row.vendor_id),
        vendorName: orNull(row.vendor_name),
        department: orNull(row.department),
        description: row.description,
        fxRate: row.rate,
        netAmount: amount(row.net),
        vatAmount: amount(row.vat),
        total: amount(row.gross),
        status: row.status as (typeof STATUSES)[number],
        approvedOn: row.approved,
        updatedAt: row.updated,
      }
    },
  })
