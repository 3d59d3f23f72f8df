import { describe, expect, it } from '@jest/globals'
import { parseBody } from '../../../../producers/http/request.ts'
import { recordMovement } from '../../../../producers/stock/commands.ts'
import { decideMovement, type MovementFacts } from '../../../../producers/stock/decide.ts'
import { evolveStock, quantityAt, type StockState } from '../../../../producers/stock/evolve.ts'
import { formatDecimal } from '../../../../schemas/values/amount.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'
import { facts, TODAY } from '../facts.ts'
import { refusalOf } from '../refusals.ts'
import { batched, product } from './products.ts'

const known: MovementFacts = { ...facts, product, version: 7, movementOwner: undefined }
const move = (state: StockState | null, command: object, with_: Partial<MovementFacts> = {}) => {
  const [event] = decideMovement(
    state,
    parseBody(recordMovement, { productId: 'p', movement: 'RECEIPT', quantity: '1', ...command }),
    { ...known, ...with_ },
  )
  if (!event) throw new Error('no event')
  return event
}
const after = (...commands: readonly object[]): StockState => {
  let state: StockState | null = null
  for (const command of commands) state = evolveStock(state, move(state, command))
  if (!state) throw new Error('no movement')
  return state
}
const text = (amount: bigint) => formatDecimal(amount, 4)

describe('moving average cost', () => {
  // By hand: what each movement changes, and what is on hand after it.
  const table: readonly [
    command: object,
    value: string,
    unitCost: string,
    quantity: string,
    worth: string,
  ][] = [
    [{ quantity: '10', unitCost: '3' }, '30.0000', '3.0000', '10.0000', '30.0000'],
    [{ quantity: '5', value: '17.50' }, '17.5000', '3.5000', '15.0000', '47.5000'],
    // 4 x 47.50 / 15 = 12.6666... -> 12.67
    [{ movement: 'ISSUE', quantity: '4' }, '-12.6700', '3.1675', '11.0000', '34.8300'],
    // 1 x 34.83 / 11 = 3.16636... -> 3.17
    [{ movement: 'CUSTOMER_RETURN', quantity: '1' }, '3.1700', '3.1700', '12.0000', '38.0000'],
    [{ movement: 'CUSTOMER_RETURN', quantity: '2', unitCost: '4' }, '8.0000', '4.0000', '14.0000', '46.0000'],
    // 7 x 46 / 14 = 23
    [{ movement: 'VENDOR_RETURN', quantity: '7' }, '-23.0000', '3.2857', '7.0000', '23.0000'],
    [{ movement: 'VENDOR_RETURN', quantity: '1', value: '3.00' }, '-3.0000', '3.0000', '6.0000', '20.0000'],
    [{ movement: 'TRANSFER', quantity: '6', toWarehouse: 'shop' }, '0.0000', '3.3333', '6.0000', '20.0000'],
    // 0.5 x 20 / 6 = 1.6666... -> 1.67
    [
      { movement: 'ADJUSTMENT', quantity: '0.5', warehouse: 'shop', reason: 'counted' },
      '1.6700',
      '3.3400',
      '6.5000',
      '21.6700',
    ],
    // 6.4999 x 21.67 / 6.5 = 21.66966... -> 21.67: nothing of value is left, but a little of it is on hand
    [
      { movement: 'ADJUSTMENT', quantity: '-6.4999', warehouse: 'shop', reason: 'damp' },
      '-21.6700',
      '3.3339',
      '0.0001',
      '0.0000',
    ],
    [{ movement: 'ISSUE', quantity: '0.0001', warehouse: 'shop' }, '0.0000', '0.0000', '0.0000', '0.0000'],
    [{ quantity: '3', value: '10.00' }, '10.0000', '3.3333', '3.0000', '10.0000'],
    [{ movement: 'ISSUE', quantity: '1' }, '-3.3300', '3.3300', '2.0000', '6.6700'],
    // 1 x 6.67 / 2 = 3.335 -> 3.34
    [{ movement: 'ISSUE', quantity: '1' }, '-3.3400', '3.3400', '1.0000', '3.3300'],
    [{ movement: 'ISSUE', quantity: '1' }, '-3.3300', '3.3300', '0.0000', '0.0000'],
  ]

  it('is as computed by hand, movement by movement', () => {
    let state: StockState | null = null
    const computed = table.map(([command]) => {
      const event = move(state, command)
      state = evolveStock(state, event)
      const { value, unitCost, quantityAfter, valueAfter } = event.data
      return [value, unitCost, quantityAfter, valueAfter].map(text)
    })
    expect(computed).toEqual(table.map(([, ...expected]) => expected))
    expect(state).toEqual({ quantity: 0n, value: 0n, places: [] })
  })

  it('is in the minor units of the books: none of the yen, three of the dinar', () => {
    const of = (currency: string) => {
      const tenant = { ...facts.tenant, currency }
      const state = evolveStock(null, move(null, { quantity: '3', value: '10' }, { tenant }))
      return text(move(state, { movement: 'ISSUE', quantity: '1' }, { tenant }).data.value)
    }
    expect([of('JPY'), of('BDT'), of('KWD')]).toEqual(['-3.0000', '-3.3300', '-3.3330'])
  })

  it('values a movement of an earlier day by what is on hand when it is recorded', () => {
    const state = after({ quantity: '10', unitCost: '3' }, { quantity: '10', unitCost: '5' })
    const { data } = move(state, { movement: 'ISSUE', quantity: '1', movementDate: '2020-01-01' })
    expect([data.movementDate, text(data.value)]).toEqual([parseDay('2020-01-01'), '-4.0000'])
  })
})

