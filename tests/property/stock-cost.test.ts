/**
 * Random lives of a product's stock, decided and followed by the product code, judged by plain sums over its events:
 * what is on hand is what came less what went, by place; its value is the sum of the movements' values; nothing is ever
 * below nothing; all out means worth nothing; a refusal changes nothing and happens only for its reason. And the store's
 * JSON loses nothing.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { fromJson, toJson } from '../../producers/event-store/json.ts'
import { Refusal } from '../../producers/kernel/errors.ts'
import type { DomainEvent, Facts } from '../../producers/kernel/events.ts'
import type { ProductState } from '../../producers/products/decide.ts'
import { recordMovement } from '../../producers/stock/commands.ts'
import { decideMovement } from '../../producers/stock/decide.ts'
import { evolveStock, type StockState } from '../../producers/stock/evolve.ts'
import { defaultTaxRates } from '../../schemas/rules/tax-rates.ts'
import { minorDigits } from '../../schemas/values/amount.ts'
import { runs } from './finance-company.ts'

const PRODUCT: ProductState = {
  sku: 'S',
  name: 'Thing',
  nameBn: null,
  unit: 'KG',
  category: '',
  kind: 'goods',
  hsCode: null,
  vatCode: 'standard',
  salePrice: null,
  stocked: true,
  batchTracked: true,
  reorderLevel: null,
  salesAccountId: null,
  inventoryAccountId: null,
  cogsAccountId: null,
  active: true,
}
const factsIn = (currency: string): Facts => ({
  nowMs: 0,
  today: 20_000,
  tenant: { name: '', zone: 'UTC', currency, fiscalYearStart: '07-01' },
  taxRates: defaultTaxRates,
})

const written = (units: number) => `${Math.floor(units / 10_000)}.${String(units % 10_000).padStart(4, '0')}`
/** Small ones and whole ones are as likely as any. */
const quantity = fc
  .oneof(
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 300_000 }),
    fc.constantFrom(10_000, 50_000),
  )
  .map(written)
const cost = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 9_000_000 })).map(written)
const place = { warehouse: fc.constantFrom('main', 'shop'), batch: fc.constantFrom('B1', 'B2') }
const movement = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ ...place, movement: fc.constant('RECEIPT'), quantity, unitCost: cost }),
  },
  { weight: 6, arbitrary: fc.record({ ...place, movement: fc.constant('ISSUE'), quantity }) },
  { weight: 2, arbitrary: fc.record({ ...place, movement: fc.constant('CUSTOMER_RETURN'), quantity }) },
  {
    weight: 2,
    arbitrary: fc.record(
      { ...place, movement: fc.constant('VENDOR_RETURN'), quantity, unitCost: cost },
      { requiredKeys: ['warehouse', 'batch', 'movement', 'quantity'] },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...place,
      movement: fc.constant('TRANSFER'),
      quantity,
      toWarehouse: fc.constantFrom('main', 'shop', 'van'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...place,
      movement: fc.constant('ADJUSTMENT'),
      quantity: fc.tuple(fc.boolean(), quantity).map(([minus, one]) => (minus ? `-${one}` : one)),
      reason: fc.constant('counted'),
    }),
  },
  // All of it, however much that is: the quantity is filled in when it is known.
  {
    weight: 2,
    arbitrary: fc.record({ ...place, movement: fc.constant('ISSUE'), quantity: fc.constant('all') }),
  },
)

type Command = { readonly warehouse: string; readonly batch: string; readonly quantity: string }

describe('stock at moving average cost', () => {
  it('is worth the sum of its movements, is never below nothing, and is worth nothing when it is all out', () => {
    const seen = { accepted: 0, insufficient: 0, emptied: 0 }
    fc.assert(
      fc.property(
        fc.constantFrom('BDT', 'JPY', 'KWD'),
        fc.array(movement, { maxLength: 60, size: 'max' }),
        (currency, life) => {
          const minor = 10n ** BigInt(4 - minorDigits(currency))
          const facts = factsIn(currency)
          const events: DomainEvent<'StockMoved'>[] = []
          let state: StockState | null = null
          for (const one of life) {
            const lies = placesOf(events)
            const here = lies.get(keyOf(one)) ?? 0n
            const command = {
              ...one,
              productId: 'p',
              quantity: one.quantity === 'all' ? written(Number(here)) : one.quantity,
            }
            const parsed = recordMovement.parse(command)
            let event: DomainEvent<'StockMoved'> | undefined
            try {
              event = decideMovement(state, parsed, {
                ...facts,
                product: PRODUCT,
                version: events.length + 1,
                movementOwner: undefined,
              })[0]
            } catch (error) {
              if (!(error instanceof Refusal)) throw error
              if (error.code === 'insufficient_stock') {
                seen.insufficient++
                const leaves = BigInt(command.quantity.replace(/[-.]/g, ''))
                expect(leaves).toBeGreaterThan(here)
              }
              continue
            }
            if (!event) throw new Error('no event')
            seen.accepted++
            events.push(event)
            state = fromJson(JSON.parse(toJson(evolveStock(state, event)))) as StockState
            judge(events, state, minor)
            if (state.quantity === 0n) seen.emptied++
          }
        },
      ),
      runs(300),
    )
    expect(Object.entries(seen).filter(([, count]) => count === 0)).toEqual([])
  })
})

const keyOf = ({ warehouse, batch }: Pick<Command, 'warehouse' | 'batch'>) => `${warehouse} ${batch}`

/** What lies where, from the events alone. */
function placesOf(events: readonly DomainEvent<'StockMoved'>[]): Map<string, bigint> {
  const lies = new Map<string, bigint>()
  const add = (key: string, change: bigint) => lies.set(key, (lies.get(key) ?? 0n) + change)
  for (const { data } of events) {
    if (data.movement === 'TRANSFER') {
      add(keyOf(data), -data.quantity)
      add(keyOf({ warehouse: data.toWarehouse, batch: data.batch }), data.quantity)
    } else add(keyOf(data), data.quantity)
  }
  return lies
}

function judge(events: readonly DomainEvent<'StockMoved'>[], state: StockState, minor: bigint): void {
  const last = events.at(-1)?.data
  const value = events.reduce((sum, { data }) => sum + data.value, 0n)
  const lies = placesOf(events)
  const quantity = [...lies.values()].reduce((sum, one) => sum + one, 0n)
  expect([state.quantity, state.value]).toEqual([quantity, value])
  expect([last?.quantityAfter, last?.valueAfter]).toEqual([quantity, value])
  expect(value >= 0n && [...lies.values()].every((one) => one >= 0n)).toBe(true)
  if (quantity === 0n) expect(value).toBe(0n)
  expect((last?.value ?? 0n) % minor).toBe(0n)
  const kept = new Map(state.places.map((one) => [keyOf(one), one.quantity]))
  expect(kept).toEqual(new Map([...lies].filter(([, one]) => one !== 0n)))
  // What goes out at the average is worth its share, to half a minor unit.
  if (last && last.quantity < 0n && last.movement !== 'VENDOR_RETURN') {
    const before = { quantity: quantity - last.quantity, value: value - last.value }
    const off = -last.value * before.quantity - -last.quantity * before.value
    expect(2n * (off < 0n ? -off : off) <= minor * before.quantity).toBe(true)
  }
}
