/** GET /v1/stock-movements (+ /{id}): what moved. GET /v1/stock (+ /{id} of a product): what is there, as of any day. */
import { z } from 'zod'
import {
  type StockPlaceRow,
  stockPlacesSql,
  type StockRow,
  stockSql,
} from '../../sinks/clickhouse/contract.ts'
import { decodeCursor, pageOf } from '../http/cursor.ts'
import { type Operation, tenantOperation } from '../http/operation.ts'
import { cursor, day, decimal, instant, limit, money, pageInfo, resourceId } from '../http/schemas.ts'
import { operationsOfResource, unknownResource } from '../reads/list.ts'
import { moneyOf, orNull, UPDATED } from '../reads/text.ts'
import type { Services } from '../services.ts'

const MOVEMENTS = [
  'UNKNOWN',
  'RECEIPT',
  'ISSUE',
  'CUSTOMER_RETURN',
  'VENDOR_RETURN',
  'TRANSFER',
  'ADJUSTMENT',
] as const

interface MovementRow {
  readonly movement_id: string
  readonly product_id: string
  readonly sku: string
  readonly product_name: string
  readonly movement: (typeof MOVEMENTS)[number]
  readonly dated: string
  readonly warehouse: string
  readonly to_warehouse: string
  readonly batch: string
  readonly units: string
  readonly unit: string
  readonly cost: string
  readonly worth: string
  readonly units_after: string
  readonly worth_after: string
  readonly source_type: string
  readonly source_id: string
  readonly reference: string
  readonly reason: string
  readonly updated: string
  /** Base currency of the tenant. */
  readonly base?: string
}

const movement = z
  .object({
    id: z.string(),
    productId: z.string(),
    sku: z.string(),
    productName: z.string(),
    movement: z.enum(MOVEMENTS),
    movementDate: day,
    warehouse: z.string(),
    toWarehouse: z.string().nullable().openapi({ description: 'Of a transfer.' }),
    batch: z.string().nullable(),
    quantity: decimal.openapi({
      description: 'Above zero comes in, below goes out; of a transfer above zero.',
    }),
    unit: z.string(),
    unitCost: decimal.openapi({ description: 'In the base currency; value is exact.' }),
    value: money.openapi({ description: 'Change of the value of the stock, in the base currency.' }),
    quantityAfter: decimal,
    valueAfter: money,
    source: z.object({ type: z.string(), id: z.string() }).nullable(),
    reference: z.string().nullable(),
    reason: z.string().nullable(),
    updatedAt: instant,
  })
  .openapi('StockMovement')

const stockMovements = (services: Services) =>
  operationsOfResource<MovementRow, typeof movement>(services, {
    plural: 'stock-movements',
    singular: 'stock-movement',
    alias: false,
    tag: 'Stock',
    description: 'Movements as they were: none is ever changed.',
    view: 'fct_stock_movements',
    columns: `movement_id, product_id, sku, product_name, movement, toString(movement_date) AS dated, warehouse, to_warehouse,
  batch, toString(quantity) AS units, unit, toString(unit_cost) AS cost, toString(value) AS worth,
  toString(quantity_after) AS units_after, toString(value_after) AS worth_after, source_type, source_id, reference, reason,
  ${UPDATED}`,
    idColumn: 'movement_id',
    id: (row) => row.movement_id,
    order: { column: 'movement_date', type: 'Date32', of: (row) => row.dated },
    filters: {
      productId: { column: 'product_id', schema: resourceId },
      movement: { column: 'movement', schema: z.enum(MOVEMENTS) },
      warehouse: { column: 'warehouse', schema: z.string().min(1).max(100) },
      batch: { column: 'batch', schema: z.string().min(1).max(100) },
      sourceId: { column: 'source_id', schema: resourceId },
    },
    dateColumn: 'movement_date',
    async complete(tenant, rows) {
      const { currency: base } = await services.tenants.settings(tenant)
      return rows.map((row) => ({ ...row, base }))
    },
    response: movement,
    map: (row) => ({
      id: row.movement_id,
      productId: row.product_id,
      sku: row.sku,
      productName: row.product_name,
      movement: row.movement,
      movementDate: row.dated,
      warehouse: row.warehouse,
      toWarehouse: orNull(row.to_warehouse),
      batch: orNull(row.batch),
      quantity: row.units,
      unit: row.unit,
      unitCost: row.cost,
      value: moneyOf(row.worth, row.base ?? ''),
      quantityAfter: row.units_after,
      valueAfter: moneyOf(row.worth_after, row.base ?? ''),
      source: row.source_type === '' ? null : { type: row.source_type, id: row.source_id },
      reference: orNull(row.reference),
      reason: orNull(row.reason),
      updatedAt: row.updated,
    }),
  })

