/** Owns the operations of products. */
import type { Operation } from '../kernel/operation.ts'
import { type CreateProduct, createProduct, type UpdateProduct, updateProduct } from './commands.ts'
import { decideCreate, decideUpdate } from './decide.ts'

const create: Operation<CreateProduct> = {
  name: 'product.create',
  summary: 'Creates a product',
  path: '/v1/products',
  role: 'writer',
  aggregate: 'product',
  creates: true,
  money: false,
  ledger: 'posts',
  schema: createProduct,
  idOf: (command) => command.id,
  needs: ({ id, command }) => ({ numbers: [{ kind: 'product', number: command.sku ?? id }] }),
  decide: (session, { id, command }) =>
    decideCreate(session.state('product', id), command, {
      ...session.facts(),
      id,
      chart: session.chart(),
      skuOwner: session.numberOwner('product', command.sku ?? id),
    }),
}

const update: Operation<UpdateProduct> = {
  name: 'product.update',
  summary: 'Replaces all fields of a product',
  path: '/v1/products/:id/update',
  role: 'writer',
  aggregate: 'product',
  creates: false,
  money: false,
  ledger: 'posts',
  schema: updateProduct,
  needs: ({ id, command }) => ({
    // Movements lock the product: none is under way once we hold it, and a first one before us is seen.
    readAfterLocks: [{ type: 'stock', id }],
    ...(command.sku === undefined ? {} : { numbers: [{ kind: 'product', number: command.sku }] }),
  }),
  decide: (session, { id, command }) =>
    decideUpdate(session.state('product', id), command, {
      ...session.facts(),
      id,
      chart: session.chart(),
      skuOwner: session.numberOwner('product', command.sku),
      stock: session.state('stock', id),
    }),
}

export const productOperations: readonly Operation[] = [create, update]
