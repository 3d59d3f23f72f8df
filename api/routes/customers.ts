/** GET /v1/customers and /v1/customers/{id}: the customer master. */
import { z } from 'zod'
import { formatAmount, parseDecimal } from '../../schemas/values/amount.ts'
import { activeFilter, instant } from '../http/schemas.ts'
import { operationsOfResource } from '../reads/list.ts'
import { orNull, UPDATED } from '../reads/text.ts'
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
  readonly tin: string
  readonly bin: string
  readonly nid: string
  readonly address_line: string
  readonly district: string
  readonly division: string
  readonly postcode: string
  readonly segment: string
  readonly salesperson_id: string
  readonly kyc_status: string
  readonly points: string
  readonly is_active: boolean
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
    tin: z.string().nullable(),
    bin: z.string().nullable(),
    nid: z.string().nullable(),
    addressLine: z.string().nullable(),
    district: z.string().nullable(),
    division: z.string().nullable(),
    postcode: z.string().nullable(),
    segment: z.string().nullable(),
    salespersonId: z.string().nullable(),
    kycStatus: z.string(),
    loyaltyPoints: z.number().int(),
    active: z.boolean(),
    updatedAt: instant,
  })
  .openapi('Customer')

export const customers = (services: Services) =>
  operationsOfResource<Row, typeof customer>(services, {
    plural: 'customers',
    kept: 'master',
    singular: 'customer',
    alias: false,
    tag: 'Masters',
    view: 'dim_customers',
    columns: `customer_id, customer_number, name, name_bn, currency, payment_terms_days,
  toString(credit_limit) AS credit_limit_text, email, phone, country, tin, bin, nid, address_line, district, division,
  postcode, segment, salesperson_id, kyc_status, toString(loyalty_points) AS points, is_active, ${UPDATED}`,
    idColumn: 'customer_id',
    id: (row) => row.customer_id,
    order: { column: 'customer_number', type: 'String', of: (row) => row.customer_number },
    filters: {
      number: { column: 'customer_number', schema: z.string().min(1).max(100) },
      segment: { column: 'segment', schema: z.string().min(1).max(100) },
      active: activeFilter,
    },
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
      tin: orNull(row.tin),
      bin: orNull(row.bin),
      nid: orNull(row.nid),
      addressLine: orNull(row.address_line),
      district: orNull(row.district),
      division: orNull(row.division),
      postcode: orNull(row.postcode),
      segment: orNull(row.segment),
      salespersonId: orNull(row.salesperson_id),
      kycStatus: row.kyc_status,
      loyaltyPoints: Number(row.points),
      active: row.is_active,
      updatedAt: row.updated,
    }),
  })
