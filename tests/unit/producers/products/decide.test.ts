import { describe, expect, it } from '@jest/globals'
import { parseBody } from '../../../../producers/http/request.ts'
import { createProduct, updateProduct } from '../../../../producers/products/commands.ts'
import {
  decideCreate,
  decideUpdate,
  type ProductFacts,
  type ProductState,
} from '../../../../producers/products/decide.ts'
import { Chart } from '../../../../producers/ledger/chart.ts'
import { DEFAULT_CHART } from '../../../../producers/ledger/default-chart.ts'
import { NO_STOCK } from '../../../../producers/stock/evolve.ts'
import { facts } from '../facts.ts'
import { refusalOf } from '../refusals.ts'

const accounts = [
  ...DEFAULT_CHART.map((state) => ({
    type: 'account' as const,
    id: state.code,
    state: { ...state, active: true },
  })),
  {
    type: 'account' as const,
    id: 'gone',
    state: { code: 'gone', name: 'Gone', accountClass: 'INCOME', control: '', active: false },
  },
]
const known: ProductFacts = { ...facts, id: 'p-1', skuOwner: undefined, chart: Chart.of(1, accounts) }
const create = (more: object = {}, with_: Partial<ProductFacts> = {}): ProductState => {
  const [event] = decideCreate(null, parseBody(createProduct, { name: 'Rice', unit: 'KG', ...more }), {
    ...known,
    ...with_,
  })
  if (!event) throw new Error('no event')
  return event.data
}
const whole = {
  sku: 'RICE-50',
  name: 'Miniket rice',
  nameBn: 'মিনিকেট চাল',
  unit: 'BOSTA',
  category: 'Rice',
  kind: 'goods',
  hsCode: '1006.30.90',
  vatCode: 'exempt',
  salePrice: '3250.00',
  stocked: true,
  batchTracked: true,
  reorderLevel: '12.5',
  salesAccountId: '4010',
  inventoryAccountId: '1400',
  cogsAccountId: '5010',
  active: false,
}