describe('where stock lies', () => {
  it('is kept by warehouse, and a transfer changes nothing else', () => {
    const state = after(
      { quantity: '10', unitCost: '3' },
      { movement: 'TRANSFER', quantity: '4', toWarehouse: 'shop' },
      { movement: 'TRANSFER', quantity: '1', warehouse: 'shop', toWarehouse: 'van' },
    )
    expect(['main', 'shop', 'van'].map((one) => text(quantityAt(state, one, '')))).toEqual([
      '6.0000',
      '3.0000',
      '1.0000',
    ])
    expect([text(state.quantity), text(state.value)]).toEqual(['10.0000', '30.0000'])
  })

  it('is kept by batch, each with its own quantity and one average', () => {
    const [first, second] = ['B1', 'B2'].map((batch) => ({
      batch,
      quantity: '5',
      unitCost: batch === 'B1' ? '2' : '4',
    }))
    let state: StockState | null = null
    for (const one of [first, second])
      state = evolveStock(state, move(state, one ?? {}, { product: batched }))
    const issue = (quantity: string) => () =>
      move(state, { movement: 'ISSUE', batch: 'B1', quantity }, { product: batched })
    expect(text(issue('5')().data.value)).toBe('-15.0000')
    expect(refusalOf(issue('5.0001'))).toBe('insufficient_stock /quantity')
  })
})

