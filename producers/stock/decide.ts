/**
 * Owns the rules of stock movements and their cost: moving average over all warehouses of a product. PURE.
 * S1: no warehouse and no batch ever holds less than nothing. S2: what goes out takes its share of the value, rounded to
 *     the currency: value x quantity / quantity on hand. The last unit takes what is left, so that the values of all
 *     movements sum to the value on hand, and nothing on hand is worth nothing.
 * S3: what comes in states its cost; a return or an adjustment that states none comes in at the average.
 * S4: a transfer changes where it lies, never what it is worth. S5: a movement of any day is valued by what is on hand
 *     when it is recorded: earlier movements keep their value, and their journals stay as they were posted.
 * Example (BDT): receipt 10 at 3.00 and 5 at 3.50 = 15 worth 47.50; issue 4 = 4 x 47.50 / 15 = 12.6667 -> 12.67.
 */
import {
  type Amount,
  divideRounded,
  formatAmount,
  formatDecimal,
  minorDigits,
  parseDecimal,
  SCALE,
  UNIT,
} from '../../schemas/values/amount.ts'
import { refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Facts } from '../kernel/events.ts'
import { AMOUNT_MAX, amountIn, quantityOf } from '../kernel/fields.ts'
import type { ProductState } from '../products/decide.ts'
import type { RecordMovement } from './commands.ts'
import { NO_STOCK, quantityAt, type StockState } from './evolve.ts'

/** What a stored amount or quantity can hold: 18 digits. */
const STORED_MAX = 10n ** 18n - 1n
/** Warehouses times batches of one product that hold some. */
const PLACES_MAX = 2_000

export interface MovementFacts extends Facts {
  readonly product: ProductState | null
  /** Version that the stock has after this movement. */
  readonly version: number
  /** Product that the movement's id is taken by. */
  readonly movementOwner: string | undefined
}

/** Form of the ids that are given here; not for ids that come from outside. */
const GENERATED = /#\d+$/

export function decideMovement(
  state: StockState | null,
  command: RecordMovement,
  facts: MovementFacts,
): readonly DomainEvent<'StockMoved'>[] {
  const stock = state ?? NO_STOCK
  const { movement, productId, warehouse, toWarehouse, batch } = command
  const movementId = idOf(command, facts)
  const product = productOf(command, facts)
  const quantity = signedQuantity(command)
  refuseForm(command, product, quantity)
  if (quantity > 0n && movement !== 'TRANSFER') refuseNewPlace(stock, command)
  const leaves = movement === 'TRANSFER' ? quantity : -quantity
  const there = quantityAt(stock, warehouse, batch)
  if (leaves > there) {
    const where = batch === '' ? warehouse : `${warehouse}, batch ${batch}`
    throw refuseField(
      'insufficient_stock',
      '/quantity',
      `${formatDecimal(there, SCALE)} ${product.unit} of ${product.sku} are in ${where}: ${formatDecimal(leaves, SCALE)} can't leave`,
    )
  }
  const value = movement === 'TRANSFER' ? 0n : valueOf(stock, command, quantity, facts.tenant.currency)
  const quantityAfter = movement === 'TRANSFER' ? stock.quantity : stock.quantity + quantity
  const valueAfter = stock.value + value
  const unitCost =
    movement === 'TRANSFER'
      ? divideRounded(stock.value * UNIT, stock.quantity)
      : divideRounded(value * UNIT, quantity)
  if ([quantityAfter, valueAfter, unitCost].some((one) => one > STORED_MAX)) {
    throw refuseField('validation_failed', '/quantity', `the books can't hold this much of ${productId}`)
  }
  return [
    {
      type: 'StockMoved',
      data: {
        movementId,
        sku: product.sku,
        productName: product.name,
        movement,
        movementDate: command.movementDate ?? facts.today,
        warehouse,
        toWarehouse,
        batch,
        quantity,
        unit: product.unit,
        unitCost,
        value,
        quantityAfter,
        valueAfter,
        reference: command.reference,
        sourceType: command.sourceType,
        sourceId: command.sourceId,
        reason: command.reason,
      },
    },
  ]
}

function idOf({ movementId, productId }: RecordMovement, facts: MovementFacts): string {
  if (movementId === undefined) return `${productId}#${facts.version}`
  if (GENERATED.test(movementId)) {
    throw refuseField(
      'number_reserved',
      '/movementId',
      `${movementId} has the form of ids that are given here: choose another, or state none`,
    )
  }
  if (facts.movementOwner !== undefined) {
    throw refuseField(
      'number_taken',
      '/movementId',
      `movement ${movementId} was recorded before, of product ${facts.movementOwner}`,
    )
  }
  return movementId
}

function productOf({ productId, movement }: RecordMovement, { product }: MovementFacts): ProductState {
  if (!product) {
    throw refuseField(
      'reference_not_found',
      '/productId',
      `product ${productId} does not exist: create it first`,
    )
  }
  if (!product.stocked) {
    throw refuseField('product_not_stocked', '/productId', `no stock is kept of product ${productId}`)
  }
  if (!product.active && movement === 'RECEIPT') {
    throw refuseField(
      'product_inactive',
      '/productId',
      `product ${productId} is not active: nothing of it is received`,
    )
  }
  return product
}

