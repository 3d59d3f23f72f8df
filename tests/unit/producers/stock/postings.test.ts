import { describe, expect, it } from '@jest/globals'
import type { Payload } from '../../../../producers/kernel/events.ts'
import type { PostingFacts } from '../../../../producers/ledger/posting.ts'
import { stockPostings } from '../../../../producers/stock/postings.ts'
import { RATE_ONE } from '../../../../schemas/values/amount.ts'
import { facts } from '../facts.ts'
import { product } from './products.ts'

const postingsOf = (data: Partial<Payload<'StockMoved'>>, known: typeof product | null = product) => {
  const state = ((type: string, id: string) =>
    type === 'product' && id === 'p' ? known : null) as PostingFacts['session']['state']
  const moved: Payload<'StockMoved'> = {
    movementId: 'm-1',
    sku: 'RICE',
    productName: 'Rice',
    movement: 'RECEIPT',
    movementDate: 20_000,
    warehouse: 'main',
    toWarehouse: '',
    batch: '',
    quantity: 50_000n,
    unit: 'KG',
    unitCost: 20_000n,
    value: 100_000n,
    quantityAfter: 50_000n,
    valueAfter: 100_000n,
    reference: '',
    sourceType: '',
    sourceId: '',
    reason: 'counted',
    ...data,
  }
  const session = { state, allocationsOf: () => [] }
  return stockPostings.StockMoved?.({ type: 'StockMoved', data: moved }, { ...facts, id: 'p', session })
}
const accounts = (data: Partial<Payload<'StockMoved'>>, known?: typeof product | null) =>
  postingsOf(data, known)?.flatMap(({ lines }) =>
    lines.map((line) => [line.side, line.role, line.amount, line.accountId, line.productId, line.key]),
  )

describe('what a stock movement means for the ledger', () => {
  it.each([
    ['RECEIPT', 100_000n, 'goods-in-transit', null],
    ['VENDOR_RETURN', -100_000n, 'goods-in-transit', null],
    ['ISSUE', -100_000n, 'cost-of-goods', 'rice-cost'],
    ['CUSTOMER_RETURN', 100_000n, 'cost-of-goods', 'rice-cost'],
    ['ADJUSTMENT', 100_000n, 'stock-adjustment', null],
    ['ADJUSTMENT', -100_000n, 'stock-adjustment', null],
  ] as const)('%s of %s is inventory against %s', (movement, value, role, account) => {
    expect(accounts({ movement, value })).toEqual([
      ['debit', 'inventory', value, 'rice-stock', 'p', 'Food'],
      ['credit', role, value, account, 'p', 'Food'],
    ])
  })

  it('is one posting in the base currency, on the day of the movement, under its number', () => {
    expect(postingsOf({})).toEqual([
      expect.objectContaining({
        entryDate: 20_000,
        number: 'm-1',
        currency: 'BDT',
        fxRate: RATE_ONE,
        description: 'receipt RICE Rice',
      }),
    ])
  })

  it('leaves it to the posting rules where the product names no account, or is not known', () => {
    const plain = { ...product, inventoryAccountId: null, cogsAccountId: null }
    for (const known of [plain, null]) {
      expect(accounts({ movement: 'ISSUE' }, known)?.map(([, , , account]) => account)).toEqual([null, null])
    }
  })

  it('is nothing for what moves no money', () => {
    expect(postingsOf({ movement: 'TRANSFER', value: 0n })).toEqual([])
    expect(postingsOf({ movement: 'ISSUE', value: 0n })).toEqual([])
  })
})