describe('a movement', () => {
  const some = after({ quantity: '10', unitCost: '3' })

  it('says what moved, and is dated today and numbered by itself where nothing is said', () => {
    expect(
      move(null, { unitCost: '2.5', reference: 'GRN-1', sourceType: 'bill', sourceId: 'b-1' }).data,
    ).toEqual({
      movementId: 'p#7',
      sku: 'RICE',
      productName: 'Rice',
      movement: 'RECEIPT',
      movementDate: TODAY,
      warehouse: 'main',
      toWarehouse: '',
      batch: '',
      quantity: 10_000n,
      unit: 'KG',
      unitCost: 25_000n,
      value: 25_000n,
      quantityAfter: 10_000n,
      valueAfter: 25_000n,
      reference: 'GRN-1',
      sourceType: 'bill',
      sourceId: 'b-1',
      reason: '',
    })
  })

  it.each<[object, string]>([
    [{ unitCost: '2' }, 'accepted'],
    [{ unitCost: '0.0001' }, 'accepted'],
    [{ unitCost: '0.00001' }, 'validation_failed /unitCost'],
    [{ unitCost: '0' }, 'validation_failed /unitCost'],
    [{ unitCost: '-1' }, 'validation_failed /unitCost'],
    [{ unitCost: '1000000000' }, 'validation_failed /unitCost'],
    [{ unitCost: '2', quantity: '999999999' }, 'validation_failed /unitCost'],
    [{ value: '2.001' }, 'validation_failed /value'],
    [{ value: { amount: '2.00', currency: 'USD' } }, 'currency_mismatch /value/currency'],
    [{ value: '2.00', unitCost: '2' }, 'validation_failed /value'],
    [{}, 'validation_failed /unitCost'],
    [{ unitCost: '2', quantity: '0' }, 'validation_failed /quantity'],
    [{ unitCost: '2', quantity: '-1' }, 'validation_failed /quantity'],
    [{ unitCost: '2', quantity: '1e3' }, 'validation_failed /quantity'],
    [{ unitCost: '2', quantity: '0.00001' }, 'validation_failed /quantity'],
    [{ unitCost: '2', quantity: '1000000000' }, 'validation_failed /quantity'],
    [{ unitCost: '2', toWarehouse: 'shop' }, 'validation_failed /toWarehouse'],
    [{ unitCost: '2', warehouse: '' }, 'validation_failed /warehouse'],
    [{ unitCost: '2', warehouse: ' a' }, 'validation_failed /warehouse'],
    [{ unitCost: '2', batch: 'B1' }, 'validation_failed /batch'],
    [{ unitCost: '2', movement: 'UNKNOWN' }, 'validation_failed /movement'],
    [{ unitCost: '2', movementId: 'x#7' }, 'number_reserved /movementId'],
    [{ unitCost: '2', movementId: 'x#7a' }, 'accepted'],
    [{ movement: 'ISSUE', quantity: '10' }, 'accepted'],
    [{ movement: 'ISSUE', quantity: '10.0001' }, 'insufficient_stock /quantity'],
    [{ movement: 'ISSUE', warehouse: 'shop' }, 'insufficient_stock /quantity'],
    [{ movement: 'ISSUE', unitCost: '3' }, 'validation_failed /unitCost'],
    [{ movement: 'ISSUE', value: '3.00' }, 'validation_failed /value'],
    [{ movement: 'TRANSFER' }, 'validation_failed /toWarehouse'],
    [{ movement: 'TRANSFER', toWarehouse: 'main' }, 'validation_failed /toWarehouse'],
    [{ movement: 'TRANSFER', toWarehouse: 'shop', unitCost: '3' }, 'validation_failed /unitCost'],
    [{ movement: 'TRANSFER', toWarehouse: 'shop', quantity: '11' }, 'insufficient_stock /quantity'],
    [{ movement: 'TRANSFER', toWarehouse: 'shop', quantity: '-1' }, 'validation_failed /quantity'],
    [{ movement: 'VENDOR_RETURN', quantity: '11' }, 'insufficient_stock /quantity'],
    [{ movement: 'VENDOR_RETURN', quantity: '1', value: '30.01' }, 'validation_failed /value'],
    [{ movement: 'VENDOR_RETURN', quantity: '1', value: '30.00' }, 'accepted'],
    [{ movement: 'VENDOR_RETURN', quantity: '10', unitCost: '2.9' }, 'validation_failed /unitCost'],
    [{ movement: 'VENDOR_RETURN', quantity: '10', unitCost: '3' }, 'accepted'],
    [{ movement: 'ADJUSTMENT', quantity: '-1' }, 'validation_failed /reason'],
    [{ movement: 'ADJUSTMENT', quantity: '-1', reason: ' ' }, 'validation_failed /reason'],
    [{ movement: 'ADJUSTMENT', quantity: '-1', reason: 'mice' }, 'accepted'],
    [{ movement: 'ADJUSTMENT', quantity: '-11', reason: 'mice' }, 'insufficient_stock /quantity'],
    [
      { movement: 'ADJUSTMENT', quantity: '-1', reason: 'mice', unitCost: '1' },
      'validation_failed /unitCost',
    ],
    [{ movement: 'ADJUSTMENT', quantity: '1', reason: 'found', unitCost: '1' }, 'accepted'],
  ])('%j: %s', (command, expected) => {
    expect(refusalOf(() => move(some, command))).toBe(expected)
  })

  it.each<[string, object]>([
    ['a return', { movement: 'CUSTOMER_RETURN' }],
    ['an adjustment', { movement: 'ADJUSTMENT', reason: 'found' }],
  ])('%s into an empty store has to say its cost', (_what, command) => {
    expect(refusalOf(() => move(null, command))).toBe('validation_failed /unitCost')
    expect(refusalOf(() => move(null, { ...command, unitCost: '2' }))).toBe('accepted')
  })

  it('needs a product that is there, stocked, and active where it is received', () => {
    const receipt = { unitCost: '2' }
    const of = (one: MovementFacts['product'], command: object = receipt) =>
      refusalOf(() => move(some, command, { product: one }))
    expect(of(null)).toBe('reference_not_found /productId')
    expect(of({ ...product, stocked: false })).toBe('product_not_stocked /productId')
    expect(of({ ...product, active: false })).toBe('product_inactive /productId')
    expect(of({ ...product, active: false }, { movement: 'ISSUE' })).toBe('accepted')
    expect(of(batched)).toBe('validation_failed /batch')
    expect(of(batched, { ...receipt, batch: 'B1' })).toBe('accepted')
  })

  it('has an id of its own', () => {
    expect(refusalOf(() => move(some, { unitCost: '2', movementId: 'm-1' }, { movementOwner: 'p' }))).toBe(
      'number_taken /movementId',
    )
  })

  it('is refused where the books could not hold it', () => {
    const full: StockState = { quantity: 10n ** 18n - 10n, value: 40_000n, places: [] }
    expect(refusalOf(() => move(full, { unitCost: '2' }))).toBe('validation_failed /quantity')
    // One ten-thousandth of a unit that is worth a hundred million millions.
    const dear: StockState = {
      quantity: 1n,
      value: 10n ** 18n - 100n,
      places: [{ warehouse: 'main', batch: '', quantity: 1n }],
    }
    expect(refusalOf(() => move(dear, { movement: 'ISSUE', quantity: '0.0001' }))).toBe(
      'validation_failed /quantity',
    )
  })

  it('opens no more than 2000 places, but fills those that are there', () => {
    const places = Array.from({ length: 2_000 }, (_, index) => ({
      warehouse: `w${index}`,
      batch: '',
      quantity: 1n,
    }))
    const many: StockState = { quantity: 2_000n, value: 2_000n, places }
    expect(refusalOf(() => move(many, { unitCost: '2' }))).toBe('validation_failed /batch')
    expect(refusalOf(() => move(many, { unitCost: '2', warehouse: 'w7' }))).toBe('accepted')
  })
})
