/** Owns the operations of customers. */
import type { Operation } from '../kernel/operation.ts'
import { type CreateCustomer, createCustomer, type UpdateCustomer, updateCustomer } from './commands.ts'
import { decideCreate, decideUpdate } from './decide.ts'

const create: Operation<CreateCustomer> = {
  name: 'customer.create',
  summary: 'Creates a customer',
  path: '/v1/customers',
  role: 'writer',
  aggregate: 'customer',
  creates: true,
  money: false,
  schema: createCustomer,
  idOf: (command) => command.id,
  needs: ({ id, command }) => ({ numbers: [{ kind: 'customer', number: command.customerNumber ?? id }] }),
  decide: (session, { id, command }) =>
    decideCreate(session.state('customer', id), command, {
      ...session.facts(),
      id,
      numberOwner: session.numberOwner('customer', command.customerNumber ?? id),
    }),
}

const update: Operation<UpdateCustomer> = {
  name: 'customer.update',
  summary: 'Replaces all fields of a customer',
  path: '/v1/customers/:id/update',
  role: 'writer',
  aggregate: 'customer',
  creates: false,
  money: false,
  schema: updateCustomer,
  needs: ({ command }) =>
    command.customerNumber === undefined
      ? {}
      : { numbers: [{ kind: 'customer', number: command.customerNumber }] },
  decide: (session, { id, command }) =>
    decideUpdate(session.state('customer', id), command, {
      ...session.facts(),
      id,
      numberOwner: session.numberOwner('customer', command.customerNumber),
    }),
}

export const customerOperations: readonly Operation[] = [create, update]
