/** Owns the operations of expenses. */
import { counterOf, serialOf } from '../kernel/serials.ts'
import type { Operation } from '../kernel/operation.ts'
import { type ApproveExpense, approveExpense, type RecordExpense, recordExpense } from './commands.ts'
import { decideApprove, decideRecord } from './decide.ts'

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
  needs: ({ command }) => ({
    numbers: command.expenseNumber === undefined ? [] : [{ kind: 'expense', number: command.expenseNumber }],
  }),
  counters: (session, { command }) => counterOf(session, numbered(command)),
  decide: (session, { id, command }) =>
    decideRecord(session.state('expense', id), command, {
      ...session.facts(),
      id,
      numberOwner: session.numberOwner('expense', command.expenseNumber),
      serial: serialOf(session, numbered(command)),
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

export const expenseOperations: readonly Operation[] = [record, approve]
