/** Owns the operations of bills. */
import { productsOf } from '../kernel/lines.ts'
import type { Operation, Target } from '../kernel/operation.ts'
import { counterOf, serialOf } from '../kernel/serials.ts'
import type { Session } from '../kernel/session.ts'
import { accountsOfLines } from '../ledger/stated.ts'
import {
  type ApproveBill,
  approveBill,
  type CancelBill,
  cancelBill,
  type ChangeBillDueDate,
  changeBillDueDate,
  type CreateBill,
  createBill,
  type DisputeBill,
  disputeBill,
  type WriteOffBill,
  writeOffBill,
} from './commands.ts'
import {
  type BillFacts,
  decideApprove,
  decideCancel,
  decideCreate,
  decideDispute,
  decideDueDate,
  decideWriteOff,
  vendorInvoiceKey,
} from './decide.ts'

const numbered = (command: CreateBill) =>
  ({ kind: 'bill', given: command.billNumber, date: command.billDate }) as const

const vendorKey = ({ vendorId, vendorInvoiceNumber }: CreateBill) =>
  vendorInvoiceKey(vendorId, vendorInvoiceNumber)

const create: Operation<CreateBill> = {
  name: 'bill.create',
  summary: "Enters a vendor's bill, as a draft or approved at once",
  path: '/v1/bills',
  role: 'writer',
  aggregate: 'bill',
  creates: true,
  money: true,
  schema: createBill,
  idOf: (command) => command.id,
  accounts: ({ lines }) => accountsOfLines(lines),
  needs: ({ command }) => {
    const key = vendorKey(command)
    return {
      read: [{ type: 'vendor', id: command.vendorId }, ...productsOf(command.lines)],
      numbers: [
        ...(command.billNumber === undefined ? [] : [{ kind: 'bill', number: command.billNumber } as const]),
        ...(key === undefined ? [] : [{ kind: 'vendor-invoice', number: key } as const]),
      ],
    }
  },
  counters: (session, { command }) => counterOf(session, numbered(command)),
  decide: (session, { id, command }) =>
    decideCreate(session.state('bill', id), command, {
      ...session.facts(),
      id,
      vendor: session.state('vendor', command.vendorId) ?? undefined,
      productOf: (productId) => session.state('product', productId) ?? undefined,
      numberOwner: session.numberOwner('bill', command.billNumber),
      duplicate: session.numberOwner('vendor-invoice', vendorKey(command)),
      serial: serialOf(session, numbered(command)),
    }),
}

const factsOf = (session: Session, { id }: Target<unknown>): BillFacts => ({ ...session.facts(), id })

const approve: Operation<ApproveBill> = {
  name: 'bill.approve',
  summary: 'Makes a draft binding: from its bill date it is owed',
  path: '/v1/bills/:id/approve',
  role: 'writer',
  aggregate: 'bill',
  creates: false,
  money: true,
  schema: approveBill,
  decide: (session, target) =>
    decideApprove(session.state('bill', target.id), target.command, factsOf(session, target)),
}

const cancel: Operation<CancelBill> = {
  name: 'bill.cancel',
  summary: 'Voids a bill; what is open of it leaves the books on that day',
  path: '/v1/bills/:id/cancel',
  role: 'writer',
  aggregate: 'bill',
  creates: false,
  money: true,
  schema: cancelBill,
  needs: () => ({ allocations: true }),
  // What its payments are worth in the books without it: only a foreign currency makes a difference.
  counterparts: (session, { id }) =>
    session.state('bill', id)?.currency === session.tenant().currency
      ? []
      : session
          .allocationsOf('bill', id)
          .filter((one) => one.sourceType === 'payment')
          .map((one) => ({ type: 'payment', id: one.sourceId })),
  decide: (session, target) =>
    decideCancel(session.state('bill', target.id), target.command, factsOf(session, target)),
}

const dueDate: Operation<ChangeBillDueDate> = {
  name: 'bill.due-date',
  summary: 'Moves the due date of a bill',
  path: '/v1/bills/:id/due-date',
  role: 'writer',
  aggregate: 'bill',
  creates: false,
  money: true,
  schema: changeBillDueDate,
  decide: (session, target) =>
    decideDueDate(session.state('bill', target.id), target.command, factsOf(session, target)),
}

const dispute: Operation<DisputeBill> = {
  name: 'bill.dispute',
  summary: 'Marks a bill as disputed by us from a day on, or as settled between us',
  path: '/v1/bills/:id/dispute',
  role: 'writer',
  aggregate: 'bill',
  creates: false,
  money: true,
  schema: disputeBill,
  decide: (session, target) =>
    decideDispute(session.state('bill', target.id), target.command, factsOf(session, target)),
}

const writeOff: Operation<WriteOffBill> = {
  name: 'bill.write-off',
  summary: 'Writes off what is open of a bill, or a part: it need not be paid',
  path: '/v1/bills/:id/write-off',
  role: 'writer',
  aggregate: 'bill',
  creates: false,
  money: true,
  schema: writeOffBill,
  needs: () => ({ allocations: true }),
  decide: (session, target) =>
    decideWriteOff(session.state('bill', target.id), target.command, {
      ...factsOf(session, target),
      settlements: session.allocationsOf('bill', target.id),
    }),
}

export const billOperations: readonly Operation[] = [create, approve, cancel, dueDate, dispute, writeOff]
