/** Products for tests of stock. */
import type { ProductState } from '../../../../producers/products/decide.ts'

export const product: ProductState = {
  sku: 'RICE',
  name: 'Rice',
  nameBn: null,
  unit: 'KG',
  category: 'Food',
  kind: 'goods',
  hsCode: null,
  vatCode: 'standard',
  salePrice: null,
  stocked: true,
  batchTracked: false,
  reorderLevel: null,
  salesAccountId: null,
  inventoryAccountId: 'rice-stock',
  cogsAccountId: 'rice-cost',
  active: true,
}
export const batched: ProductState = { ...product, batchTracked: true }
