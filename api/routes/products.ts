/** GET /v1/products and /v1/products/{id}: products and services. */
import { z } from 'zod'
import { activeFilter, decimal, instant } from '../http/schemas.ts'
import { operationsOfResource } from '../reads/list.ts'
import { orNull, UPDATED } from '../reads/text.ts'
import type { Services } from '../services.ts'

interface Row {
  readonly product_id: string
  readonly sku: string
  readonly name: string
  readonly name_bn: string
  readonly kind: string
  readonly category: string
  readonly unit: string
  readonly hs_code: string
  readonly vat_code: string
  readonly price: string | null
  readonly is_stocked: boolean
  readonly is_batch_tracked: boolean
  readonly level: string | null
  readonly sales_account_id: string
  readonly inventory_account_id: string
  readonly cogs_account_id: string
  readonly is_active: boolean
  readonly updated: string
}

const product = z
  .object({
    id: z.string(),
    sku: z.string(),
    name: z.string(),
    nameBn: z.string().nullable(),
    kind: z.string().openapi({ description: 'goods or service.' }),
    category: z.string(),
    unit: z.string(),
    hsCode: z.string().nullable(),
    vatCode: z.string(),
    salePrice: decimal.nullable().openapi({ description: 'Without taxes, in the base currency.' }),
    stocked: z.boolean(),
    batchTracked: z.boolean(),
    reorderLevel: decimal.nullable().openapi({ description: 'In units.' }),
    salesAccountId: z.string().nullable(),
    inventoryAccountId: z.string().nullable(),
    cogsAccountId: z.string().nullable(),
    active: z.boolean(),
    updatedAt: instant,
  })
  .openapi('Product')

export const products = (services: Services) =>
  operationsOfResource<Row, typeof product>(services, {
    plural: 'products',
    kept: 'master',
    singular: 'product',
    alias: false,
    tag: 'Masters',
    view: 'dim_products',
    columns: `product_id, sku, name, name_bn, kind, category, unit, hs_code, vat_code, toString(sale_price) AS price,
  is_stocked, is_batch_tracked, toString(reorder_level) AS level, sales_account_id, inventory_account_id, cogs_account_id,
  is_active, ${UPDATED}`,
    idColumn: 'product_id',
    id: (row) => row.product_id,
    order: { column: 'sku', type: 'String', of: (row) => row.sku, ascending: true },
    filters: {
      sku: { column: 'sku', schema: z.string().min(1).max(100) },
      category: { column: 'category', schema: z.string().min(1).max(100) },
      active: activeFilter,
    },
    response: product,
    map: (row) => ({
      id: row.product_id,
      sku: row.sku,
      name: row.name,
      nameBn: orNull(row.name_bn),
      kind: row.kind,
      category: row.category,
      unit: row.unit,
      hsCode: orNull(row.hs_code),
      vatCode: row.vat_code,
      salePrice: row.price,
      stocked: row.is_stocked,
      batchTracked: row.is_batch_tracked,
      reorderLevel: row.level,
      salesAccountId: orNull(row.sales_account_id),
      inventoryAccountId: orNull(row.inventory_account_id),
      cogsAccountId: orNull(row.cogs_account_id),
      active: row.is_active,
      updatedAt: row.updated,
    }),
  })
