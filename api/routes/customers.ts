/** GET /v1/customers and /v1/customers/{id}: the customer master. */
import { z } from 'zod'
import { formatAmount, parseDecimal } from '../../schemas/values/amount.ts'
import { instant } from '../http/schemas.ts'
import { operationsOfResource } from '../reads/list.ts'
import type { Services } from '../services.ts'

interface Row {
  readonly customer_id: string
  readonly customer_number: string
  readonly name: string
  readonly name_bn: string
  readonly currency: string
  readonly payment_terms_days: number | null
  readonly credit_limit_text: string | null
  readonly email: string
  readonly phone: string
  readonly country: string
  readonly updated: string
}

const customer = z
  .object({
    id: z.string(),
    customerNumber: z.string(),
    name: z.string(),
    nameBn: z.string().nullable(),
    currency: z.string().nullable(),
    paymentTermsDays: z.number().int().nullable(),
    creditLimit: z.string().nullable().openapi({ description: 'In the base currency.' }),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    country: z.string().nullable(),
    updatedAt: instant,
  })
  .openapi('Customer')

const orNull = (text: string): string | null => (text === '' ? null : text)

export const customers = (services: Services) =>
  operationsOfResource<Row, typeof customer>(services, {
    plural: 'customers',
    singular: 'customer',
    alias: false,
    view: 'dim_customers',
    columns: `customer_id, customer_number, name, name_bn, currency, payment_terms_days,
  toString(credit_limit) AS credit_limit_text, email, phone, country,
  formatDateTime(updated_at, '%Y-%m-%dT%H:%i:%S.000Z', 'UTC') AS updated`,
    idColumn: 'customer_id',
    id: (row) => row.customer_id,
    order: { column: 'customer_number', type: 'String', of: (row) => row.customer_number },
    filters: {},
    response: customer,
    map: (row) => ({
      id: row.customer_id,
      customerNumber: row.customer_number,
      name: row.name,
      nameBn: orNull(row.name_bn),
      currency: orNull(row.currency),
      paymentTermsDays: row.payment_terms_days,
      creditLimit:
        row.credit_limit_text === null ? null : formatAmount(parseDecimal(row.credit_limit_text), ''),
      email: orNull(row.email),
      phone: orNull(row.phone),
      country: orNull(row.country),
      updatedAt: row.updated,
    }),
  })