/** Above zero comes in, below goes out; of a transfer above zero. */
function signedQuantity({ movement, quantity }: RecordMovement): bigint {
  const minus = quantity.startsWith('-')
  if (minus && movement !== 'ADJUSTMENT') {
    throw refuseField('validation_failed', '/quantity', `${quantity}: the kind of movement says in or out`)
  }
  const amount = quantityOf(minus ? quantity.slice(1) : quantity, '/quantity')
  return minus || movement === 'ISSUE' || movement === 'VENDOR_RETURN' ? -amount : amount
}

/** Fields that the kind of movement asks for or has no use for. */
function refuseForm(command: RecordMovement, product: ProductState, quantity: bigint): void {
  const { movement, warehouse, toWarehouse, batch } = command
  const refuse = (pointer: string, detail: string): never => {
    throw refuseField('validation_failed', pointer, detail)
  }
  if (movement === 'TRANSFER') {
    if (toWarehouse === '') refuse('/toWarehouse', 'a transfer needs the warehouse that takes')
    if (toWarehouse === warehouse) refuse('/toWarehouse', `${warehouse} is where it lies already`)
  } else if (toWarehouse !== '') refuse('/toWarehouse', `${movement} has one warehouse`)
  if (product.batchTracked && batch === '') refuse('/batch', `${product.sku} is kept by batch: state it`)
  if (!product.batchTracked && batch !== '') refuse('/batch', `${product.sku} is not kept by batch`)
  if (movement === 'ADJUSTMENT' && command.reason.trim() === '') {
    refuse('/reason', 'an adjustment needs its reason')
  }
  const { unitCost, value } = command
  if (unitCost !== undefined && value !== undefined) refuse('/value', 'state unitCost or value, not both')
  const stated = unitCost === undefined ? '/value' : '/unitCost'
  if (unitCost === undefined && value === undefined) {
    if (movement === 'RECEIPT') refuse('/unitCost', 'a receipt needs its unitCost or its value')
  } else if (
    movement === 'TRANSFER' ||
    movement === 'ISSUE' ||
    (movement === 'ADJUSTMENT' && quantity < 0n)
  ) {
    refuse(stated, 'what it costs follows from the average: state none')
  }
}

function refuseNewPlace(stock: StockState, { warehouse, batch }: RecordMovement): void {
  if (stock.places.length >= PLACES_MAX && quantityAt(stock, warehouse, batch) === 0n) {
    throw refuseField(
      'validation_failed',
      '/batch',
      `the product lies in ${PLACES_MAX} warehouses and batches already: use up old ones first`,
    )
  }
}

/** Change of the inventory's value, in the base currency. */
function valueOf(stock: StockState, command: RecordMovement, quantity: bigint, currency: string): Amount {
  const stated = statedValue(command, quantity < 0n ? -quantity : quantity, currency)
  if (quantity > 0n) return stated ?? averageIn(stock, quantity, currency)
  if (stated === undefined) return -shareOf(stock, -quantity, currency)
  const pointer = command.value === undefined ? '/unitCost' : '/value'
  if (-quantity === stock.quantity && stated !== stock.value) {
    throw refuseField(
      'validation_failed',
      pointer,
      `all that is on hand leaves, with all it is worth (${formatAmount(stock.value, currency)}): state no other cost`,
    )
  }
  if (stated > stock.value) {
    throw refuseField(
      'validation_failed',
      pointer,
      `the stock is worth ${formatAmount(stock.value, currency)}: ${formatAmount(stated, currency)} can't leave`,
    )
  }
  return -stated
}

function averageIn(stock: StockState, quantity: bigint, currency: string): Amount {
  if (stock.quantity > 0n) return shareOf(stock, quantity, currency)
  throw refuseField(
    'validation_failed',
    '/unitCost',
    'nothing on hand tells what it costs: state unitCost or value',
  )
}

/** S2: quantity x value / quantity on hand, rounded half away from zero to the currency: all of it is worth all of it. */
function shareOf(stock: StockState, quantity: bigint, currency: string): Amount {
  const minor = 10n ** BigInt(SCALE - minorDigits(currency))
  return divideRounded(quantity * stock.value, stock.quantity * minor) * minor
}

function statedValue(command: RecordMovement, quantity: bigint, currency: string): Amount | undefined {
  if (command.value !== undefined) return amountIn(command.value, currency, '/value')
  if (command.unitCost === undefined) return undefined
  let unitCost: Amount
  try {
    unitCost = parseDecimal(command.unitCost)
  } catch {
    throw refuseField('validation_failed', '/unitCost', `${command.unitCost} has more than 4 decimals`)
  }
  const minor = 10n ** BigInt(SCALE - minorDigits(currency))
  const value = divideRounded(quantity * unitCost, UNIT * minor) * minor
  if (unitCost <= 0n || unitCost > AMOUNT_MAX || value > AMOUNT_MAX) {
    throw refuseField(
      'validation_failed',
      '/unitCost',
      `${command.unitCost} must be more than 0, and the movement at most 999999999.99`,
    )
  }
  return value
}
