/** Owns the operations of expenses. */
import { counterOf, serialOf } from '../kernel/serials.ts'
import type { Operation } from '../kernel/operation.ts'
import {
  type ApproveExpense,
  approveExpense,
  type CancelExpense,
  cancelExpense,
  type RecordExpense,
  recordExpense,
} from './commands.ts'
import { decideApprove, decideCancel, decideRecord } from './decide.ts'

const numbered = (command: RecordExpense) =>
  ({ kind: 'expense', given: command.expenseNumber, date: command.expenseDate }) as const

const record: Operation<RecordExpense> = {
  name: 'expense.record',
  summary: 'Records an expense, as a draft or approved at once',
  path: '/v1/expenses',
  role: 'writer',
  aggregate: 'expense',
  creates: true,
  money: true,
  schema: recordExpense,
  idOf: (command) => command.id,
  accounts: ({ accountId, paidFromAccountId }) => [
    { pointer: '/accountId', id: accountId },
    { pointer: '/paidFromAccountId', id: paidFromAccountId },
  ],
  needs: ({ command }) => ({
    read: command.vendorId === null ? [] : [{ type: 'vendor', id: command.vendorId }],
    numbers: command.expenseNumber === undefined ? [] : [{ kind: 'expense', number: command.expenseNumber }],
  }),
  counters: (session, { command }) => counterOf(session, numbered(command)),
  decide: (session, { id, command }) =>
    decideRecord(session.state('expense', id), command, {
      ...session.facts(),
      id,
      numberOwner: session.numberOwner('expense', command.expenseNumber),
      serial: serialOf(session, numbered(command)),
      vendor:
        command.vendorId === null ? undefined : (session.state('vendor', command.vendorId) ?? undefined),
    }),
}

const approve: Operation<ApproveExpense> = {
  name: 'expense.approve',
  summary: 'Approves an expense: by its expense date it counts',
  path: '/v1/expenses/:id/approve',
  role: 'writer',
  aggregate: 'expense',
  creates: false,
  money: true,
  schema: approveExpense,
  decide: (session, { id, command }) =>
    decideApprove(session.state('expense', id), command, { ...session.facts(), id }),
}

const cancel: Operation<CancelExpense> = {
  name: 'expense.cancel',
  summary: 'Takes an expense back from a day on',
  path: '/v1/expenses/:id/cancel',
  role: 'writer',
  aggregate: 'expense',
  creates: false,
  money: true,
  schema: cancelExpense,
  decide: (session, { id, command }) =>
    decideCancel(session.state('expense', id), command, { ...session.facts(), id }),
}

export const expenseOperations: readonly Operation[] = [record, approve, cancel]