const place = z
  .object({ warehouse: z.string(), batch: z.string().nullable(), quantity: decimal })
  .openapi('StockPlace')

const stock = z
  .object({
    productId: z.string(),
    sku: z.string(),
    productName: z.string(),
    category: z.string().nullable(),
    unit: z.string(),
    quantity: decimal.openapi({ description: 'In all warehouses.' }),
    value: money.openapi({ description: 'In the base currency.' }),
    unitCost: decimal.nullable().openapi({ description: 'value / quantity; null = nothing is there.' }),
    reorderLevel: decimal.nullable(),
    lastMovedOn: day.nullable(),
    places: z.array(place).openapi({ description: 'Warehouses and batches that are not empty.' }),
  })
  .openapi('Stock')

const PAGE_SQL = `
SELECT * FROM (${stockSql}) AS found
WHERE (found.sku, found.product_id) > ({afterSku:String}, {afterId:String})
  AND ({category:String} = '' OR found.category = {category:String})
ORDER BY found.sku, found.product_id
LIMIT {rows:UInt32}`

const ONE_SQL = `SELECT * FROM (${stockSql}) AS found WHERE found.product_id = {id:String} LIMIT 1`

type Asked = { readonly tenant: string; readonly asOf: string; readonly signal: AbortSignal }

/** Rows with their places, as answers. */
async function complete(
  services: Services,
  rows: readonly StockRow[],
  { tenant, asOf, signal }: Asked,
): Promise<z.input<typeof stock>[]> {
  if (rows.length === 0) return []
  const [{ currency }, places] = await Promise.all([
    services.tenants.settings(tenant),
    services.clickhouse.rows<StockPlaceRow>({
      name: 'stock_places',
      sql: stockPlacesSql,
      params: { tenant, asOf, ids: rows.map((row) => row.product_id) },
      signal,
    }),
  ])
  const byProduct = Map.groupBy(places, (one) => one.product_id)
  return rows.map((row) => ({
    productId: row.product_id,
    sku: row.sku,
    productName: row.product_name,
    category: orNull(row.category),
    unit: row.unit,
    quantity: row.quantity,
    value: moneyOf(row.value, currency),
    unitCost: row.unit_cost,
    reorderLevel: row.reorder_level,
    lastMovedOn: row.last_moved_on,
    places: (byProduct.get(row.product_id) ?? []).map((one) => ({
      warehouse: one.warehouse,
      batch: orNull(one.batch),
      quantity: one.quantity,
    })),
  }))
}

const stockList = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/stock',
    tag: 'Stock',
    summary: 'Stock on hand by product, as of any day, by SKU',
    query: {
      asOf: day.optional(),
      category: z.string().min(1).max(100).optional(),
      limit,
      cursor: cursor.optional(),
    },
    response: z.object({ asOf: day, data: z.array(stock), page: pageInfo }).openapi('StockList'),
    async handle({ principal: { tenant }, query, signal }) {
      const asOf = query.asOf ?? (await services.tenants.today(tenant))
      const category = query.category ?? ''
      const binding = ['stock', asOf, category]
      const [afterSku = '', afterId = ''] = decodeCursor(query.cursor, binding, 2) ?? []
      const rows = await services.clickhouse.rows<StockRow>({
        name: 'stock',
        sql: PAGE_SQL,
        params: { tenant, asOf, category, afterSku, afterId, rows: query.limit + 1 },
        signal,
      })
      const { data, page } = pageOf(rows, {
        limit: query.limit,
        binding,
        keys: (row) => [row.sku, row.product_id],
        map: (row) => row,
      })
      return { asOf, data: await complete(services, data, { tenant, asOf, signal }), page }
    },
  })

const stockOfOne = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/stock/{id}',
    tag: 'Stock',
    summary: 'Stock on hand of one product, as of any day',
    problems: ['resource_unknown'],
    params: { id: resourceId },
    query: { asOf: day.optional() },
    response: stock.extend({ asOf: day }).openapi('StockOfProduct'),
    async handle({ principal: { tenant }, params: { id }, query, signal }) {
      const asOf = query.asOf ?? (await services.tenants.today(tenant))
      const rows = await services.clickhouse.rows<StockRow>({
        name: 'stock_of_product',
        sql: ONE_SQL,
        params: { tenant, asOf, id },
        signal,
      })
      const [found] = await complete(services, rows, { tenant, asOf, signal })
      if (found === undefined) throw unknownResource('stock of product', id)
      return { asOf, ...found }
    },
  })

export const stockRoutes = (services: Services): readonly Operation[] => [
  ...stockMovements(services),
  stockList(services),
  stockOfOne(services),
]
