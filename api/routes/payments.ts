/** GET /v1/payments and /v1/payments/{id}. */
import { z } from 'zod'
import { parseDecimal, toMoney } from '../../schemas/values/amount.ts'
import { day, instant, money, resourceId } from '../http/schemas.ts'
import { operationsOfResource } from '../reads/list.ts'
import type { Services } from '../services.ts'

interface Row {
  readonly payment_id: string
  readonly payment_number: string
  readonly customer_id: string
  readonly customer_name: string
  readonly dated: string
  readonly method: string
  readonly reference: string
  readonly currency: string
  readonly rate: string
  readonly received: string
  readonly allocated: string
  readonly status: string
  readonly reversed: string | null
  readonly failed: string | null
  readonly updated: string
}

const STATUSES = ['RECEIVED', 'REVERSED', 'FAILED'] as const

const payment = z
  .object({
    id: z.string(),
    paymentNumber: z.string(),
    customerId: z.string(),
    customerName: z.string(),
    paymentDate: day,
    method: z.string(),
    reference: z.string().nullable(),
    fxRate: z.string(),
    amount: money,
    allocated: money,
    status: z.enum(STATUSES),
    reversedOn: day.nullable(),
    failedOn: day.nullable(),
    updatedAt: instant,
  })
  .openapi('Payment')

export const payments = (services: Services) =>
  operationsOfResource<Row, typeof payment>(services, {
    plural: 'payments',
    singular: 'payment',
    alias: true,
    view: 'fct_payments',
    columns: `payment_id, payment_number, customer_id, customer_name, toString(payment_date) AS dated, method, reference,
  currency, toString(fx_rate) AS rate, toString(amount) AS received, toString(allocated_amount) AS allocated, status,
  toString(reversed_on) AS reversed, toString(failed_on) AS failed,
  formatDateTime(updated_at, '%Y-%m-%dT%H:%i:%S.000Z', 'UTC') AS updated`,
    idColumn: 'payment_id',
    id: (row) => row.payment_id,
    order: { column: 'payment_date', type: 'Date32', of: (row) => row.dated },
    filters: {
      status: { column: 'status', schema: z.enum(STATUSES) },
      customerId: { column: 'customer_id', schema: resourceId },
    },
    dateColumn: 'payment_date',
    response: payment,
    map: (row) => ({
      id: row.payment_id,
      paymentNumber: row.payment_number,
      customerId: row.customer_id,
      customerName: row.customer_name,
      paymentDate: row.dated,
      method: row.method,
      reference: row.reference === '' ? null : row.reference,
      fxRate: row.rate,
      amount: toMoney(parseDecimal(row.received), row.currency),
      allocated: toMoney(parseDecimal(row.allocated), row.currency),
      status: row.status as (typeof STATUSES)[number],
      reversedOn: row.reversed,
      failedOn: row.failed,
      updatedAt: row.updated,
    }),
  })
