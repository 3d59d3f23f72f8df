/** Owns the state of a product's stock: what is on hand and what it cost, and how much of it lies where. PURE. */
import type { Amount } from '../../schemas/values/amount.ts'
import type { DomainEvent } from '../kernel/events.ts'

export interface StockPlace {
  readonly warehouse: string
  /** Empty = none. */
  readonly batch: string
  readonly quantity: bigint
}

export interface StockState {
  /** All warehouses. */
  readonly quantity: bigint
  /** Base currency. The average cost is value / quantity, and is never stored. */
  readonly value: Amount
  /** Where there is some, by warehouse and batch. */
  readonly places: readonly StockPlace[]
}

export const NO_STOCK: StockState = { quantity: 0n, value: 0n, places: [] }

type Places = StockState['places']

export const quantityAt = (
  { places }: { readonly places: Places },
  warehouse: string,
  batch: string,
): bigint => places.find((one) => one.warehouse === warehouse && one.batch === batch)?.quantity ?? 0n

function moved(places: Places, { warehouse, batch, quantity: change }: StockPlace): Places {
  const quantity = quantityAt({ places }, warehouse, batch) + change
  const others = places.filter((one) => one.warehouse !== warehouse || one.batch !== batch)
  return quantity === 0n ? others : [...others, { warehouse, batch, quantity }]
}

export function evolveStock(state: StockState | null, event: DomainEvent<'StockMoved'>): StockState {
  const { movement, warehouse, toWarehouse, batch, quantity, quantityAfter, valueAfter } = event.data
  const places = state?.places ?? []
  const after =
    movement === 'TRANSFER'
      ? moved(moved(places, { warehouse, batch, quantity: -quantity }), {
          warehouse: toWarehouse,
          batch,
          quantity,
        })
      : moved(places, { warehouse, batch, quantity })
  return { quantity: quantityAfter, value: valueAfter, places: after }
}
