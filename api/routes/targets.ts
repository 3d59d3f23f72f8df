/** GET /v1/targets and /v1/targets/{id}. */
import { z } from 'zod'
import { day, decimal, instant } from '../http/schemas.ts'
import { operationsOfResource } from '../reads/list.ts'
import { orNull, UPDATED } from '../reads/text.ts'
import type { Services } from '../services.ts'

interface Row {
  readonly target_id: string
  readonly measure: string
  readonly slice: string
  readonly first: string
  readonly last: string
  readonly text: string
  readonly unit: string
  readonly is_withdrawn: boolean
  readonly updated: string
}

const target = z
  .object({
    id: z.string(),
    measure: z.string(),
    slice: z.string().nullable().openapi({ description: 'null = the whole company.' }),
    from: day,
    to: day,
    amount: decimal.openapi({ description: 'In the unit; of unit currency in the base currency.' }),
    unit: z.string(),
    withdrawn: z.boolean(),
    updatedAt: instant,
  })
  .openapi('Target')

export const targets = (services: Services) =>
  operationsOfResource<Row, typeof target>(services, {
    plural: 'targets',
    singular: 'target',
    alias: false,
    tag: 'KPIs',
    view: 'fct_targets',
    columns: `target_id, measure, slice, toString(from_date) AS first, toString(to_date) AS last, toString(amount) AS text,
  unit, is_withdrawn, ${UPDATED}`,
    idColumn: 'target_id',
    id: (row) => row.target_id,
    order: { column: 'from_date', type: 'Date32', of: (row) => row.first },
    filters: {
      measure: { column: 'measure', schema: z.string().min(1).max(60) },
      withdrawn: { column: 'toString(is_withdrawn)', schema: z.enum(['true', 'false']) },
    },
    dateColumn: 'from_date',
    response: target,
    map: (row) => ({
      id: row.target_id,
      measure: row.measure,
      slice: orNull(row.slice),
      from: row.first,
      to: row.last,
      amount: row.text,
      unit: row.unit,
      withdrawn: row.is_withdrawn,
      updatedAt: row.updated,
    }),
  })
