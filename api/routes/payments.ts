/** GET /v1/payments and /v1/payments/{id}: money that came in from customers, or went out to vendors. */
import { z } from 'zod'
import { type Operation, tenantOperation } from '../http/operation.ts'
import { day, instant, money, resourceId } from '../http/schemas.ts'
import {
  listQuery,
  listReader,
  listResponse,
  oneReader,
  type Source,
  unknownResource,
} from '../reads/list.ts'
import { moneyOf, orNull, UPDATED } from '../reads/text.ts'
import type { Services } from '../services.ts'

const STATUSES = ['RECEIVED', 'SENT', 'REVERSED', 'FAILED'] as const
const DIRECTIONS = ['in', 'out'] as const
type Direction = (typeof DIRECTIONS)[number]

interface Row {
  readonly payment_id: string
  readonly payment_number: string
  readonly customer: string
  readonly customer_title: string
  readonly vendor: string
  readonly vendor_title: string
  readonly dated: string
  readonly method: string
  readonly reference: string
  readonly currency: string
  readonly rate: string
  readonly paid: string
  readonly allocated: string
  readonly status: (typeof STATUSES)[number]
  readonly reversed: string | null
  readonly failed: string | null
  readonly reconciled: string | null
  readonly updated: string
}

const payment = z
  .object({
    id: z.string(),
    direction: z.enum(DIRECTIONS),
    paymentNumber: z.string(),
    customerId: z.string().nullable().openapi({ description: 'Who paid, of direction in.' }),
    customerName: z.string().nullable(),
    vendorId: z.string().nullable().openapi({ description: 'Who was paid, of direction out.' }),
    vendorName: z.string().nullable(),
    paymentDate: day,
    method: z.string(),
    reference: z.string().nullable(),
    fxRate: z.string(),
    amount: money,
    allocated: money.openapi({ description: 'Of it applied to invoices or bills; the rest is an advance.' }),
    status: z.enum(STATUSES),
    reversedOn: day.nullable(),
    failedOn: day.nullable(),
    reconciledOn: day.nullable().openapi({ description: 'Day of the line of a bank statement.' }),
    updatedAt: instant,
  })
  .openapi('Payment')

/** Columns of the party by direction; the other one's are empty. */
const PARTIES: Readonly<Record<Direction, string>> = {
  in: `customer_id AS customer, customer_name AS customer_title, '' AS vendor, '' AS vendor_title`,
  out: `'' AS customer, '' AS customer_title, vendor_id AS vendor, vendor_name AS vendor_title`,
}

const sourceOf = (direction: Direction): Source<Row, typeof payment> => ({
  plural: 'payments',
  singular: 'payment',
  view: direction === 'in' ? 'fct_payments' : 'fct_vendor_payments',
  columns: `payment_id, payment_number, ${PARTIES[direction]}, toString(payment_date) AS dated, method, reference, currency,
  toString(fx_rate) AS rate, toString(amount) AS paid, toString(allocated_amount) AS allocated, status,
  toString(reversed_on) AS reversed, toString(failed_on) AS failed, toString(reconciled_on) AS reconciled, ${UPDATED}`,
  idColumn: 'payment_id',
  id: (row) => row.payment_id,
  order: { column: 'payment_date', type: 'Date32', of: (row) => row.dated },
  filters: {
    status: { column: 'status', schema: z.enum(STATUSES) },
    customerId: { column: direction === 'in' ? 'customer_id' : `''`, schema: resourceId },
    vendorId: { column: direction === 'out' ? 'vendor_id' : `''`, schema: resourceId },
  },
  dateColumn: 'payment_date',
  response: payment,
  map: (row) => ({
    id: row.payment_id,
    direction,
    paymentNumber: row.payment_number,
    customerId: orNull(row.customer),
    customerName: orNull(row.customer_title),
    vendorId: orNull(row.vendor),
    vendorName: orNull(row.vendor_title),
    paymentDate: row.dated,
    method: row.method,
    reference: orNull(row.reference),
    fxRate: row.rate,
    amount: moneyOf(row.paid, row.currency),
    allocated: moneyOf(row.allocated, row.currency),
    status: row.status,
    reversedOn: row.reversed,
    failedOn: row.failed,
    reconciledOn: row.reconciled,
    updatedAt: row.updated,
  }),
})

export function payments(services: Services): readonly Operation[] {
  const [received, sent] = [sourceOf('in'), sourceOf('out')]
  const lists = { in: listReader(services, received), out: listReader(services, sent) }
  const readers = [oneReader(services, received), oneReader(services, sent)]
  const list = tenantOperation({
    method: 'get',
    path: '/v1/payments',
    aliases: ['/finance/payments'],
    tag: 'Documents',
    summary: 'List payments of one direction, newest first',
    description: 'As they stand with all that is recorded. Without direction: money that came in.',
    query: { direction: z.enum(DIRECTIONS).default('in'), ...listQuery(received) },
    response: listResponse('payment', payment),
    handle: ({ principal: { tenant }, query, signal }) =>
      lists[query.direction as Direction]({ tenant, query, signal }),
  })
  const one = tenantOperation({
    method: 'get',
    path: '/v1/payments/{id}',
    aliases: ['/finance/payments/{id}'],
    tag: 'Documents',
    summary: 'One payment, of either direction',
    problems: ['resource_unknown'],
    params: { id: resourceId },
    response: payment,
    async handle({ principal: { tenant }, params: { id }, signal }) {
      const found = await Promise.all(readers.map((read) => read({ tenant, id, signal })))
      const known = found.find((answer) => answer !== undefined)
      if (known === undefined) throw unknownResource('payment', id)
      return known
    },
  })
  return [list, one]
}
