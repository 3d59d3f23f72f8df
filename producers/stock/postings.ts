/**
 * Owns what a stock movement means for the ledger. PURE. Inventory, by product, against
 *   receipt, return to the vendor -> goods-in-transit (the bill is the other half)
 *   issue, return of the customer -> cost-of-goods
 *   adjustment                    -> stock-adjustment
 * A transfer moves no money. The product's own accounts go before the posting rules.
 */
import { RATE_ONE } from '../../schemas/values/amount.ts'
import type { PostingTable, Role } from '../ledger/posting.ts'
import type { Payload } from '../kernel/events.ts'

type Movement = Payload<'StockMoved'>['movement']

const AGAINST: Readonly<Record<Exclude<Movement, 'TRANSFER' | 'UNKNOWN'>, Role>> = {
  RECEIPT: 'goods-in-transit',
  VENDOR_RETURN: 'goods-in-transit',
  ISSUE: 'cost-of-goods',
  CUSTOMER_RETURN: 'cost-of-goods',
  ADJUSTMENT: 'stock-adjustment',
}

export const stockPostings: PostingTable = {
  StockMoved: ({ data }, { id, tenant, session }) => {
    const { movement, value: amount, reason } = data
    if (movement === 'TRANSFER' || movement === 'UNKNOWN' || amount === 0n) return []
    const product = session.state('product', id)
    const role = AGAINST[movement]
    const key = product?.category ?? ''
    const common = { key, amount, productId: id, memo: reason }
    return [
      {
        entryDate: data.movementDate,
        description: `${movement.toLowerCase().replace('_', ' ')} ${data.sku} ${data.productName}`.trim(),
        number: data.movementId,
        currency: tenant.currency,
        fxRate: RATE_ONE,
        lines: [
          {
            ...common,
            side: 'debit',
            role: 'inventory',
            accountId: product?.inventoryAccountId ?? null,
          },
          {
            ...common,
            side: 'credit',
            role,
            accountId: role === 'cost-of-goods' ? (product?.cogsAccountId ?? null) : null,
          },
        ],
      },
    ]
  },
}
