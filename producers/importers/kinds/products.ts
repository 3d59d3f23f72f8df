/** Owns the import of products: a row is a product. */
import { masterKind } from '../masters.ts'

export const kind = masterKind({
  name: 'products',
  summary: 'products with their units, VAT and prices',
  type: 'product.create',
  identity: 'sku',
  number: 'sku',
  columns: {
    sku: { doc: "the product's number, once in the file", required: true, as: 'text' },
    name: { doc: 'its name', required: true, as: 'text' },
    unit: { doc: 'code of the unit: PCS, KG, MAUND, ...', required: true, as: 'text' },
    nameBn: { doc: 'its name in Bengali', as: 'text' },
    category: { doc: 'category', as: 'text' },
    kind: { doc: 'goods or service', as: 'text' },
    hsCode: { doc: 'HS code', as: 'text' },
    vatCode: { doc: 'VAT code: standard, reduced-5, exempt, ...', as: 'text' },
    salePrice: { doc: 'usual price without taxes', as: 'decimal' },
    stocked: { doc: 'stock is kept of it: yes or no', as: 'yes-no' },
    batchTracked: { doc: 'stock is kept by batch: yes or no', as: 'yes-no' },
    reorderLevel: { doc: 'quantity at which to order anew', as: 'decimal' },
  },
})
