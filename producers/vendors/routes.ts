/** Owns the operations of vendors. */
import type { Operation } from '../kernel/operation.ts'
import { type CreateVendor, createVendor, type UpdateVendor, updateVendor } from './commands.ts'
import { decideCreate, decideUpdate } from './decide.ts'

const create: Operation<CreateVendor> = {
  name: 'vendor.create',
  summary: 'Creates a vendor; its TIN is mandatory',
  path: '/v1/vendors',
  role: 'writer',
  aggregate: 'vendor',
  creates: true,
  money: false,
  schema: createVendor,
  idOf: (command) => command.id,
  needs: ({ id, command }) => ({ numbers: [{ kind: 'vendor', number: command.vendorNumber ?? id }] }),
  decide: (session, { id, command }) =>
    decideCreate(session.state('vendor', id), command, {
      ...session.facts(),
      id,
      numberOwner: session.numberOwner('vendor', command.vendorNumber ?? id),
    }),
}

const update: Operation<UpdateVendor> = {
  name: 'vendor.update',
  summary: 'Replaces all fields of a vendor',
  path: '/v1/vendors/:id/update',
  role: 'writer',
  aggregate: 'vendor',
  creates: false,
  money: false,
  schema: updateVendor,
  needs: ({ command }) =>
    command.vendorNumber === undefined ? {} : { numbers: [{ kind: 'vendor', number: command.vendorNumber }] },
  decide: (session, { id, command }) =>
    decideUpdate(session.state('vendor', id), command, {
      ...session.facts(),
      id,
      numberOwner: session.numberOwner('vendor', command.vendorNumber),
    }),
}

export const vendorOperations: readonly Operation[] = [create, update]
