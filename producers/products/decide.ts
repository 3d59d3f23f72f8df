/**
 * Owns the rules of products. PURE.
 * P1: an sku is unique per tenant. P2: a service has no stock, and only what is stocked has batches. P3: while stock is
 *     on hand, unit, stock-keeping and batches stay as they are: its quantities mean what they meant. P4: an account that
 *     is set can be posted to from where its lines come; one that was set before may have been taken out of use since.
 */
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Facts, Payload } from '../kernel/events.ts'
import { amountIn, quantityOf } from '../kernel/fields.ts'
import type { Chart } from '../ledger/chart.ts'
import { refuseUnusable } from '../ledger/stated.ts'
import type { StockState } from '../stock/evolve.ts'
import type { CreateProduct, UpdateProduct } from './commands.ts'

export type ProductState = Payload<'ProductCreated'>

export interface ProductFacts extends Facts {
  readonly id: string
  readonly chart: Chart
  /** Id that holds the sku, where it is taken. */
  readonly skuOwner: string | undefined
}

function fieldsOf(command: CreateProduct | UpdateProduct, sku: string, facts: ProductFacts): ProductState {
  const { salePrice, reorderLevel, kind, vatCode } = command
  const stocked = command.stocked ?? kind === 'goods'
  if (stocked && kind === 'service') {
    throw refuseField('validation_failed', '/stocked', 'no stock is kept of a service')
  }
  if (command.batchTracked && !stocked) {
    throw refuseField('validation_failed', '/batchTracked', 'only what is stocked has batches')
  }
  if (!stocked && reorderLevel !== null) {
    throw refuseField('validation_failed', '/reorderLevel', 'only what is stocked is ordered again')
  }
  if (facts.taxRates.rateOn('VAT', vatCode, facts.today) === undefined) {
    throw refuseField('validation_failed', '/vatCode', `${vatCode} is no VAT code that has a rate today`)
  }
  return {
    sku,
    name: command.name,
    nameBn: command.nameBn,
    unit: command.unit,
    category: command.category,
    kind,
    hsCode: command.hsCode,
    vatCode,
    salePrice: salePrice === null ? null : amountIn(salePrice, facts.tenant.currency, '/salePrice'),
    stocked,
    batchTracked: command.batchTracked,
    reorderLevel: reorderLevel === null ? null : quantityOf(reorderLevel, '/reorderLevel'),
    salesAccountId: command.salesAccountId,
    inventoryAccountId: command.inventoryAccountId,
    cogsAccountId: command.cogsAccountId,
    active: command.active,
  }
}

/** P4 */
function refuseAccounts(data: ProductState, before: ProductState | null, chart: Chart): void {
  const set = (field: 'salesAccountId' | 'inventoryAccountId' | 'cogsAccountId') => ({
    pointer: `/${field}`,
    id: data[field] === before?.[field] ? null : data[field],
  })
  const inventory = { ...set('inventoryAccountId'), control: 'inventory' } as const
  refuseUnusable(chart, [set('salesAccountId'), inventory, set('cogsAccountId')])
}

function refuseTaken(sku: string, facts: ProductFacts): void {
  if (facts.skuOwner !== undefined && facts.skuOwner !== facts.id) {
    throw refuseField(
      'number_taken',
      '/sku',
      `sku ${sku} belongs to product ${facts.skuOwner}: choose another`,
    )
  }
}

export function decideCreate(
  state: ProductState | null,
  command: CreateProduct,
  facts: ProductFacts,
): readonly DomainEvent<'ProductCreated'>[] {
  if (state) throw new Refusal('already_exists', `product ${facts.id} exists already`)
  const sku = command.sku ?? facts.id
  refuseTaken(sku, facts)
  const data = fieldsOf(command, sku, facts)
  refuseAccounts(data, null, facts.chart)
  return [{ type: 'ProductCreated', data }]
}

export interface UpdateProductFacts extends ProductFacts {
  readonly stock: StockState | null
}

const FIXED_BY_STOCK = ['unit', 'kind', 'stocked', 'batchTracked'] as const

export function decideUpdate(
  state: ProductState | null,
  command: UpdateProduct,
  facts: UpdateProductFacts,
): readonly DomainEvent<'ProductUpdated'>[] {
  if (!state) throw new Refusal('product_not_found', `product ${facts.id} does not exist`)
  const sku = command.sku ?? state.sku
  refuseTaken(sku, facts)
  const data = fieldsOf(command, sku, facts)
  if ((Object.keys(data) as (keyof ProductState)[]).every((key) => data[key] === state[key])) {
    throw new Refusal('nothing_changed', `product ${facts.id} has these values already`)
  }
  const changed = FIXED_BY_STOCK.find((key) => data[key] !== state[key])
  if (changed && facts.stock && facts.stock.quantity > 0n) {
    throw refuseField(
      'stock_on_hand',
      `/${changed}`,
      `${changed} of product ${facts.id} can't change while stock is on hand: bring it to zero first`,
    )
  }
  refuseAccounts(data, state, facts.chart)
  return [{ type: 'ProductUpdated', data }]
}
