/**
 * Stock as of a day, in SQL over the raw events. K1: units and value are the sums of the movements up to the day; a
 * transfer moves units between warehouses, and neither units nor value of the product. K2: a product's cost is one moving
 * average over all warehouses, so value exists by product alone.
 */
import type { Scope } from './as-of.ts'

/** K1: what a movement (a row of event_log as `log`) does to which warehouse. */
export const STOCK_PARTS = `if(log.kind = 'TRANSFER',
  [(log.warehouse, -log.quantity), (log.to_warehouse, log.quantity)], [(log.warehouse, log.quantity)])`

const MASTER = `entity = 'product'`

/** By the master; of a product that has none, by its newest movement. */
const described = (name: string): string =>
  `if(countIf(${MASTER}) = 0, argMax(log.${name}, _position), argMaxIf(log.${name}, _position, ${MASTER}))`

/** One row per product that stock is kept of, or was by the day. Its master has the id that its movements have. */
export const stockOf = (s: Scope): string => {
  const moved = `entity = 'stock' AND posting_date <= ${s.asOf}`
  return `${s.with}
SELECT ${s.key}aggregate_id AS product_id, ${described('document_number')} AS sku, ${described('name')} AS product_name,
  argMaxIf(log.category, _position, ${MASTER}) AS category, ${described('unit')} AS unit,
  sumIf(toDecimal128(log.quantity, 4), ${moved} AND kind != 'TRANSFER') AS on_hand,
  sumIf(toDecimal128(log.amount, 4), ${moved}) AS stock_value,
  if(on_hand > 0, toNullable(stock_value / on_hand), null) AS unit_cost,
  argMaxIf(tuple(log.reorder_level), _position, ${MASTER}).1 AS reorder_level,
  maxOrNullIf(log.posting_date, ${moved}) AS last_moved_on
FROM finance.event_log AS log
WHERE ${s.rows} AND entity IN ('product', 'stock')
GROUP BY ${s.key}aggregate_id
HAVING countIf(${moved}) > 0 OR argMaxIf(log.is_stocked, _position, ${MASTER})`
}

/** Units by product, warehouse and batch; nothing of what is empty. */
export const stockPlacesOf = (s: Scope): string => `${s.with}
SELECT ${s.key}aggregate_id AS product_id, part.1 AS place, log.batch AS batch_name, sum(toDecimal128(part.2, 4)) AS units
FROM finance.event_log AS log
ARRAY JOIN ${STOCK_PARTS} AS part
WHERE ${s.rows} AND entity = 'stock' AND posting_date <= ${s.asOf}
GROUP BY ${s.key}aggregate_id, part.1, log.batch
HAVING units != 0`