describe('a product', () => {
  it('keeps all it is told', () => {
    expect(create(whole)).toEqual({
      ...whole,
      hsCode: '10063090',
      salePrice: 32_500_000n,
      reorderLevel: 125_000n,
    })
  })

  it('is a name and a unit at least: goods of which stock is kept, at the standard rate', () => {
    expect(create()).toEqual({
      sku: 'p-1',
      name: 'Rice',
      nameBn: null,
      unit: 'KG',
      category: '',
      kind: 'goods',
      hsCode: null,
      vatCode: 'standard',
      salePrice: null,
      stocked: true,
      batchTracked: false,
      reorderLevel: null,
      salesAccountId: null,
      inventoryAccountId: null,
      cogsAccountId: null,
      active: true,
    })
    expect(create({ kind: 'service' }).stocked).toBe(false)
  })

  it.each<[object, string]>([
    [{ unit: 'MAUND' }, 'accepted'],
    [{ unit: 'kg' }, 'validation_failed /unit'],
    [{ unit: 'STONE' }, 'validation_failed /unit'],
    [{ hsCode: '1006' }, 'accepted'],
    [{ hsCode: '1006309000' }, 'accepted'],
    [{ hsCode: '100' }, 'validation_failed /hsCode'],
    [{ hsCode: '10063090001' }, 'validation_failed /hsCode'],
    [{ hsCode: '1006x' }, 'validation_failed /hsCode'],
    [{ vatCode: 'zero' }, 'accepted'],
    [{ vatCode: 'nonsense' }, 'validation_failed /vatCode'],
    [{ vatCode: 'Standard' }, 'validation_failed /vatCode'],
    [{ salePrice: '0' }, 'validation_failed /salePrice'],
    [{ salePrice: '1.001' }, 'validation_failed /salePrice'],
    [{ salePrice: { amount: '1.00', currency: 'USD' } }, 'currency_mismatch /salePrice/currency'],
    [{ reorderLevel: '0' }, 'validation_failed /reorderLevel'],
    [{ reorderLevel: '0.00001' }, 'validation_failed /reorderLevel'],
    [{ stocked: false, reorderLevel: '1' }, 'validation_failed /reorderLevel'],
    [{ kind: 'service', stocked: true }, 'validation_failed /stocked'],
    [{ kind: 'service', batchTracked: true }, 'validation_failed /batchTracked'],
    [{ kind: 'gift' }, 'validation_failed /kind'],
    [{ sku: '' }, 'validation_failed /sku'],
    [{ name: 'x'.repeat(201) }, 'validation_failed /name'],
    [{ inventoryAccountId: 'a|b' }, 'validation_failed /inventoryAccountId'],
    [{ salesAccountId: '4010', inventoryAccountId: '1400', cogsAccountId: '5010' }, 'accepted'],
    [{ salesAccountId: '9999' }, 'reference_not_found /salesAccountId'],
    [{ inventoryAccountId: '9999' }, 'reference_not_found /inventoryAccountId'],
    [{ cogsAccountId: '9999' }, 'reference_not_found /cogsAccountId'],
    [{ salesAccountId: 'gone' }, 'account_inactive /salesAccountId'],
    [{ salesAccountId: '1200' }, 'account_control /salesAccountId'],
    [{ inventoryAccountId: '5010' }, 'account_control /inventoryAccountId'],
    [{ price: '1' }, 'validation_failed '],
  ])('%j: %s', (more, expected) => {
    expect(refusalOf(() => create(more))).toBe(expected)
  })

  it('takes its VAT code from the rates that hold today, reference data included', () => {
    const taxRates = {
      rateOn: (_: string, code: string) =>
        code === 'jewellery' ? { rate: 0n, perUnit: 1n, creditable: true } : undefined,
    }
    expect(refusalOf(() => create({ vatCode: 'jewellery' }, { taxRates }))).toBe('accepted')
    expect(refusalOf(() => create({ vatCode: 'standard' }, { taxRates }))).toBe('validation_failed /vatCode')
  })

  it('keeps an account that was set before it was taken out of use, and takes no new one', () => {
    const state = { ...create(), salesAccountId: 'gone' }
    const update = (more: object) => () =>
      decideUpdate(state, parseBody(updateProduct, { name: 'Rice', unit: 'KG', ...more }), {
        ...known,
        stock: null,
      })
    expect(refusalOf(update({ salesAccountId: 'gone', category: 'Food' }))).toBe('accepted')
    expect(refusalOf(update({ cogsAccountId: 'gone' }))).toBe('account_inactive /cogsAccountId')
  })

  it('has an sku of its own', () => {
    expect(refusalOf(() => create({ sku: 'A' }, { skuOwner: 'p-0' }))).toBe('number_taken /sku')
    expect(refusalOf(() => create({ sku: 'A' }, { skuOwner: 'p-1' }))).toBe('accepted')
  })

  it('is created once, updated whole, and not for nothing', () => {
    const state = create(whole)
    const at = { ...known, stock: null }
    const update = (more: object) => decideUpdate(state, parseBody(updateProduct, more), at)
    expect(refusalOf(() => decideCreate(state, createProduct.parse({ name: 'x', unit: 'KG' }), known))).toBe(
      'already_exists',
    )
    expect(refusalOf(() => update(whole))).toBe('nothing_changed')
    expect(update({ name: 'New', unit: 'KG' })[0]?.data).toEqual({
      ...create({ name: 'New' }),
      sku: 'RICE-50',
    })
    expect(refusalOf(() => decideUpdate(null, updateProduct.parse({ name: 'x', unit: 'KG' }), at))).toBe(
      'product_not_found',
    )
  })

  it.each<[object, string]>([
    [{ unit: 'KG' }, 'stock_on_hand /unit'],
    [{ batchTracked: false }, 'stock_on_hand /batchTracked'],
    [{ stocked: false, batchTracked: false, reorderLevel: null }, 'stock_on_hand /stocked'],
    [{ name: 'Other' }, 'accepted'],
    [{ active: true }, 'accepted'],
  ])('with stock on hand, %j: %s', (more, expected) => {
    const update = (quantity: bigint) => () =>
      decideUpdate(create(whole), parseBody(updateProduct, { ...whole, ...more }), {
        ...known,
        stock: { ...NO_STOCK, quantity },
      })
    expect(refusalOf(update(1n))).toBe(expected)
    expect(refusalOf(update(0n))).toBe('accepted')
  })
})
