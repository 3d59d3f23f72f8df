/** Owns the operations of targets. */
import type { Operation } from '../kernel/operation.ts'
import { type SetTarget, setTarget, type WithdrawTarget, withdrawTarget } from './commands.ts'
import { decideSet, decideWithdraw, targetId } from './decide.ts'

const set: Operation<SetTarget> = {
  name: 'target.set',
  summary: 'Sets the target of a measure over a period, or sets it anew',
  path: '/v1/targets',
  role: 'writer',
  aggregate: 'target',
  creates: true,
  overwrites: true,
  money: false,
  schema: setTarget,
  idOf: targetId,
  decide: (session, { id, command }) => decideSet(session.state('target', id), command, session.facts()),
}

const withdraw: Operation<WithdrawTarget> = {
  name: 'target.withdraw',
  summary: 'Withdraws a target',
  path: '/v1/targets/:id/withdraw',
  role: 'writer',
  aggregate: 'target',
  creates: false,
  money: false,
  schema: withdrawTarget,
  decide: (session, { id }) => {
    session.tenant()
    return decideWithdraw(session.state('target', id), id)
  },
}

export const targetOperations: readonly Operation[] = [set, withdraw]
