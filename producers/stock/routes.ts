/** Owns the operation of stock: one movement of one product. Answers with the product's id and its stock's version. */
import type { Operation } from '../kernel/operation.ts'
import { type RecordMovement, recordMovement } from './commands.ts'
import { decideMovement } from './decide.ts'

const record: Operation<RecordMovement> = {
  name: 'stock-movement.record',
  summary: 'Records a movement of stock: receipt, issue, return, transfer or adjustment',
  path: '/v1/stock-movements',
  location: '/v1/products',
  role: 'writer',
  aggregate: 'stock',
  // Not a creation: an equal movement sent twice is two movements, unless its key or movementId says otherwise.
  creates: false,
  money: true,
  schema: recordMovement,
  idOf: (command) => command.productId,
  needs: ({ id, command }) => ({
    // Locked, not only read: a product's unit and batches don't change while its stock does.
    lock: [{ type: 'product', id }],
    ...(command.movementId === undefined
      ? {}
      : { numbers: [{ kind: 'stock-movement', number: command.movementId }] }),
  }),
  decide: (session, { id, command }) =>
    decideMovement(session.state('stock', id), command, {
      ...session.facts(),
      product: session.state('product', id),
      version: (session.aggregate('stock', id)?.version ?? 0) + 1,
      movementOwner: session.numberOwner('stock-movement', command.movementId),
    }),
}

export const stockOperations: readonly Operation[] = [record]
